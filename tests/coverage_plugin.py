"""Plugin of coverage.py that lets worker processes save what was measured in them before they are killed.

The program ends its workers with SIGKILL, after which nothing can be written. Under coverage ``kill`` first waits for
the process to leave by itself, then asks it to end (coverage.py saves upon SIGTERM), and only then kills it. Without
coverage this module is not loaded. It must not import anything of the program: what is imported before the
measurement begins counts as not run.
"""

from __future__ import annotations

from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coverage.plugin_support import Plugins

GRACE_SECONDS = 2.0
"""How long a process may take to save; far longer than it needs, on a busy machine too."""
_KILL = BaseProcess.kill


def _save_and_kill(process: BaseProcess) -> None:
    process.join(GRACE_SECONDS)
    if process.is_alive():
        process.terminate()
        process.join(GRACE_SECONDS)
    _KILL(process)


def coverage_init(reg: Plugins, options: dict[str, str]) -> None:  # noqa: ARG001 - the signature is coverage.py's
    """Replace ``kill`` of processes. coverage.py calls this where a measurement begins, in a forked process again."""
    BaseProcess.kill = _save_and_kill  # type: ignore[assignment]
