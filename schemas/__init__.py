"""What the records are: Python classes, JSON Schemas, Elasticsearch templates, SQLite tables.

Imports nothing else of ours.
"""
