"""Sets of pinned jars: their lock files with SHA-256 digests, and their installation.

The lock file of a set lists every jar. ``python -m pipelines.lock_jars`` makes it from the root coordinates. It is
checked in, so that a start neither resolves dependencies nor trusts a repository's current content.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.backoff import doubled
from pipelines.errors import ConfigurationError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_ATTEMPTS = 4
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 4.0  # seconds
_TIMEOUT = 60  # seconds without a response from the repository
_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned jar."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Name of the file in Maven repositories."""
        return f"{self.artifact}-{self.version}.jar"

    def __str__(self) -> str:
        """Return the Maven coordinate."""
        return f"{self.group}:{self.artifact}:{self.version}"


def _lib(_jar: Jar) -> str:
    return "lib"


@dataclass(frozen=True, slots=True, kw_only=True)
class JarSet:
    """The jars of one program."""

    program: str
    """Name of the program in messages."""
    extra: str
    """The extra of this package that can fetch the jars."""
    roots: tuple[str, ...]
    """Maven coordinates of the program; all other jars are their dependencies."""
    lock_file: Path
    folder_of: Callable[[Jar], str] = _lib
    """Function that returns the folder of a jar in the program's home."""

    def locked(self) -> tuple[Jar, ...]:
        """Return the jars of the lock file: lines of ``SHA256  GROUP:ARTIFACT:VERSION``; ``#`` begins a comment."""
        jars = []
        for line in self.lock_file.read_text(encoding="utf-8").splitlines():
            if not line or line.startswith("#"):
                continue
            digest, coordinate = line.split()
            group, artifact, version = coordinate.split(":")
            jars.append(Jar(group=group, artifact=artifact, version=version, sha256=digest))
        return tuple(jars)

    def lock_text(self, jars: Iterable[Jar]) -> str:
        """Return the text of the lock file of these jars."""
        head = f"# The jars of {self.roots[0]} and what it needs, made by: python -m pipelines.lock_jars\n"
        return head + "".join(f"{jar.sha256}  {jar}\n" for jar in jars)

    def install(self, folder: Path, jars: Iterable[Jar] | None = None) -> None:
        """Install exactly these jars in ``folder``, each verified; fetch those that are missing or damaged.

        Without ``jars``, install those of the lock file. A jar is moved into its folder after its digest is verified,
        so that an interrupted installation can be repeated.

        Raises:
            ConfigurationError: jars are missing and the extra that can fetch them is not installed.
            StoreUnavailableError: a jar could not be fetched, or its digest is not the pinned one.
        """
        pinned = self.locked() if jars is None else jars
        wanted = {folder / self.folder_of(jar) / jar.file_name: jar for jar in pinned}
        for home in {path.parent for path in wanted}:
            for stray in set(home.glob("*.jar")) - wanted.keys():
                stray.unlink(missing_ok=True)
        missing = [(path, jar) for path, jar in wanted.items() if digest_of(path) != jar.sha256]
        if not missing:
            return
        # Imported here rather than in the threads, so that a missing extra is reported once and at once.
        self._maven()
        for path, _ in missing:
            path.parent.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            list(pool.map(lambda item: self._fetch(item[1], item[0]), missing))

    def resolve(self) -> tuple[Jar, ...]:
        """Return the jars of ``roots`` and all dependencies, with the digests of the repository's current files."""
        with tempfile.TemporaryDirectory() as cache:
            context = self._context(Path(cache))
            inputs, others = context.resolver.resolve([context.create_dependency(root) for root in self.roots])
            jars = []
            for dependency in (*inputs, *others):
                artifact = dependency.artifact
                digest = digest_of(Path(artifact.resolve()))
                assert digest is not None
                jars.append(
                    Jar(
                        group=artifact.groupId,
                        artifact=artifact.artifactId,
                        version=artifact.version,
                        sha256=digest,
                    )
                )
        return tuple(sorted(jars, key=str))

    def _maven(self) -> Any:  # noqa: ANN401 - jgo ships no types that mypy may rely on
        """Return jgo's Maven module, which resolves in pure Python, without Maven or Java."""
        try:
            import jgo.maven  # noqa: PLC0415 - part of an optional extra
        except ImportError as error:
            raise ConfigurationError(
                f"{self.program} needs the extra {self.extra}: pip install '{self.extra}'."
            ) from error
        return jgo.maven

    def _context(self, cache: Path) -> Any:  # noqa: ANN401 - as above
        """Return a context over ``cache``, with the repositories of the user's jgo settings before the default one."""
        maven = self._maven()
        from jgo.config import GlobalSettings  # noqa: PLC0415 - part of an optional extra

        mirrors = GlobalSettings.load().repositories
        context = maven.MavenContext(resolver=maven.PythonResolver(), repo_cache=cache, timeout=_TIMEOUT)
        # A mirror with the name of the default repository replaces it; others come before it.
        context.remote_repos = mirrors | {
            name: url for name, url in context.remote_repos.items() if name not in mirrors
        }
        return context

    def _fetch(self, jar: Jar, target: Path) -> None:
        problem = "there was no attempt"
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(doubled(_FIRST_PAUSE, _LONGEST_PAUSE, attempt))
            # A new folder for each attempt: a partial file must not be used as a cached file.
            with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as cache:
                try:
                    project = self._context(Path(cache)).project(jar.group, jar.artifact)
                    fetched = Path(project.at_version(jar.version).artifact().resolve())
                except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
                    problem = str(error)
                    continue
                if digest_of(fetched) == jar.sha256:
                    fetched.replace(target)
                    return
                problem = "its SHA-256 is not the pinned one"
        raise StoreUnavailableError(
            f"Could not fetch {jar} for {self.program}: {problem}. "
            "Check that the network reaches a Maven repository (a mirror can be named in the [repositories] section "
            "of jgo's settings file) and try again; jars already fetched are kept."
        )


def digest_of(path: Path) -> str | None:
    """Return the SHA-256 of a file, hexadecimal; ``None`` if there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
