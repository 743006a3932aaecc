"""The query language of rules: syntax tree, checks of its nodes, parser."""
