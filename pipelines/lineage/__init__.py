"""The lineage of texts: agency credits, first publication, copies, excerpts, and histories of articles and groups.

All of it is derived from the store on request.
"""
