"""A module for each command or group of commands: options in, results out. The work is done elsewhere."""
