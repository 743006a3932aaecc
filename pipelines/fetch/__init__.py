"""Getting feeds and pages over HTTP.

``client`` fetches: bounded in size and time, over connections that ``guard`` keeps from private addresses, at the
pace of ``pacing`` and ``robots``, by the settings of ``policy``. ``feeds`` reads feed documents (``sitemap`` the
news sitemaps among them), ``feed_state`` says what an answer means for a feed's future, ``sources`` and ``opml`` read
and write feed lists, ``discover`` finds a site's feeds. ``barriers`` tells what stands in place of an article.
"""
