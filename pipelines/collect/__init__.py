"""Bringing inputs into the archive: what is new of seeds and feeds, each capture written once.

``intake`` decides what is new and writes it, ``seeds`` and ``feeds`` offer it captures.
"""
