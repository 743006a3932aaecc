"""What a newcomer sees: the program with no arguments at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.http_server import Answer

if TYPE_CHECKING:
    from tests.e2e.conftest import Program


def test_the_first_run_shows_something_real(program: Program) -> None:
    ran = program("run", COLUMNS="200")
    assert ran.code == 0, ran.err
    for heading in ("Articles", "Stories", "Alerts", "Try next", "wirepicket search HIMARS", "var/archive"):
        assert heading in ran.out
    alerts = {one["rule_id"]: one for one in program.exported("alerts")}
    assert {"himars", "f16-block-70"} <= alerts.keys()
    assert alerts["himars"]["matches"][0]["sentence"].strip() in ran.out
    articles = {one["id"]: one for one in program.exported("articles")}
    stories = program.exported("stories")
    assert any(len(article["copies"]) >= 2 for article in articles.values())
    rewritten = [
        story for story in stories if sum(articles[one]["canonical_id"] == one for one in story["article_ids"]) > 1
    ]
    assert rewritten, "two desks' reports of one event are one story without being copies"
    assert len(stories) > len(rewritten) + 3

    again = program("run", "--json")
    assert (again.code, again.summary["new"], again.summary["alerts"]) == (0, 0, 0)

    # What the first run says to try next.
    found = program("search", "HIMARS")
    assert found.code == 0
    assert "HIMARS" in found.out
    story = alerts["himars"]["story_id"]
    assert story in program("stories").out
    shown = program("show", story)
    assert "independent" in shown.out
    assert articles[alerts["himars"]["article_id"]]["title"] in shown.out
    several = rewritten[0]
    lead, second, *_ = articles[several["id"]]["body"].split("\n\n")
    timeline, article = program("show", several["id"]).out, program("show", several["id"], "--article").out
    assert lead in timeline
    assert second not in timeline
    assert all(one in timeline and articles[one]["source"] in timeline for one in several["article_ids"])
    assert lead in article
    assert second in article
    assert not any(line != line.rstrip() for out in (timeline, article) for line in out.splitlines())
    assert alerts["himars"]["rule_id"] in program("alerts").out
    assert program("show", alerts["himars"]["id"]).code == 0
    assert program("rules", "check").code == 0
    page = program("report")
    assert (page.code, page.out[:15]) == (0, "<!doctype html>")
    assert all(f">{one}<" in page.out for one in ("himars", "f16-block-70"))
    status = program("status", "--json")
    assert status.code == 0
    assert status.lines[0]["runs"][0]["new"] == len(articles)


def test_rules_can_be_tried_on_a_text(program: Program) -> None:
    ran = program(
        "rules", "test", "The first F\N{NON-BREAKING HYPHEN}16 Blk. 70 landed at noon.", "--rule", "f16-block-70"
    )
    assert ran.code == 0
    assert "F\N{NON-BREAKING HYPHEN}16 Blk. 70" in ran.out
    assert "No rule matches" in program("rules", "test", "Nothing of interest happened.").out


def test_results_go_to_standard_output_and_all_else_to_standard_error(program: Program) -> None:
    ran = program("run", "--json")
    assert ran.summary["articles"] > 0
    assert ran.err == ""


def test_settings_come_from_the_file_and_the_environment(program: Program) -> None:
    (program.folder / "wirepicket.toml").write_text('home = "elsewhere"\nindex_prefix = "mine"\n')
    assert program("run", "--json").code == 0
    assert (program.folder / "elsewhere" / "archive").is_dir()
    assert program("export", "articles").out
    assert program("export", "articles", WIREPICKET_HOME="third").out == ""


def test_secrets_are_not_said(program: Program) -> None:
    secret = "s3cr3t-passphrase"
    (program.folder / "rules.yaml").write_text("- id: one\n  query: HIMARS\n  notify: [desk]\n")
    (program.folder / "wirepicket.toml").write_text(f'[channels]\ndesk = ["json://user:{secret}@127.0.0.2:9/x"]\n')
    ran = program("run", "--rules", "rules.yaml", WIREPICKET_API_KEY=secret)
    assert "desk" in ran.err  # the channel is said to have failed
    (program.folder / "a.txt").write_text("A title\n\nText.")
    away = program("run", "--seeds", "a.txt", "--store", f"http://elastic:{secret}@127.0.0.2:9")
    assert away.code == 3
    for text in (ran.out, ran.err, away.out, away.err):
        assert secret not in text
    for path in (program.folder / "var").rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


def test_alerts_are_delivered_to_channels(program: Program, web: object) -> None:
    from tests.http_server import WebServer

    assert isinstance(web, WebServer)
    web.routes["/hook"] = Answer(b"ok")
    (program.folder / "rules.yaml").write_text("- id: one\n  query: HIMARS\n  notify: [desk, stdout]\n")
    host = web.url.removeprefix("http://")
    (program.folder / "wirepicket.toml").write_text(f'[channels]\ndesk = ["json://{host}/hook?method=GET"]\n')
    ran = program("run", "--rules", "rules.yaml")
    assert ran.code == 0, ran.err
    assert web.requests["/hook"] == 1
    assert {one["state"] for one in program.exported("alerts")} == {"delivered"}


def test_the_example_never_gets_among_anything_else(program: Program) -> None:
    configured = program("run", "--store", "sqlite:///mine.db", COLUMNS="200")
    assert configured.code == 0, configured.err
    assert "sqlite:///mine.db is not changed: the example uses a home folder of its own, /" in configured.err
    assert not (program.folder / "mine.db").exists()
    assert not (program.folder / "var").exists()
    (apart,) = {line.split("--store ")[1].split()[0] for line in configured.out.splitlines() if "--store " in line}
    assert "HIMARS" in program("search", "HIMARS", "--store", apart).out

    (program.folder / "a.txt").write_text("The only article\n\nIt has a text of a few words, all its own.")
    assert program("run", "--seeds", "a.txt").code == 0
    before = program.exported("articles")
    again = program("run", "--json")
    assert (again.code, again.summary["new"] > 10) == (0, True)
    assert "is not changed" in again.err
    assert program.exported("articles") == before


def test_only_what_is_new_or_has_changed_is_told(program: Program) -> None:
    (program.folder / "rules.yaml").write_text(
        "- {id: rockets, query: HIMARS AND port, severity: low}\n- {id: shields, query: NASAMS, severity: critical}\n"
    )
    texts = {
        "one": "HIMARS launchers were unloaded. The port was closed for it all of Tuesday.",
        "two": "A NASAMS battery was moved.",
    }
    for number, (name, text) in enumerate(texts.items()):
        words = " ".join(
            f"{name}{word}".capitalize() for word in ("alder", "birch", "cedar", "maple", "rowan", "hazel")
        )
        (program.folder / f"{name}.txt").write_text(f"Headline {name} {words}\n\n{text} {words} {number}.")
    ran = program("run", "--rules", "rules.yaml", "one.txt")
    assert "“HIMARS launchers were unloaded.”" in ran.out
    assert "“The port was closed for it all of Tuesday.”" in ran.out
    ran = program("run", "--rules", "rules.yaml", "one.txt", "two.txt")
    assert ran.code == 0, ran.err
    assert "critical  " in ran.out
    assert "Headline one" not in ran.out
    assert "seed:two.txt" in ran.out
    assert "outlet" in ran.out
    ran = program("run", "--rules", "rules.yaml", "one.txt", "two.txt")
    assert ran.out.startswith("Nothing new.\n")
    (program.folder / "none.txt").write_bytes(b"")
    ran = program("run", "none.txt", "one.txt", "--rules", "rules.yaml")
    assert ran.code == 1
    assert ran.out.startswith("Nothing new in the inputs that could be read.\n")
    ran = program("replay", "--rules", "rules.yaml", "--json")
    assert {name: ran.summary[name] for name in ("articles", "new", "revised", "alerts")} == {
        "articles": 2,
        "new": 0,
        "revised": 0,
        "alerts": 0,
    }
    other = program("replay", "--rules", "rules.yaml", "--store", "sqlite:///other.db", "--json")
    assert other.summary["new"] == 2
