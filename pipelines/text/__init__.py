"""Primitives for reading text that extraction and cleaning share: lines, names, cue words, times."""
