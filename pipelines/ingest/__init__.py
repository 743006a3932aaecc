"""Processing of a batch of captures from the archive into the store.

``refine`` processes one capture, as a pure function. ``pool`` runs it in worker processes with a hard time limit.
``batch`` writes the results.
"""
