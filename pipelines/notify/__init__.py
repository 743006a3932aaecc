"""Delivery: what the outbox holds goes to its channels, at least once, a failing one not holding up the others."""
