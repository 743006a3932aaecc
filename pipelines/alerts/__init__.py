"""The life of an alert: from matches of rules in a story to the messages that are sent.

``decide`` makes the alerts of a story. ``updates`` finds the escalations and edits of an alert that exists.
``outbox_moves`` moves unsent messages when stories merge or split. ``messages`` writes the messages, and ``policy``
says when they may be sent. ``health`` reports rules without recent matches, ``quotes`` selects the sentences to quote,
and ``former`` resolves ids of alerts that merged.
"""
