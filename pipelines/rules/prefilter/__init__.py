"""Selection of the rules that an article may match, by the words that a match requires."""
