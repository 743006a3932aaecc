"""Removal of boilerplate lines from extracted texts. See ``pipelines.clean.cleaner``."""

from pipelines.clean.cleaner import Cleaned, clean

__all__ = ["Cleaned", "clean"]
