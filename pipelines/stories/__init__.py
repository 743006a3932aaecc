"""The same event in different words: what two articles have in common beyond their wording.

``features`` makes the vectors of an article, ``model`` says how alike two of them are.
``pipelines.grouping`` turns that into stories.
"""
