"""Alerts, from matches of rules in a story to messages in the outbox.

``decide`` makes the alerts of a story. ``updates`` finds the escalations and edits of an alert that exists.
``outbox_moves`` moves unsent messages when stories merge or split. ``messages`` writes the messages; ``policy`` decides
on their channels and throttles. ``health`` reports rules without recent matches, ``quotes`` selects the sentences to
quote, ``former`` resolves ids of alerts that merged, and ``preview`` tries rules on stored articles.
"""
