"""Delivery of outbox messages to their channels, at least once; a failing channel does not delay the others."""
