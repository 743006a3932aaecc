"""Where a text comes from and who had it first: agency credits, what copies made of their origin, times and trust.

All of it is told from what the store keeps, when it is asked for.
"""
