"""Collection of inputs into the archive: the new captures of seeds and feeds, each written once.

``intake`` decides which captures are new and writes them; ``seeds`` and ``feeds`` offer captures to it.
"""
