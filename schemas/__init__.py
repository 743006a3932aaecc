"""Definitions of the records: Python classes, JSON Schemas, Elasticsearch templates, SQLite tables.

Imports no other package of the project.
"""
