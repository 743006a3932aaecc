"""The equipment gazetteer: weapon systems and their names.

A name that is also a common word (*Patriot*, *Sparrow*) is listed as ambiguous: it names the system only if it is
capitalised and a word of its context is near (``contexts`` of the file, by category).
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.errors import ConfigurationError
from pipelines.rules.tokens.normalise import name_key

DEFAULT_FILE = Path(__file__).with_name("gazetteer.yaml")


class _Entry(BaseModel):
    """A weapon system in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    name: str = Field(min_length=1, max_length=100)
    aliases: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    category: str
    country: str = Field(pattern=r"^[A-Z]{2}(/[A-Z]{2})*$")
    maker: str | None = None
    source: str = Field(min_length=5)


class _File(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contexts: dict[str, tuple[str, ...]]
    systems: tuple[_Entry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> _File:
        owners: dict[str, str] = {}
        seen: set[str] = set()
        for entry in self.systems:
            if entry.id in seen:
                raise ValueError(f"system '{entry.id}' is listed twice")
            seen.add(entry.id)
            if entry.category not in self.contexts:
                raise ValueError(
                    f"system '{entry.id}': category '{entry.category}' has no words in contexts; "
                    f"expected one of {', '.join(sorted(self.contexts))}"
                )
            names = () if entry.name in entry.ambiguous else (entry.name,)
            for name in (*names, *entry.aliases, *entry.ambiguous):
                key = name_key(name)
                if not key:
                    raise ValueError(f"system '{entry.id}': '{name}' has no letter or digit")
                if name in entry.ambiguous:
                    continue
                owner = owners.setdefault(key, entry.id)
                if owner != entry.id:
                    raise ValueError(f"'{name}' names both '{owner}' and '{entry.id}'; list it as ambiguous")
        return self


@dataclass(frozen=True, slots=True)
class System:
    """A weapon system."""

    id: str
    name: str
    aliases: tuple[str, ...]
    """Names that need no context, including ``name`` unless that is ambiguous."""
    ambiguous: tuple[str, ...]
    """Names that need context."""
    category: str
    country: str
    """ISO 3166-1 alpha-2 code of the maker's country; joint products: ``FR/IT``."""
    maker: str | None
    source: str
    """The public reference from which the names were taken."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another name of the system that a term names."""

    text: str
    context: tuple[str, ...] = ()
    """Words of which at least one must occur nearby; empty: no context needed."""


class Gazetteer:
    """An index of weapon systems by their names."""

    def __init__(self, systems: tuple[System, ...], contexts: dict[str, tuple[str, ...]], version: str) -> None:
        """Index the systems by their normalised names."""
        self.systems = systems
        self.contexts = contexts
        self.version = version
        self._by_name: dict[str, list[System]] = {}
        for system in systems:
            for name in (*system.aliases, *system.ambiguous):
                named = self._by_name.setdefault(name_key(name), [])
                if system not in named:
                    named.append(system)

    def __reduce__(self) -> tuple[type[Gazetteer], tuple[object, ...]]:
        """Pickle the systems; the index is rebuilt on loading."""
        return type(self), (self.systems, self.contexts, self.version)

    def look_up(self, term: str) -> tuple[System, ...]:
        """Return the systems that a term may name, regardless of dashes, spaces and case."""
        return tuple(self._by_name.get(name_key(term), ()))

    def knows(self, key: str) -> bool:
        """Return whether the name of a system has this ``name_key``."""
        return key in self._by_name

    def expand(self, term: str) -> tuple[Alternative, ...]:
        """Return the other names of the system that a term names.

        A term that may name several systems (*Eagle*) is not expanded.
        """
        systems = self.look_up(term)
        if len(systems) != 1:
            return ()
        (system,) = systems
        own = name_key(term)
        context = (*self.contexts[system.category], *system.aliases)
        plain = tuple(Alternative(name) for name in system.aliases if name_key(name) != own)
        return plain + tuple(Alternative(name, context) for name in system.ambiguous if name_key(name) != own)

    def name_words(self, designator: str) -> frozenset[str]:
        """Return the alphabetic tokens of a system's names, which may follow its designator (``F-16 Fighting Falcon``).

        Tokens of up to three letters are left out.
        """
        return frozenset(
            word
            for system in self.look_up(designator)
            for name in (*system.aliases, *system.ambiguous)
            for word in name_key(name).split()
            if word.isalpha() and len(word) > 3  # noqa: PLR2004 - shorter ones are parts of designators
        )


def load_gazetteer(path: Path = DEFAULT_FILE, own: Path | None = None) -> Gazetteer:
    """Read and validate a gazetteer file, and the user's file ``own`` if there is one.

    A system of the user's file replaces the system with the same id; its contexts are added to the others.

    Raises:
        ConfigurationError: a file cannot be read or is invalid; the message names the file and the location.
    """
    raw = _read(path)
    parsed = _checked(path, _parsed(path, raw))
    if own is not None:
        more = _read(own)
        data = _parsed(own, more)
        known = {name: list(words) for name, words in parsed.contexts.items()}
        _checked(own, {**data, "contexts": {**known, **(data.get("contexts") or {})}})
        ids = {entry["id"] for entry in data["systems"]}
        kept = [entry.model_dump() for entry in parsed.systems if entry.id not in ids]
        # The user's systems come first, so that the error for a name clash mentions the user's system.
        together = {"contexts": {**known, **(data.get("contexts") or {})}, "systems": [*data["systems"], *kept]}
        parsed = _checked(own, together)
        raw += b"\0" + more
    systems = tuple(
        System(
            id=entry.id,
            name=entry.name,
            aliases=tuple(dict.fromkeys(name for name in (entry.name, *entry.aliases) if name not in entry.ambiguous)),
            ambiguous=entry.ambiguous,
            category=entry.category,
            country=entry.country,
            maker=entry.maker,
            source=entry.source,
        )
        for entry in parsed.systems
    )
    return Gazetteer(systems, parsed.contexts, hashlib.sha256(raw).hexdigest()[:12])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the gazetteer {path} cannot be read: {error.strerror}") from error


def _parsed(path: Path, raw: bytes) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = yaml.load(raw, Loader=loader)  # noqa: S506 - a safe loader, in C if available
    except yaml.YAMLError as error:
        raise ConfigurationError(f"the gazetteer {path} is not YAML: {error}") from error
    if not isinstance(data, dict):
        raise ConfigurationError(f"the gazetteer {path} has no 'systems:'; expected a list of systems under that key")
    return data


def _checked(path: Path, data: dict[str, Any]) -> _File:
    try:
        return _File.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        location = ".".join(str(part) for part in first["loc"])
        at = f" at {location}" if location else ""
        problem = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"the gazetteer {path} is wrong{at}: {problem}") from error


OWN_FILE_VARIABLE = "WIREPICKET_GAZETTEER"
"""Environment variable with the path of the user's file; worker processes read it."""


@lru_cache(maxsize=1)
def default_gazetteer() -> Gazetteer:
    """Return the gazetteer that comes with wirepicket, merged with the user's file if one is configured."""
    own = os.environ.get(OWN_FILE_VARIABLE)
    return load_gazetteer(own=Path(own) if own else None)
