"""Near-identical texts: what a copy is, told from fingerprints alone.

``fingerprint`` makes the shingles and winnowed keys of a text, ``common`` says which keys are an outlet's
boilerplate, ``similarity`` compares two texts. ``pipelines.grouping`` turns the similarities into groups.
"""
