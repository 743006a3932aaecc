"""Alerts and the gazetteer by the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.conftest import Program


def test_a_system_of_ones_own_is_looked_up_added_and_used(program: Program) -> None:
    known = json.loads(program("gazetteer", "look-up", "M-142", "--json").out)
    assert [system["id"] for system in known] == ["himars"]
    assert program("gazetteer", "look-up", "KST-9").code == 1

    add = ("gazetteer", "add", "Kestrel 9", "--category", "drone", "--country", "US", "--source", "a made-up maker")
    assert program(*add, "--alias", "KST-9").code == 2  # no file of one's own is named
    (program.folder / "wirepicket.toml").write_text('gazetteer = "own.yaml"\n', encoding="utf-8")
    assert "rules use it from now on" in program(*add, "--alias", "KST-9", "--file", "own.yaml").out
    again = program(*add, "--alias", "F-16", "--id", "other")
    assert again.code == 2
    assert "own.yaml" in again.err

    assert program("gazetteer", "check").code == 0
    assert json.loads(program.process("gazetteer", "look-up", "kst 9", "--json").out)[0]["name"] == "Kestrel 9"
    (program.folder / "rules.yaml").write_text("- {id: kestrel, query: KST-9}\n", encoding="utf-8")
    hits = json.loads(program.process("rules", "test", "A Kestrel 9 came down.", "--rules", "rules.yaml", "--json").out)
    assert [hit["matches"][0]["form"] for hit in hits] == ["Kestrel 9"]


def article(number: int, title: str, text: str, published: str) -> str:
    own = [f"{syllable}{number * 'a'}{end}" for syllable in ("bor", "kel", "mus", "tri") for end in ("do", "ne", "sk")]
    words = " ".join(f"{one.capitalize()} {two} {three}." for one in own for two in own[:4] for three in own[5:7])
    told = {"url": f"https://news.example/{number}", "source": f"Outlet {number}", "published": published}
    return json.dumps({**told, "title": title, "text": f"{text}\n\n{words}"})


def test_alerts_are_listed_acknowledged_and_muted_and_rules_previewed(program: Program) -> None:
    recent = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    lines = [
        article(1, "Launchers for the north", "The first HIMARS launchers have arrived.", recent),
        article(2, "New shield over the coast", "Two S-400 batteries were delivered.", recent),
        article(3, "A museum opens its doors", "Old M142 launchers were shown.", "2020-05-01T12:00:00Z"),
    ]
    (program.folder / "seeds.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (program.folder / "rules.yaml").write_text(
        "- {id: rockets, query: HIMARS}\n- {id: shields, query: S-400}\n", encoding="utf-8"
    )
    ran = program("run", "--seeds", "seeds.jsonl", "--rules", "rules.yaml", "--json")
    assert ran.summary["alerts"] == 3

    listed = program("alerts", "--json").lines
    assert listed == program("alerts", "list", "--json").lines
    assert {one["state"] for one in listed} == {"delivered"}
    rockets = [one["id"] for one in program("alerts", "list", "--rule", "rockets", "--json").lines]
    assert len(rockets) == 2
    assert program("alerts", "ack", rockets[0]).code == 0
    assert [one["state"] for one in program("alerts", "mute", rockets[1], "--json").lines] == ["muted"]
    states = {one["id"]: one["state"] for one in program.exported("alerts")}
    assert [states[one] for one in rockets] == ["acknowledged", "muted"]
    assert [one["id"] for one in program("alerts", "list", "--state", "muted", "--json").lines] == [rockets[1]]
    assert "HIMARS" in program("alerts", "show", *rockets).out
    wrong = program("alerts", "ack", rockets[1], "no-such-alert")
    assert (wrong.code, "no-such-alert" in wrong.err) == (2, True)
    assert {one["id"]: one["state"] for one in program.exported("alerts")} == states
    # States outlive a further run, which sends nothing.
    assert program("run", "--seeds", "seeds.jsonl", "--rules", "rules.yaml", "--json").summary["alerts"] == 0
    assert {one["id"]: one["state"] for one in program.exported("alerts")} == states

    ran = program("rules", "preview", "rockets", "--rules", "rules.yaml", "--json")
    assert ran.code == 0, ran.err
    known = json.loads(ran.out)
    assert (known["stories"], known["articles"]) == (1, 1)
    assert known["examples"][0]["matches"][0]["form"] == "HIMARS"
    older = json.loads(program("rules", "preview", "HIMARS OR S-400", "--since", "9999d", "--json").out)
    assert (older["stories"], older["articles"]) == (3, 3)
    assert program("rules", "preview", "HIMARS", "--since", "soon").code == 2
    assert "\n  (HIMARS\n  ^ this '(' is not closed" in program("rules", "preview", "(HIMARS").err
    by_prefix = program("rules", "preview", "rocket", "--rules", "rules.yaml").err
    assert "'rocket' means the rule 'rockets'" in by_prefix
    assert "no rule of rules.yaml has the id 'rock'" in program("rules", "preview", "rock", "--rules", "rules.yaml").err
    assert program("rules", "format", "((HIMARS drone))").out == "HIMARS AND drone\n"


def test_a_rule_says_what_it_lacks(program: Program) -> None:
    (program.folder / "rules.yaml").write_text(
        "- {id: head, query: 'title:HIMARS', notify: [stdout, desk]}\n- {id: wire, query: 'source:Reuters HIMARS'}\n",
        encoding="utf-8",
    )
    assert "head: its channel 'desk' is not configured" in program("rules", "check", "rules.yaml").out
    as_text = program("rules", "test", "HIMARS arrive", "--rules", "rules.yaml").out
    assert as_text.startswith("No rule matches.\nhead would match it as a headline")
    assert "\nwire would match it" in as_text
    as_headline = program("rules", "test", "--title", "HIMARS arrive", "--rules", "rules.yaml", "--source", "Reuters")
    assert as_headline.out.startswith("head\n")
    assert "would match" not in as_headline.out


def test_every_error_of_a_rule_file_is_told_and_status_sums_rules_up(program: Program) -> None:
    (program.folder / "broken.yaml").write_text(
        "- {id: one, query: HIMARS AND}\n"
        "- {id: two, query: M270, tests: {match: [nothing]}}\n"
        "- {id: two, query: S-400}\n",
        encoding="utf-8",
    )
    ran = program("rules", "check", "broken.yaml")
    assert ran.code == 2
    assert [line.split(":")[2] for line in ran.err.splitlines()] == ["1", "3"]
    assert "should match: nothing" in ran.out
    assert ran.out.endswith("1 rule that can be read in broken.yaml, 1 with failing examples, 2 errors\n")
    told = json.loads(program("rules", "check", "broken.yaml", "--json").out)
    assert [one.get("rule_id") or one["line"] for one in told] == ["two", 1, 3]
    assert program("run", "--rules", "broken.yaml").code == 2

    many = "".join(f"- {{id: rule-{number}, query: HIMARS{number}}}\n" for number in range(30))
    (program.folder / "many.yaml").write_text(f"{many}- {{id: desk, query: x, notify: [nowhere]}}\n", encoding="utf-8")
    status = program("status", "--rules", "many.yaml").out
    assert "rules       31 in many.yaml\n" in status
    assert "31 without an alert so far\n" in status
    assert "desk: its channel 'nowhere' is not configured" in status
    assert "rule-7" not in status
    assert len(json.loads(program("status", "--rules", "many.yaml", "--json").out)["rule_health"]) == 31


def sent(program: Program) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (program.folder / "var" / "alerts.jsonl").read_text().splitlines()]


def test_the_life_of_an_alert(program: Program) -> None:
    def run(*lines: str) -> int:
        (program.folder / "seeds.jsonl").write_text("\n".join(lines), encoding="utf-8")
        ran = program("run", "--seeds", "seeds.jsonl", "--rules", "rules.yaml", "--json")
        assert ran.code == 0, ran.err
        return int(ran.summary["alerts"])

    (program.folder / "rules.yaml").write_text(
        "- {id: rockets, query: HIMARS OR M270}\n- {id: shields, query: S-400}\n", encoding="utf-8"
    )
    old = "2026-01-05T08:00:00Z"
    assert run(article(1, "Launchers for the north", "The first HIMARS launchers have arrived.", old)) == 1
    (late,) = sent(program)
    assert (late["kind"], late["published"], late["matched_at"] > late["published"]) == ("new", old, True)

    # The outlet changes its text: one term more for one rule, a first one for the other.
    text = "The first HIMARS launchers have arrived, and an M270. An S-400 battery was seen."
    assert run(article(1, "Launchers for the north", text, old)) == 1
    further = {one["rule_id"]: one for one in sent(program)[1:]}
    assert {one["kind"] for one in further.values()} == {"edited"}
    assert further["rockets"]["id"] == late["id"]
    assert further["rockets"]["reasons"][0].endswith("added M270")
    assert further["rockets"]["message_id"] != late["message_id"]
    assert run(article(1, "Launchers for the north", text, old)) == 0
    assert len(sent(program)) == 3
    shown = program("alerts", "show", late["id"]).out
    assert f"published {old}, matched " in shown
    assert "edited to log" in shown

    # A new store from the archive: the alerts are there, marked, and nothing is sent unless that is asked for.
    again = ("replay", "--rules", "rules.yaml", "--store", "sqlite:///again.db")
    assert program(*again).code == 0
    assert len(sent(program)) == 3
    listed = program("alerts", "--store", "sqlite:///again.db", "--json").lines
    assert {one["state"] for one in listed} == {"new"}
    assert "new, by replay" in program("alerts", "show", late["id"], "--store", "sqlite:///again.db").out
    assert program(*again, "--notify").code == 0
    assert [one["origin"] for one in sent(program)[3:]] == ["replay", "replay"]
    assert program(*again, "--notify").code == 0
    assert len(sent(program)) == 5

    # A rule that is new learns of the past.
    (program.folder / "more.yaml").write_text("- {id: arrivals, query: arrived}\n", encoding="utf-8")
    past = ("rules", "backfill", "--rules", "more.yaml", "--since", "2026-01-01", "--json")
    assert json.loads(program(*past).out) == {"articles": 1, "matching": 1, "alerts": 1}
    assert len(sent(program)) == 5
    assert json.loads(program(*past, "--notify").out)["alerts"] == 1
    assert [(one["rule_id"], one["origin"]) for one in sent(program)[5:]] == [("arrivals", "backfill")]
    assert program("rules", "backfill", "--rules", "more.yaml", "--rule", "none").code == 2
    told = json.loads(program("status", "--rules", "more.yaml", "--json").out)
    assert [(one["rule_id"], one["alerts"]) for one in told["rule_health"]] == [("arrivals", 0)]


def test_a_throttle_holds_back_what_is_printed_and_not_what_is_logged(program: Program) -> None:
    (program.folder / "rules.yaml").write_text(
        "- {id: rockets, query: HIMARS, notify: [stdout], throttle: {per: rule, window: 30d}}\n", encoding="utf-8"
    )
    printed = []
    for number, title in enumerate(("Launchers for the north", "A museum opens its doors"), start=1):
        text = article(number, title, "Two HIMARS launchers were seen.", f"2026-0{number}-05T08:00:00Z")
        (program.folder / "seeds.jsonl").write_text(text, encoding="utf-8")
        ran = program("run", "--seeds", "seeds.jsonl", "--rules", "rules.yaml")
        assert ran.code == 0, ran.err
        printed.append("[medium] rockets: " in ran.out)
    assert printed == [True, False]
    assert len(sent(program)) == 2
    ran = program("alerts", "deliver", "--rules", "rules.yaml", "--json")
    assert json.loads(ran.out) == {"sent": 0, "failed": 0, "waiting": 1}
    (held,) = program("alerts", "list", "--state", "new", "--json").lines
    assert "new to stdout: waits until 20" in program("alerts", "show", held["id"]).out
    assert program("alerts", "ack", held["id"]).code == 0
    assert json.loads(program("alerts", "deliver", "--json").out)["waiting"] == 0


def test_a_further_article_is_printed_under_the_title_its_alert_began_with(program: Program) -> None:
    (program.folder / "rules.yaml").write_text("- {id: rockets, query: HIMARS AND launcher}\n", encoding="utf-8")
    text = "Two M142 launchers, and a HIMARS launcher more, were seen."
    first = json.loads(article(1, "Launchers for the north", text, "2026-01-05T08:00:00Z"))
    further = {**first, "url": "https://post.example/1", "source": "Post", "published": "2026-01-05T09:00:00Z"}
    for told in (first, further):
        (program.folder / "seeds.jsonl").write_text(json.dumps(told), encoding="utf-8")
        ran = program("run", "--seeds", "seeds.jsonl", "--rules", "rules.yaml")
        assert ran.code == 0, ran.err
    assert "2026-01-05 08:00  rockets  Launchers for the north  [delivered]" not in ran.out
    assert "2026-01-05 09:00  rockets  Launchers for the north  [delivered]" in ran.out  # by the one that joined it
    assert "Outlet 1, Post: 2 outlets, 1 independent" in ran.out
    assert "https://post.example/1" in ran.out
    assert "2 articles; alert" in ran.out
    listed = program("alerts").out
    assert listed.startswith("medium    2026-01-05 08:00  rockets  Launchers for the north  [delivered]\n")
    # A sentence is quoted once, with all that matched in it.
    (alert,) = program("alerts", "--json").lines
    shown = program("alerts", "show", alert["id"]).out
    assert shown.count(text) == 2
    assert shown.count("matched: M142 (for HIMARS), launchers (for launcher), HIMARS, launcher\n") == 2
    tested = program("rules", "test", "HIMARS launchers, and a HIMARS", "--rules", "rules.yaml").out
    assert tested.endswith("matched: HIMARS, launchers (for launcher)\n")


def alerts(program: Program, *filters: str) -> list[str]:
    ran = program("alerts", "list", "--json", *filters)
    assert ran.code == 0, ran.err
    return [one["rule_id"] for one in ran.lines]


def test_alerts_are_filtered_named_by_a_prefix_and_acknowledged_together(program: Program) -> None:
    lines = [
        article(1, "Launchers for the north", "The first HIMARS launchers have arrived.", "2026-05-01T08:00:00Z"),
        article(2, "New shield over the coast", "Two S-400 batteries were delivered.", "2026-05-02T08:00:00Z"),
    ]
    (program.folder / "seeds.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (program.folder / "rules.yaml").write_text(
        "- {id: rockets, query: HIMARS, severity: low}\n- {id: shields, query: S-400, severity: critical}\n",
        encoding="utf-8",
    )
    ran = program("run", "--seeds", "seeds.jsonl", "--rules", "rules.yaml", COLUMNS="200")
    told = [line for line in ran.out.splitlines() if "[delivered]" in line]
    assert [line.split()[0] for line in told] == ["critical", "low"]
    assert alerts(program, "--severity", "critical") == ["shields"]
    assert sorted(alerts(program, "--severity", "critical", "--severity", "low")) == ["rockets", "shields"]
    assert alerts(program, "--source", "outlet 1") == ["rockets"]
    assert sorted(alerts(program, "--source", "news.example")) == ["rockets", "shields"]
    assert alerts(program, "--since", "2999-01-01") == []
    assert len(alerts(program, "--since", "1h")) == 2
    assert alerts(program, "--rule", "shield") == ["shields"]
    (rocket,) = program("alerts", "list", "--rule", "rockets", "--json").lines
    assert rocket["id"] in program("alerts", "show", rocket["id"][:6]).out
    assert program("show", rocket["id"][:6]).code == 0
    assert program("show", rocket["article_id"][:8]).code == 0
    assert program("stories", rocket["story_id"][:6]).code == 0
    short = program("alerts", "show", rocket["id"][:5])
    assert (short.code, "give at least 6 characters" in short.err) == (2, True)
    assert program("alerts", "ack").code == 2
    assert program("alerts", "ack", "--rule", "rockets").out == "1 alert acknowledged\n"
    assert program("alerts", "ack", "--all").out == "1 alert acknowledged\n"
    assert program("alerts", "ack", "--all").out == "0 alerts acknowledged\n"
    assert program("alerts", "ack", "--rule", "other").code == 2


def test_an_id_that_was_sent_leads_to_the_alert_whatever_became_of_its_story(program: Program) -> None:
    (program.folder / "rules.yaml").write_text("- {id: rockets, query: HIMARS OR M270}\n", encoding="utf-8")
    text = "The first HIMARS launchers have arrived."
    later = json.loads(article(1, "Launchers for the north", text, "2026-01-05T08:00:00Z"))
    earlier = {**later, "url": "https://post.example/1", "source": "Post", "published": "2026-01-05T07:00:00Z"}
    for told in (later, earlier):
        (program.folder / "seeds.jsonl").write_text(json.dumps(told), encoding="utf-8")
        assert program("run", "--seeds", "seeds.jsonl", "--rules", "rules.yaml").code == 0
    old = sent(program)[0]["id"]
    (alert,) = program.exported("alerts")
    assert alert["id"] != old
    for given in (old, old[:6]):
        ran = program("alerts", "show", given, "--json")
        assert [one["id"] for one in ran.lines] == [alert["id"]]
        assert f"alert {old} continues as {alert['id']}" in ran.err
    assert f"known before as {old}" in program("show", old).out
    assert program("alerts", "ack", old).code == 0
    assert program.exported("alerts")[0]["state"] == "acknowledged"

    # More comes to it: it is opened again, and what is sent quotes what came.
    more = f"An M270 was seen as well.\n\n{later['text']}"
    joined = {**later, "url": "https://third.example/1", "source": "Third", "text": more}
    (program.folder / "seeds.jsonl").write_text(json.dumps(joined), encoding="utf-8")
    ran = program("run", "--seeds", "seeds.jsonl", "--rules", "rules.yaml")
    assert ran.code == 0, ran.err
    assert program.exported("alerts")[0]["state"] == "escalated"
    assert "[escalated]" in ran.out
    message = sent(program)[-1]
    assert (message["kind"], message["reasons"]) == ("escalated", ["new term: M270"])
    (news,) = message["news"]
    assert (news["url"], news["source"]) == ("https://third.example/1", "Third")
    assert "An M270 was seen as well." in news["sentences"]
    assert program("alerts", "ack", old).code == 0
    assert program.exported("alerts")[0]["state"] == "acknowledged"
