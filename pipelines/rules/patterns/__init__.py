"""Patterns over tokens for the terms of a query, and the gazetteer of weapon systems that expands them."""
