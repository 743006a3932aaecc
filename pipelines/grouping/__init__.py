"""From fingerprints to copy groups and stories.

``linkage`` makes groups from similarities, ``regroup`` decides which groups and stories a set of new or
changed fingerprints touches and recomputes them (pure: what is remembered comes in, what changed goes out),
``changes`` tells merges and splits, ``apply`` writes it all to a store, ``horizon`` forgets what has been quiet for
long.
"""
