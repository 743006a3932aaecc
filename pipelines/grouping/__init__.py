"""From fingerprints to copy groups and stories.

``linkage`` makes groups from similarities, ``settle`` brings in as much of what is remembered as they depend on,
``grounds`` says what copies and stories are compared by, ``regroup`` goes from a set of new or changed fingerprints to
what that changes (pure: what is remembered comes in, what changed goes out), ``changes`` tells merges and splits,
``apply`` writes it all to a store, ``horizon`` forgets what has been quiet for long.
"""
