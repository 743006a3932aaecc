"""Alert rules: the query language, the normalised tokens, the equipment gazetteer, the matcher, the life of an alert.

``normalise`` makes the tokens which every consumer of a rule sees; ``query`` parses a rule; ``patterns`` turns
its terms into patterns over tokens; ``matcher`` decides in the process; ``compilers`` write the same query for
SQLite and Elasticsearch; ``rules`` reads rule files; ``alerting`` makes alerts of matches.
"""
