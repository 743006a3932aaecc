"""Similarity of texts, computed from fingerprints alone: copies of one text, and reports of one event.

``fingerprint`` makes the shingles and winnowed keys of a text. ``boilerplate`` finds the keys that an outlet prints
under many titles. ``copies`` compares wordings. ``story_features`` makes the vectors of an article, and ``same_event``
estimates whether two articles report the same event. ``ragged`` and ``sparse_rows`` provide their shared array types.
``pipelines.grouping`` turns the similarities into groups.
"""
