"""Module that the process which forks the workers imports once: it loads all code and data that they share."""

from __future__ import annotations

import py3langid

from pipelines.ingest.refine import refine
from pipelines.likeness.story_features import rarity
from pipelines.rules.patterns.gazetteer import default_gazetteer

__all__ = ["refine"]

py3langid.classify("Load the model.")
rarity("word", "en")
default_gazetteer()
