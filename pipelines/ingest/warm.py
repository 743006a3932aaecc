"""Imported once by the process that forks the workers: everything they need is loaded, and shared by them."""

from __future__ import annotations

import py3langid

from pipelines.alerts.gazetteer import default_gazetteer
from pipelines.ingest.refine import refine
from pipelines.stories.features import rarity

__all__ = ["refine"]

py3langid.classify("Load the model.")
rarity("word", "en")
default_gazetteer()
