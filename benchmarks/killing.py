"""Work in a process of its own that is killed with SIGKILL after a time.

The process is forked, so whatever is imported is there and the work is under way at once. Whoever calls this must have
no threads of its own.
"""

from __future__ import annotations

import os
import signal
import time
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def killed_after(seconds: float, work: Callable[[], object]) -> bool:
    """Kill it after some seconds; whether it came to its end before.

    Raises:
        RuntimeError: the work failed by itself.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001 - it ends here in any case
            traceback.print_exc()
        finally:
            os._exit(code)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        time.sleep(min(0.005, seconds))
    else:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("the work failed by itself")
    return os.WIFEXITED(status)
