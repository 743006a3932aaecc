"""A check for a configured Prefect server that does not import Prefect, which takes two seconds."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path


def prefect_configured() -> bool:
    """Return whether Prefect has a server, by its environment variable or the active profile."""
    if os.environ.get("PREFECT_API_URL"):
        return True
    home = Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect"))
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml"))
    try:
        settings = tomllib.loads(profiles.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return False
    active = os.environ.get("PREFECT_PROFILE") or settings.get("active")
    profile = settings.get("profiles", {}).get(active, {})
    return isinstance(profile, dict) and bool(profile.get("PREFECT_API_URL"))
