"""Getting feeds and pages over HTTP.

``client`` fetches (bounded in size and time, no private addresses), ``feeds`` reads feed documents,
``opml`` reads feed lists.
"""
