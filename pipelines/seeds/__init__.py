"""Seed files: articles, pages, archives and feeds on disk."""
