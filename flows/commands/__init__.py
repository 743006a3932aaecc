"""One module a command (or group of them): options in, results out; what is done stands elsewhere."""
