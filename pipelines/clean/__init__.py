"""Drops the lines of an extracted text that are not the story's. See ``pipelines.clean.cleaner``."""

from pipelines.clean.cleaner import Cleaned, clean

__all__ = ["Cleaned", "clean"]
