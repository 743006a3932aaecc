"""Grouping of fingerprints into copy groups and stories.

``linkage`` makes groups from similarities. ``clustering`` loads as much of the memory as new groups depend on.
``criteria`` defines how copies and stories are compared. ``regroup`` computes the changes that new or changed
fingerprints cause; it is pure. ``changes`` derives merges and splits, ``apply`` writes the results to a store,
``backfill`` applies rules to stored articles, and ``horizon`` forgets stories without recent articles.
"""
