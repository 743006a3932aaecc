"""Retrieval of feeds and pages over HTTP.

``client`` fetches addresses, bounded in size and time, according to the settings of ``policy``; ``guard`` refuses
private addresses, ``pacing`` and ``robots`` set the pace. ``feeds`` reads feed documents (``sitemap`` reads news
sitemaps). ``feed_state`` updates the state of a feed after each request. ``feed_list`` and ``opml`` read feed lists,
``sources`` writes them. ``discover`` finds the feeds of a site. ``interstitials`` detects pages that a server sends
instead of the article.
"""
