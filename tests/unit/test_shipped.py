"""What is shipped beside the code can be used as it is."""

from __future__ import annotations

import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

from flows.shipped import EXAMPLE, FEEDS, RULES, shipped
from pipelines.fetch.feed_list import read_feed_list
from pipelines.fetch.feeds import parse_feed
from pipelines.rules.checks import check_rules, load_rules
from pipelines.seeds.files import seed_files

ROOT = Path(__file__).parent.parent.parent


def test_the_feed_list_has_at_least_forty_feeds() -> None:
    feeds = read_feed_list(shipped(FEEDS).read_bytes(), FEEDS).sources
    assert len(feeds) >= 40
    assert all(feed.title and feed.url.startswith("https://") for feed in feeds)


def test_the_example_rules_pass_their_own_examples() -> None:
    rules = load_rules(shipped(RULES))
    assert {"himars", "f16-block-70"} <= {rule.id for rule in rules}
    assert all(one.ok and one.examples for one in check_rules(rules))


def test_the_example_has_several_kinds_of_seed_and_a_feed() -> None:
    kinds = {path.suffix for path in seed_files([shipped(EXAMPLE)])}
    assert kinds == {".txt", ".html", ".jsonl", ".xml"}
    feed = parse_feed((shipped(EXAMPLE) / "feed.xml").read_bytes(), "seed:feed.xml")
    assert len(feed.entries) >= 5
    assert feed.degraded is None


def test_the_wheel_holds_all_that_a_first_run_needs(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "flows/shipped/rules.yaml",
        "flows/shipped/feeds.opml",
        "flows/shipped/example/feed.xml",
        "pipelines/rules/patterns/gazetteer.yaml",
        "pipelines/text/cues.toml",
        "schemas/sqlite.sql",
        "schemas/elasticsearch/articles.json",
        "pipelines/py.typed",
    ):
        assert name in names
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)


def test_no_lock_names_an_index() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "--index-url" not in text
        assert "://" not in text.replace("https://docs", "")
        assert "--hash=sha256:" in text
