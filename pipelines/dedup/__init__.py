"""Near-identical texts: what a copy is, told from fingerprints alone.

``fingerprint`` makes the shingles and winnowed keys of a text, ``common`` says which keys are an outlet's
boilerplate, ``similarity`` compares texts, with the arrays of ``ragged`` and ``rows``. ``pipelines.grouping`` turns the
similarities into groups.
"""
