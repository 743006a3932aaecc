"""One batch of captures on its way from the archive into the store.

``refine`` is the whole way of one capture as a pure function, ``pool`` runs it in worker processes with a hard
time limit, ``batch`` writes what came out.
"""
