"""Alert rules and the matcher.

In order of use: ``tokens`` makes the normalised tokens that every consumer of a rule sees. ``language`` parses a query.
``patterns`` turns the terms of a query into patterns over tokens, with the gazetteer of weapon systems. ``prefilter``
selects the rules that an article may match. ``windows`` and ``evaluate`` decide whether it matches, and ``matcher``
combines these steps. ``compilers`` translate a query for SQLite and Elasticsearch. ``rule_file`` reads rule files,
``checks`` tests rules on their own examples, and ``reload`` detects changes of a rule file.
"""
