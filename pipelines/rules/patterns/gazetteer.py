"""The equipment gazetteer: weapon systems and the names they go by.

A name that is also a common word (*Patriot*, *Sparrow*) is listed as ambiguous: it stands for the system only
where it is capitalised and a word of its context is near (``contexts`` of the file, by category).
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
    """A system in the file."""

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
    """Names which stand for it wherever they appear, ``name`` among them unless that is ambiguous."""
    ambiguous: tuple[str, ...]
    """Names which need context."""
    category: str
    country: str
    """ISO 3166-1 alpha-2 code of the maker's country; joint products: ``FR/IT``."""
    maker: str | None
    source: str
    """The public reference which the names were taken from."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A name which a term expands to."""

    text: str
    context: tuple[str, ...] = ()
    """One of these words must stand near; empty: none needs to."""


class Gazetteer:
    """Systems, looked up by any of their names."""

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
        """Pickle the data, index again."""
        return type(self), (self.systems, self.contexts, self.version)

    def look_up(self, term: str) -> tuple[System, ...]:
        """The systems which a term may name; dashes, spaces and case do not matter."""
        return tuple(self._by_name.get(name_key(term), ()))

    def knows(self, key: str) -> bool:
        """Whether the name of a system has this ``name_key``."""
        return key in self._by_name

    def expand(self, term: str) -> tuple[Alternative, ...]:
        """The other names of the system which a term names.

        A term which may name several systems (*Eagle*) is not expanded.
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
        """Letter tokens of the names of a system: they may stand behind its designator (``F-16 Fighting Falcon``)."""
        return frozenset(
            word
            for system in self.look_up(designator)
            for name in (*system.aliases, *system.ambiguous)
            for word in name_key(name).split()
            if word.isalpha() and len(word) > 3  # noqa: PLR2004 - shorter ones are parts of designators
        )


def load_gazetteer(path: Path = DEFAULT_FILE, own: Path | None = None) -> Gazetteer:
    """Read and check a gazetteer file, and the users' file on top of it.

    A system of the users' file takes the place of one with the same id; its contexts are added to the others.

    Raises:
        ConfigurationError: a file cannot be read or is wrong; the message says where.
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
        # Its own systems first, so that a clash of names is told with the users' system in it.
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
        data = yaml.load(raw, Loader=loader)  # noqa: S506 - a safe loader, in C if there is one
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
        place = ".".join(str(part) for part in first["loc"])
        at = f" at {place}" if place else ""
        said = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"the gazetteer {path} is wrong{at}: {said}") from error


OWN_FILE_VARIABLE = "WIREPICKET_GAZETTEER"
"""Environment variable with the users' file: worker processes find it there."""


@lru_cache(maxsize=1)
def default_gazetteer() -> Gazetteer:
    """The gazetteer that comes with wirepicket, and the users' own on top where one is configured."""
    own = os.environ.get(OWN_FILE_VARIABLE)
    return load_gazetteer(own=Path(own) if own else None)
