"""Feeds over HTTP from a server on loopback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.http_server import Answer
from tests.synthetic import prose

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Program
    from tests.http_server import WebServer


def test_pages_are_fetched_once_and_feeds_asked_conditionally(program: Program, web: WebServer, tmp_path: Path) -> None:
    for name in ("one", "two"):
        web.page(
            f"/{name}",
            f"Report number {name} from the yard",
            "\n\n".join(prose(ord(name[0]) + n, 60) for n in range(3)),
        )
    feed = web.feed("/feed", [("/one", "Report one", "Short."), ("/two", "Report two", "Short.")], etag='"v1"')
    (tmp_path / "feeds.txt").write_text(f"{feed}\n")
    first = program("run", "--feeds", "feeds.txt", "--json")
    assert first.code == 0, first.err
    assert first.summary["new"] == 2
    articles = {one["url"]: one for one in program.exported("articles")}
    assert articles[f"{web.url}/one"]["published"] == "2026-06-01T08:00:00Z"
    assert articles[f"{web.url}/one"]["published_from"] == "feed"
    assert articles[f"{web.url}/one"]["source"] == "Example Wire"
    second = program("run", "--feeds", "feeds.txt", "--json")
    assert second.summary["new"] == 0
    # robots.txt is asked for once, before the first page, and remembered.
    assert web.requests == {"/feed": 2, "/one": 1, "/two": 1, "/robots.txt": 1}

    # The feed changes: only what is new in it is fetched.
    web.page("/three", "Report number three from the yard", prose(9, 120))
    web.feed("/feed", [("/two", "Report two, edited", "Short."), ("/three", "Report three", "Short.")], etag='"v2"')
    third = program("run", "--feeds", "feeds.txt", "--json")
    assert third.summary["new"] == 1
    assert web.requests == {"/feed": 3, "/one": 1, "/two": 1, "/three": 1, "/robots.txt": 1}
    assert program("status").code == 0


def test_what_cannot_be_fetched_is_said_and_the_rest_goes_on(program: Program, web: WebServer, tmp_path: Path) -> None:
    web.page("/good", "A report that is there", prose(5, 120))
    good = web.feed(
        "/feed", [("/good", "Good", "Short."), ("/gone", "Minister opens the HIMARS depot", "Short text of it.")]
    )
    web.routes["/page"] = Answer(b"<!doctype html><html><body><p>Welcome to us</p></body></html>")
    web.routes["/broken"] = Answer(b"\x00\x01\x02 rubbish")
    lines = [good, f"{web.url}/page", f"{web.url}/broken", f"{web.url}/missing"]
    (tmp_path / "feeds.txt").write_text("\n".join(lines))
    ran = program("run", "--feeds", "feeds.txt", "--json")
    assert ran.code == 1
    quarantined = {
        (one["url"].removeprefix(web.url), one["stage"], one["reason"]) for one in program.exported("quarantine")
    }
    assert quarantined == {
        ("/page", "feed", "html"),
        ("/broken", "feed", "not_a_feed"),
        ("/missing", "fetch", "http_404"),
        ("/gone", "fetch", "http_404"),
    }
    for path in ("/page", "/broken", "/missing", "/gone"):
        assert f"{web.url}{path}: " in ran.err
    # The headline of the page that is gone is kept, since the feed had it.
    articles = {one["url"].removeprefix(web.url): one for one in program.exported("articles")}
    assert set(articles) == {"/good", "/gone"}
    assert articles["/gone"]["title"] == "Minister opens the HIMARS depot"
    status = program("status")
    assert status.code == 1
    assert f"{web.url}/missing: 1 times in a row: http_404" in status.out


def test_an_article_is_followed_from_its_feed_entry_to_its_alert(
    program: Program, web: WebServer, tmp_path: Path
) -> None:
    web.page("/one", "Report from the yard", f"{prose(1, 120)} A HIMARS launcher was seen.")
    feed = web.feed("/feed", [("/one", "Report one", "Short.")])
    (tmp_path / "feeds.txt").write_text(f"{feed}\n")
    (tmp_path / "rules.yaml").write_text("- {id: rockets, query: HIMARS}\n")
    assert program("run", "--feeds", "feeds.txt", "--rules", "rules.yaml").code == 0
    (article,) = program.exported("articles")
    trail = json.loads(program("show", article["id"], "--lineage", "--json").out)
    (captured,) = trail["captures"]
    listed = captured["origin"].pop("listed_at")
    assert listed <= captured["fetched_at"]
    assert captured["origin"] == {"feed_url": feed, "entry_id": f"{web.url}/one", "published": "2026-06-01T08:00:00Z"}
    assert (captured["url"], captured["status"], captured["missing"]) == (f"{web.url}/one", 200, None)
    assert (tmp_path / "var" / "archive" / captured["archive_record"].partition("@")[0]).exists()
    assert (trail["canonical_id"], trail["story_id"]) == (article["id"], article["story_id"])
    (alert,) = trail["alerts"]
    assert (alert["rule_id"], alert["by_this_article"]) == ("rockets", True)
    assert [(one["channel"], one["delivered_at"] is not None) for one in alert["told"]] == [("log", True)]

    shown = program("show", article["id"], "--lineage").out
    told = [line.split()[0] for line in shown.splitlines()[1:] if not line.startswith(" ")]
    assert told == ["feed", "captured", "article", "copy", "story", "alert", "message"]

    for path in (tmp_path / "var" / "archive").glob("*.warc.gz"):
        path.unlink()
    pruned = json.loads(program("show", article["id"], "--lineage", "--json").out)
    assert pruned["captures"][0]["missing"].startswith("archive_file_missing")
    assert program("show", "0" * 32, "--lineage").code == 2


def test_an_opml_seed_is_fetched(program: Program, web: WebServer, tmp_path: Path) -> None:
    web.page("/one", "The only report there is", prose(5, 120))
    feed = web.feed("/feed", [("/one", "One", "Short.")])
    (tmp_path / "list.opml").write_text(f'<opml version="2.0"><body><outline xmlUrl="{feed}"/></body></opml>')
    ran = program("run", "--seeds", "list.opml", "--json")
    assert ran.summary["new"] == 1, ran.err


def test_private_addresses_need_leave(program: Program, web: WebServer) -> None:
    feed = web.feed("/feed", [("/one", "One", "Short.")])
    ran = program("run", "--feeds", feed, "--json", WIREPICKET_ALLOW_NETS="")
    assert ran.code == 1
    assert "private_address" in ran.err
    assert not web.requests


def test_health_of_feeds_is_shown(program: Program, web: WebServer, tmp_path: Path) -> None:
    web.page("/one", "A report that is there", prose(5, 120))
    feed = web.feed("/feed", [("/one", "One", "Short.")])
    web.routes["/old"] = Answer(status=410)
    listed = f'[[feeds]]\nurl = "{feed}"\nsource = "My Wire"\n[[feeds]]\nurl = "{web.url}/old"\n'
    (tmp_path / "feeds.toml").write_text(listed)
    assert program("run", "--feeds", "feeds.toml", "--json").code == 1
    assert [one["source"] for one in program.exported("articles")] == ["My Wire"]
    requests = dict(web.requests)
    checked = program("feeds", "check", "feeds.toml", "--offline", "--json")
    assert checked.code == 1
    health = {one["url"].removeprefix(web.url): one for one in json.loads(checked.out)}
    assert health["/old"]["health"] == "retired"
    assert health["/old"]["events"][0]["change"] == "retired"
    assert health["/feed"]["entries"] == 1
    assert web.requests == requests, "offline asks nobody"
    assert f"{web.url}/old: retired" in program("status").out
    # The feed that is gone comes back: a check sees it; runs left it alone.
    web.feed("/old", [("/one", "One", "Short.")])
    table = program("feeds", "check", "feeds.toml")
    assert web.requests["/old"] == requests["/old"] + 1
    assert f"{web.url}/feed" in table.out
    program("run", "--feeds", "feeds.toml", "--json")
    assert web.requests["/old"] == requests["/old"] + 1
    assert json.loads(program("feeds", "revive", "feeds.toml", "--json").out)["revived"] == [f"{web.url}/old"]
    assert f"revived  {web.url}/old" in program("status").out
    program("run", "--feeds", "feeds.toml", "--json")
    assert web.requests["/old"] == requests["/old"] + 3


def test_what_the_list_says_of_pages_is_archived_and_replayed(program: Program, web: WebServer, tmp_path: Path) -> None:
    story = "".join(f"<p>{prose(number, 30)}</p>" for number in (1, 2))
    other = "".join(f"<p>{prose(number, 60)}</p>" for number in (3, 4, 5))
    page = f"<!doctype html><html lang=en><body><h1>A title</h1><div>{other}</div><div id=s>{story}</div></body></html>"
    web.routes["/one"] = Answer(page.encode(), headers={"Content-Type": "text/html"})
    feed = web.feed("/feed", [("/one", "The title in the feed", "Short.")])
    listed = f'[[feeds]]\nurl = "{feed}"\nbody = "#s"\nlanguage = "de"\ntrust = "feed"\n'
    (tmp_path / "feeds.toml").write_text(listed)
    assert program("run", "--feeds", "feeds.toml", "--json").code == 0
    (article,) = program.exported("articles")
    assert article["title"] == "The title in the feed"
    assert article["language"] == "de"
    assert article["body"] == f"{prose(1, 30)}\n\n{prose(2, 30)}"
    program("replay", "--store", "sqlite:///new.db", "--json")
    assert program.exported("articles", "--store", "sqlite:///new.db") == [article]


def test_feed_lists_are_discovered_imported_and_exported(program: Program, web: WebServer, tmp_path: Path) -> None:
    feed = web.feed("/news/rss.xml", [("/one", "One", "Short.")])
    head = '<link rel="alternate" type="application/rss+xml" href="/news/rss.xml"><link rel="alternate" href="/de">'
    web.routes["/"] = Answer(f"<!doctype html><html><head>{head}</head><body>Hello</body></html>".encode())
    found = program("feeds", "discover", f"{web.url}/", "--json")
    assert [one["url"] for one in json.loads(found.out)] == [feed]
    (tmp_path / "other.txt").write_text(f"{feed}\nhttps://b.example/rss\n")
    assert program("feeds", "import", "other.txt", "--to", "mine.toml").code == 0
    again = program("feeds", "import", "other.txt", "--to", "mine.toml", "--json")
    assert json.loads(again.out) == {"added": 0, "feeds": 2}
    exported = program("feeds", "export", "mine.toml", "--form", "opml").out
    assert f'xmlUrl="{feed}"' in exported
    assert program("feeds", "import", "other.txt", "--to", "mine.doc").code == 2
    assert program("feeds", "check", "nowhere.opml").code == 2


def test_one_source_is_replayed(program: Program, web: WebServer, tmp_path: Path) -> None:
    web.page("/one", "The only report there is", prose(5, 120))
    feed = web.feed("/feed", [("/one", "One", "Short.")])
    (tmp_path / "other.txt").write_text(f"Another report from elsewhere\n\n{prose(9, 120)}")
    program("run", "--feeds", feed, "--seeds", "other.txt", "--json")
    before = program.exported("articles")
    assert len(before) == 2
    replayed = program("replay", "--source", "Example Wire", "--store", "sqlite:///new.db", "--json")
    assert replayed.code == 0, replayed.err
    assert replayed.summary["new"] == 1
    assert [one["url"] for one in program.exported("articles", "--store", "sqlite:///new.db")] == [f"{web.url}/one"]
    program("replay", "--json")
    assert program.exported("articles") == before


def test_a_wall_in_place_of_the_article_and_a_broken_list(program: Program, web: WebServer, tmp_path: Path) -> None:
    wall = (
        "We and our partners store personal data on your device. By selecting accept you enable tracking technologies."
    )
    web.page("/one", "Before you continue", wall)
    told = "The second HIMARS battery has reached the northern range, the ministry said."
    feed = web.feed("/feed", [("/one", "Second HIMARS battery reaches the range", told)])
    outlines = f'<outline text="Sea & Air"><outline text="Wire" xmlUrl="{feed}"/><outline xmlUrl="ftp://x.example/f"/>'
    (tmp_path / "list.opml").write_text(f'<opml version="1.0"><body>{outlines}</outline></body></opml>')
    (tmp_path / "rules.yaml").write_text("- {id: rockets, query: HIMARS}\n")
    ran = program("run", "--feeds", "list.opml", "--rules", "rules.yaml", "--json")
    assert (ran.code, ran.summary["alerts"]) == (1, 1), ran.err
    assert "repaired: list.opml: not well-formed XML" in ran.err
    assert "left out: list.opml: feed 2: 'ftp://x.example/f'" in ran.err
    (article,) = program.exported("articles")
    assert (article["title"], article["body"]) == ("Second HIMARS battery reaches the range", told)
    assert [one["reason"] for one in program.exported("quarantine")] == ["not_the_article"]
    assert program("feeds", "import", "list.opml", "--to", "mine.toml").code == 1
    assert 'tags = ["Sea & Air"]' in (tmp_path / "mine.toml").read_text()
