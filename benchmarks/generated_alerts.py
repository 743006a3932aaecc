"""Rules of every operator and articles which some of them match, made from a seed."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from wordfreq import top_n_list

from pipelines.rules.patterns.gazetteer import default_gazetteer
from schemas.records import Article, ArticleContent, Observation, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = datetime(2026, 3, 1, tzinfo=UTC)
VOCABULARY = 6000
# fmt: off
_TOPIC = [
    "missile", "drone", "tank", "frigate", "radar", "battery", "brigade", "artillery", "squadron", "submarine",
    "contract", "delivery", "export", "army", "navy", "defence", "ministry", "officials", "launchers", "aircraft",
    "strike", "troops", "exercise", "programme", "block", "shipment", "interceptor",
]
# fmt: on
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXZ"
_SYLLABLES = (
    "ka",
    "ro",
    "ven",
    "tal",
    "mis",
    "dor",
    "lan",
    "bre",
    "zu",
    "pol",
    "gar",
    "nim",
    "sta",
    "vek",
    "ori",
    "tha",
    "lus",
)


class Text(NamedTuple):
    """An article."""

    title: str
    body: str
    source: str
    language: str


class Generator:
    """One seed, one series of names, rules and articles."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._words = [word for word in top_n_list("en", VOCABULARY) if word.isalpha() and len(word) > 1]
        # Zipf's law, as running text has it: the word of rank r stands in for 1/r of the first.
        self._weights = [1 / (rank + 3) for rank in range(len(self._words))]
        self._systems = default_gazetteer().systems

    def name(self) -> str:
        """A made-up maker or place."""
        return "".join(self.random.choices(_SYLLABLES, k=self.random.randint(3, 5))).capitalize()

    def designator(self) -> str:
        """``KX-417``, ``T9``."""
        letters = "".join(self.random.choices(_LETTERS, k=self.random.randint(1, 3)))
        return f"{letters}{self.random.choice(('-', '-', '-', ''))}{self.random.randint(2, 999)}"

    def term(self) -> str:
        """A term without spaces: a designator, a name, a system of the gazetteer."""
        chance = self.random.random()
        if chance < 0.5:
            return self.designator()
        if chance < 0.85:
            return self.name()
        names = [
            name for system in self.random.choices(self._systems, k=3) for name in system.aliases if " " not in name
        ]
        return next((name for name in names if not set(name) & set(':=()"*')), "HIMARS")

    def phrase(self) -> str:
        """A phrase in its quotation marks."""
        kind = self.random.randrange(4)
        if kind == 0:
            return f'"{self.designator()} Block {self.random.randint(1, 90)}"'
        if kind == 1:
            return f'"{self.name()} {self.random.choice(_TOPIC)}"'
        if kind == 2:
            return f'"{self.designator()} {self.random.choice(_TOPIC)}"'
        return f'"{self.name()} {self.name()}"'

    def query(self) -> str:
        """A query, its operator chosen at random among all of the language."""
        topic, other = self.random.sample(_TOPIC, 2)
        forms = (
            self.term,
            self.term,
            self.phrase,
            lambda: f"{self.term()} OR {self.phrase()} OR {self.term()}",
            lambda: f"{self.term()} AND ({topic} OR {other})",
            lambda: f"{self.term()} AND NOT {topic}",
            lambda: f"{self.term()} NEAR/{self.random.randint(2, 20)} ({topic[:-2]}* OR {other})",
            lambda: f"{self.phrase()} ONEAR/{self.random.randint(2, 20)} {topic}",
            lambda: f"{self.name()[:8].lower()}*",
            lambda: f"={self.name().upper()}",
            lambda: f"title:({self.term()} OR {self.phrase()})",
            lambda: f"atleast/{self.random.randint(2, 4)}({self.term()} OR {topic}) AND {self.term()}",
            lambda: f"lang:{self.random.choice(('en', 'de'))} AND {self.term()}",
            lambda: f'source:"{self.random.choice(("Northern Wire", "Harbour Post"))}" AND {self.term()}',
        )
        return self.random.choice(forms)()

    def rules(self, count: int) -> list[Rule]:
        """So many rules."""
        return [Rule(id=f"rule-{number:06}", query=self.query()) for number in range(count)]

    def text(self, words: int, rules: list[Rule], mentions: int) -> Text:
        """An article of so many words, with what so many of the rules ask for strewn in."""
        out = self.random.choices(self._words, self._weights, k=words)
        for place in range(words):
            chance = self.random.random()
            if chance < 0.03:
                out[place] = self.random.choice(_TOPIC)
            elif chance < 0.05:
                out[place] = str(self.random.randint(1, 3000))
            elif chance < 0.06:
                out[place] = self.random.choice(("U.S.", "don’t", f"“{out[place]}”", f"{self.name()}’s", "–"))
            elif chance < 0.12:
                out[place] += self.random.choice((". The", ",", ". In", ".\n\nOn"))
        for rule in self.random.choices(rules, k=mentions) if mentions else ():
            place = self.random.randrange(words)
            out[place] = f"{out[place]} {_spoken(rule.query, self.random)}"
        title = " ".join(self.random.choices(self._words, self._weights, k=9))
        if mentions and self.random.random() < 0.3:
            title += f" {_spoken(self.random.choice(rules).query, self.random)}"
        language = self.random.choice(("en", "en", "de"))
        return Text(title, " ".join(out), self.random.choice(("Northern Wire", "Harbour Post")), language)


def articles(generator: Generator, rules: list[Rule], words: int = 120) -> Iterator[Article]:
    """Articles of so many words without end, a minute apart, each with what two of the rules ask for."""
    for number in count():
        text = generator.text(words, rules, 2)
        content = ArticleContent(
            article_id=f"{number:040x}",
            digest=f"digest-{number}",
            url=f"https://news.example/{number}",
            external_id=None,
            source=text.source,
            title=text.title,
            description=None,
            author=None,
            published=DAY + timedelta(minutes=number),
            published_from=None,
            language=text.language,
            body=text.body,
            dropped=(),
            word_count=words,
        )
        seen = Observation(fetched_at=DAY, digest=content.digest, archive_record=f"a.warc.gz@{number}")
        yield Article(content=content, observations=(seen,), revision=1, first_seen=DAY)


def literals(query: str) -> list[str]:
    """The terms and phrases of a query, as they stand in it."""
    found = re.findall(r'"([^"]+)"|([^\s()"]+)', re.sub(r"(source|lang|title):|[=*]", "", query))
    words = [phrase or word for phrase, word in found]
    return [word for word in words if not re.fullmatch(r"AND|OR|NOT|O?NEAR/\d+|atleast/\d+", word)]


def _spoken(query: str, chance: random.Random) -> str:
    """The words of a query as an article has them: operators out, prefixes grown, dashes changed."""
    words = [
        word.strip('()"=').removeprefix("title:(").replace("*", "ed")
        for word in query.split()
        if word not in {"AND", "OR", "NOT"} and not word.startswith(("NEAR", "ONEAR", "lang:", "source:", "atleast"))
    ]
    text = " ".join(words).replace('"', "").replace("title:", "").strip("(")
    return text.replace("-", chance.choice("-‑–  "))  # noqa: RUF001 - the dashes that texts have
