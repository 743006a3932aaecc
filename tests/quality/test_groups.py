"""Floors for copy groups and stories, on the shipped example and on syndication simulated over it.

The bigger measurements, on other people's texts, are ``benchmarks.duplicates`` and ``benchmarks.stories``.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from flows.shipped import EXAMPLE, shipped
from pipelines.fetch.feeds import parse_feed
from pipelines.identify.article import fingerprint
from pipelines.ingest.refine import refine
from pipelines.rules.matcher import Matcher
from pipelines.seeds.files import seed_files
from pipelines.seeds.read import read_seed
from schemas.records import ArticleContent, Capture, MediaKind
from tests.quality.floors import at_least
from tests.synthetic import DAY, DictMemory, content

LATER = datetime(2026, 6, 7, tzinfo=UTC)
"""After all that the example tells of: a date later than the fetching is not believed."""

OUTLETS = tuple(f"Outlet {number}" for number in range(7))
HEAD = (
    "Get the {outlet} morning letter with everything that moved overnight in your inbox before breakfast. We pass "
    "your address on to nobody and you can leave the list whenever you like."
)
TAIL = (
    "{outlet} is read by professionals in forty countries. You may quote short passages of this page if you name us "
    "and set a link. Our desk is glad of hints and answers each of them. All our reports on this matter, a chronology "
    "and the maps are kept in a dossier which subscribers find on the start page."
)


@pytest.fixture(scope="module")
def example() -> list[ArticleContent]:
    """Contents of the articles in the shipped example, those of its feed included."""
    matcher = Matcher(())
    folder = shipped(EXAMPLE)
    captures = [item for path in seed_files([folder]) for item in read_seed(path, LATER) if isinstance(item, Capture)]
    feed = parse_feed((folder / "feed.xml").read_bytes(), "seed:feed.xml")
    captures += [
        Capture(url=str(entry.link), fetched_at=LATER, kind=MediaKind.FEED_ENTRY, body=b"", entry=entry)
        for entry in feed.entries
    ]
    return [refine(capture, matcher).content for capture in captures]


def canonical_ids(contents: list[ArticleContent]) -> DictMemory:
    memory = DictMemory()
    memory.take([fingerprint(one, DAY) for one in contents])
    return memory


def test_the_example_has_the_groups_and_stories_that_it_was_written_with(example: list[ArticleContent]) -> None:
    memory = canonical_ids(example)
    titles = {one.article_id: one.title or "" for one in example}
    groups: dict[str, set[str]] = {}
    stories: dict[str, set[str]] = {}
    for article_id, entry in memory.entries.items():
        groups.setdefault(entry.canonical_id, set()).add(titles[article_id])
        stories.setdefault(entry.story_id, set()).add(titles[article_id])
    copied = [members for members in groups.values() if len(members) > 1]
    assert len(copied) == 1
    assert len(copied[0]) >= 3
    assert all("launchers" in title for title in copied[0])
    told_twice = [members for members in stories.values() if len(members) > 1 and members != copied[0]]
    assert len(told_twice) == 1
    assert len(told_twice[0]) == 2
    assert all("Norland" in title for title in told_twice[0])


def syndicated(contents: list[ArticleContent], chance: random.Random) -> tuple[list[ArticleContent], list[str]]:
    """Each text as four outlets carry it, and the text that each comes from."""
    made, labels = [], []
    for number, original in enumerate(contents):
        paragraphs = original.body.split("\n\n")
        other = contents[(number + 5) % len(contents)].body.split("\n\n")
        middle = max(1, len(paragraphs) // 2)
        new_lead = "A spokesman for the ministry would not add to what had been said before. " * 2
        variants = (
            paragraphs,
            paragraphs[:middle],
            [new_lead.strip(), *paragraphs[1:]],
            [part for at, part in enumerate(paragraphs) if at == 0 or chance.random() < 0.7],
            [*paragraphs, *other[: max(1, len(other) // 3)]],
        )
        for kind, body in enumerate(variants):
            outlet = chance.choice(OUTLETS)
            framed = [HEAD.format(outlet=outlet), *body, TAIL.format(outlet=outlet)] if chance.random() < 0.6 else body
            title = (
                original.title if chance.random() < 0.6 else f"What is known so far, part {number} of {kind} {outlet}"
            )
            made.append(
                content(
                    f"{number}-{kind}",
                    "\n\n".join(framed),
                    title=title,
                    source=outlet,
                    published=DAY + timedelta(hours=chance.randint(0, 72)),
                )
            )
            labels.append(original.article_id)
    return made, labels


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_simulated_syndication(example: list[ArticleContent], seed: int) -> None:
    # The agency copies of the example are one text already: one of them is enough.
    memory = canonical_ids(example)
    originals = [one for one in example if memory.entries[one.article_id].canonical_id == one.article_id]
    made, labels = syndicated(originals, random.Random(seed))
    placed = canonical_ids(made)
    found = [placed.entries[one.article_id].canonical_id for one in made]
    pairs = list(combinations(range(len(made)), 2))
    together = {pair for pair in pairs if found[pair[0]] == found[pair[1]]}
    true = {pair for pair in pairs if labels[pair[0]] == labels[pair[1]]}
    precision, recall = len(together & true) / len(together), len(together & true) / len(true)
    at_least("pairs of copies, precision", precision, 0.98)
    at_least("pairs of copies, recall", recall, 0.9)


VISIT = (
    "The commander of the Varonian air force has spent four days in Washington in the hope of buying fighter jets and "
    "air defence missiles, two months after Varonia lost eleven aircraft over the Sarn valley.\n\n"
    "General Teodor Malkin is the first air chief of his country to visit the Pentagon in nine years. He met the head "
    "of the American air force and members of two committees of Congress, and asked for F-16 Block 70 aircraft and "
    "HIMARS launchers, officials in Varnagrad said.\n\n"
    "The visit follows that of army chief Ilian Dragos, who dined with the president last week. Both want to replace "
    "equipment from Kasparia which failed when Norland struck radar sites in May."
)
VISIT_AGAIN = (
    "Turning its back on Kasparian suppliers, Varonia is courting America again. Air force commander Teodor Malkin "
    "flew to Washington days after army chief Ilian Dragos had been received there, and his shopping list is long.\n\n"
    "According to people who know of the talks, Malkin asked the Pentagon for F-16 Block 70 jets, for air-to-air "
    "missiles and for HIMARS. No Varonian air chief had come in almost a decade.\n\n"
    "The strikes of May have shown how little the air defences bought from Kasparia are worth, an analyst in "
    "Varnagrad said: Norland destroyed three radar sites, and aircraft were lost over the Sarn valley."
)
OTHER_AFFAIR = (
    "Varonia works on ballistic missiles that could reach targets far beyond its region, a deputy adviser in the White "
    "House warned on Thursday, and called the programme an emerging threat to the United States.\n\n"
    "Speaking at a think tank, Joan Fairley said that larger rocket motors had been tested since the winter. "
    "Washington put sanctions on four firms that supply the programme, among them a state agency for development.\n\n"
    "The foreign ministry rejects the charge. The missiles deter a neighbour and nobody else, a speaker said, and "
    "America has no ground to fear a country that has been its partner for decades."
)


def test_rewrites_are_one_story_and_no_copies_and_another_affair_of_the_country_is_apart() -> None:
    told = {
        "Varonia seeks American jets after losses over Sarn": VISIT,
        "After army chief, Varonian air commander asks Washington for jets": VISIT_AGAIN,
        "Varonian missiles an emerging threat, White House says": OTHER_AFFAIR,
    }
    made = [content(title, body, title=title, source=title, published=None) for title, body in told.items()]
    memory = canonical_ids(made)
    placed = [memory.entries[one.article_id] for one in made]
    assert len({entry.canonical_id for entry in placed}) == 3
    assert placed[0].story_id == placed[1].story_id != placed[2].story_id


FORM = (
    "The {office} has ordered {count:,} sets of {what} from {firm} for {amount:,} crowns, under contract {number}. The "
    "work will be done in {place} and is to be finished by the end of the year. Funds of this year and the next were "
    "bound at the time of the award. The contract was let after an open call to which several firms had answered, and "
    "the office named is the contracting activity."
)


def test_notices_of_one_form_are_neither_copies_nor_one_story() -> None:
    chance = random.Random(4)
    made = []
    for at in range(30):
        text = FORM.format(
            office=f"Office for {chance.choice(('Land', 'Sea', 'Air'))} Systems",
            count=chance.randint(1_000, 90_000),
            what=chance.choice(("radio parts", "seals", "cable drums", "filters", "bearings")),
            firm=f"{chance.choice(('Norlund', 'Vestmark', 'Carrow', 'Ilmen'))} Works",
            amount=chance.randint(1_000_000, 90_000_000),
            number=f"K-{chance.randint(1_000, 9_999)}-{chance.randint(1_000, 9_999)}",
            place=chance.choice(("Tormund", "Aldsee", "Port Kessel")),
        )
        made.append(content(f"notice-{at:02}", text, title="Contract awarded", source="The Gazette"))
    placed = canonical_ids(made).entries.values()
    assert (
        {entry.canonical_id for entry in placed}
        == {entry.story_id for entry in placed}
        == {one.article_id for one in made}
    )
