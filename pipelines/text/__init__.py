"""Reading of lines, names, cue words and times in text, shared by extraction and cleaning."""
