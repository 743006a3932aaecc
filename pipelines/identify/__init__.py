"""Which article a text is: canonical URL, id, content digest, and the merging of its revisions."""
