"""Alert rules and the matcher.

In order of use: ``tokens`` makes the normalised tokens that every consumer of a rule sees. ``language`` parses a query.
``patterns`` turns the terms of a query into patterns over tokens, with the gazetteer of weapon systems. ``prefilter``
selects the rules that an article may match. ``windows`` and ``evaluate`` decide whether it matches, and ``matcher``
puts these together. ``compilers`` translate a query for SQLite and Elasticsearch. ``rule_file`` and ``checks`` read
rule files; ``reload`` notices when they change; ``preview`` tries rules on stored articles.
"""
