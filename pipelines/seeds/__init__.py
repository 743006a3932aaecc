"""Seed files: articles, pages, archives and feeds which lie on disk."""
