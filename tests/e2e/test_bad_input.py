"""Bad input: quarantined with a reason while the rest goes on, or refused with the remedy before anything is done."""

from __future__ import annotations

import select
import socket
import socketserver
import sqlite3
import threading
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import pytest

from tests.synthetic import prose

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Program


def test_bad_seeds_go_to_quarantine_and_the_rest_goes_on(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / "good.txt").write_text(f"A title of some words\n\n{prose(1, 80)}")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "rubbish.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "rubbish.html").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (folder / "broken.jsonl").write_text(
        '{"url": "https://a.example/1", "title": "x"\n{"title": "no url", "text": "x"}\n[]\n'
    )
    (folder / "broken.jsonl.gz").write_bytes(b"this is no gzip")
    (folder / "broken.xml").write_bytes(b"<rss><channel><item>")
    (folder / "broken.warc.gz").write_bytes(b"this is no archive")
    (folder / "page.xml").write_text("<!doctype html><html><body>Hello</body></html>")
    (folder / "broken.opml").write_text("<opml><body></opml>")
    ran = program("run", "--seeds", folder, "--json")
    assert ran.code == 1, ran.err
    assert ran.summary["new"] == 1
    reasons = {one["url"]: one["reason"] for one in program.exported("quarantine")}
    assert reasons.pop("seed:rubbish.txt") == "binary"
    assert reasons == {
        "seed:empty.txt": "empty",
        "seed:rubbish.html": "image",
        "seed:broken.jsonl#1": "bad_json",
        "seed:broken.jsonl#2": "no_url",
        "seed:broken.jsonl#3": "bad_json",
        "seed:broken.jsonl.gz": "broken_gzip",
        "seed:broken.xml": "no_link",
        "seed:broken.warc.gz": "not_warc",
        "seed:page.xml": "html",
        "seed:broken.opml": "bad_opml",
    }
    for url in reasons:
        assert url in ran.err
    # They are as bad the second time, and nothing else changes.
    again = program("run", "--seeds", folder, "--json")
    assert again.code == 1
    assert again.summary["new"] == 0
    assert {one["url"] for one in program.exported("quarantine")} == {*reasons, "seed:rubbish.txt"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--seeds", "nowhere"], "nowhere: no such seed file or folder"),
        (["run", "--seeds", "rules.yaml"], "not a seed"),
        (["run", "--feeds", "nowhere.opml"], "nowhere.opml"),
        (["run", "--feeds", "bad.opml"], "not well-formed"),
        (["run", "--seeds", "a.txt", "--rules", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "--seeds", "a.txt", "--store", "ftp://somewhere"], "ftp"),
        (["run", "--seeds", "a.txt", "--runner", "NoSuchRunner"], "NoSuchRunner"),
        (["run", "--seeds", "a.txt", "--config", "nowhere.toml"], "nowhere.toml"),
        (["run", "--config", "bad.toml"], "horizon_days"),
        (["run", "--no-such-option"], "--no-such-option"),
        (["export", "everything"], "everything"),
        (["search", "HIMARS AND"], "HIMARS AND"),
        (["show", "no-such-id"], "no-such-id"),
        (["replay", "--since", "someday"], "someday"),
        (["no-such-command"], "no-such-command"),
    ],
)
def test_wrong_use_is_refused_with_the_remedy(
    program: Program, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "a.txt").write_text("A title\n\nText.")
    (tmp_path / "rules.yaml").write_text("[]")
    (tmp_path / "bad.opml").write_text("<opml>")
    (tmp_path / "bad.toml").write_text('horizon_days = "many"')
    ran = program(*arguments)
    assert ran.code == 2, ran.err
    assert said in ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert not (tmp_path / "var" / "archive").exists()


def test_a_rule_file_with_a_syntax_error_is_refused_before_anything_is_done(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A title\n\nText.")
    (tmp_path / "rules.yaml").write_text(
        "- id: one\n  query: HIMARS\n- id: two\n  query: '\"S-400\" NEAR/x delivery'\n"
    )
    ran = program("run", "--seeds", "a.txt", "--rules", "rules.yaml")
    assert ran.code == 2
    assert "rules.yaml:4:" in ran.err
    assert "expected" in ran.err
    assert not (tmp_path / "var").exists()


class Door(socketserver.ThreadingTCPServer):
    """Leads to a server on loopback, by a port of its own. While it does not stand, what connects is refused."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, target: int) -> None:
        self.target = target
        super().__init__(("127.0.0.1", port), Passage)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class Passage(socketserver.BaseRequestHandler):
    """One connection through the door."""

    def handle(self) -> None:
        assert isinstance(self.server, Door)
        with socket.create_connection(("127.0.0.1", self.server.target)) as far, suppress(OSError):
            other = {self.request: far, far: self.request}
            while True:
                for ready in select.select(list(other), [], [])[0]:
                    data = ready.recv(65_536)
                    if not data:
                        return
                    other[ready].sendall(data)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_an_unreachable_elasticsearch_loses_nothing_and_the_next_run_stores_it(
    program: Program, tmp_path: Path, elasticsearch_url: str
) -> None:
    for number, name in enumerate(("a", "b", "c")):
        (tmp_path / f"{name}.txt").write_text(f"Title number {number} of words\n\n{prose(number, 80)}")
    prefix = {"WIREPICKET_INDEX_PREFIX": f"e{uuid.uuid4().hex[:12]}"}
    port = free_port()
    store = f"http://127.0.0.1:{port}"
    for name, waiting in (("a", 1), ("b", 2)):
        ran = program("run", "--seeds", f"{name}.txt", "--store", store, **prefix)
        assert ran.code == 3
        assert f"{waiting} captures wait" in ran.err
        assert "Traceback" not in ran.err
        assert ran.out == ""
    assert program("export", "articles", "--store", store, **prefix).code == 3
    with Door(port, int(elasticsearch_url.rpartition(":")[2])):
        ran = program("run", "--seeds", "c.txt", "--json", "--store", store, **prefix)
        assert ran.code == 0, ran.err
        assert ran.summary["new"] == 3
        stored = program("export", "articles", "--store", store, **prefix).lines
        assert {one["external_id"] for one in stored} == {"a.txt", "b.txt", "c.txt"}
        assert program("status", "--store", store, **prefix).code == 0


def test_what_waits_is_stored_by_the_next_run(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"A title of some words\n\n{prose(1, 80)}")
    (tmp_path / "b.txt").write_text(f"Another title of words\n\n{prose(2, 80)}")
    database = tmp_path / "var" / "wirepicket.db"
    database.parent.mkdir()
    database.write_bytes(b"this is no database" * 1000)
    ran = program("run", "--seeds", "a.txt")
    assert ran.code == 3, ran.err
    assert "wirepicket.db" in ran.err
    database.unlink()
    ran = program("run", "--seeds", "b.txt", "--json")
    assert ran.code == 0, ran.err
    assert ran.summary["new"] == 2
    assert {one["external_id"] for one in program.exported("articles")} == {"a.txt", "b.txt"}
    assert sqlite3.connect(database).execute("PRAGMA integrity_check").fetchone() == ("ok",)
