"""A host that does not answer holds up nobody else."""

from __future__ import annotations

import signal
import subprocess
import threading
from typing import TYPE_CHECKING

import psutil

from tests.e2e.conftest import PROGRAM
from tests.http_server import Answer, WebServer
from tests.synthetic import prose

if TYPE_CHECKING:
    from tests.e2e.conftest import Program

RULES = "- {id: himars, query: HIMARS, notify: [stdout]}\n"


def test_an_alert_is_told_while_another_host_hangs(program: Program, web: WebServer) -> None:
    ended = threading.Event()

    def silent(_headers: object) -> Answer:
        ended.wait(120)
        return Answer()

    slow = web.feed("/feed", [("/hangs", "A ferry is late", "Short.")])
    web.routes["/hangs"] = silent
    (program.folder / "rules.yaml").write_text(RULES)
    with WebServer() as other:
        fast = other.feed("/feed", [("/well", "Launchers reach the range", "Short.")]).replace("127.0.0.1", "localhost")
        other.page("/well", "Launchers reach the range", f"{prose(1, 120)} A HIMARS was seen there.")
        (program.folder / "feeds.txt").write_text(f"{slow}\n{fast}\n")
        command = ["env", "--default-signal=INT", str(PROGRAM), "run", "--feeds", "feeds.txt", "--rules", "rules.yaml"]
        with (
            (program.folder / "errors").open("wb") as errors,
            subprocess.Popen(
                command, cwd=program.folder, env=program.environment, stdout=subprocess.PIPE, stderr=errors, text=True
            ) as run,
        ):
            assert run.stdout is not None
            said = iter(run.stdout.readline, "")
            assert any("himars" in line for line in said), (program.folder / "errors").read_text()
            assert web.requests["/hangs"] == 1
            assert run.poll() is None, "the other host is still waited for"
            children = psutil.Process(run.pid).children(recursive=True)
            run.send_signal(signal.SIGINT)
            assert run.wait(60) == 130
            run.stdout.read()
        ended.set()
    psutil.wait_procs(children, timeout=60)
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    # Nothing is lost or told twice: the next run goes on where this one ended.
    web.page("/hangs", "A ferry is late", prose(2, 120))
    again = program("run", "--feeds", slow, "--rules", "rules.yaml", "--json")
    assert (again.code, "himars" in again.err) == (0, False), again.err
    assert sorted(article["title"] for article in program.exported("articles")) == [
        "A ferry is late",
        "Launchers reach the range",
    ]


def test_pages_left_by_a_run_are_said_and_had_by_the_next(program: Program, web: WebServer) -> None:
    feed = web.feed("/feed", [(f"/{page}", f"Title {page}", "Short.") for page in range(5)], etag='"1"')
    for page in range(5):
        web.page(f"/{page}", f"Title {page}", f"{prose(page, 120)} A HIMARS was seen there.")
    limited = program("run", "--feeds", feed, WIREPICKET_HOST_PAGES="3")
    assert limited.code == 1
    assert "2 pages left for a later run" in limited.err
    assert program("run", "--feeds", feed).code == 0
    assert [article["revision"] for article in program.exported("articles")].count(2) == 2
