"""Normalised tokens of articles and queries."""
