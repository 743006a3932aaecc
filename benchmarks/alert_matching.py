"""How fast articles are matched against many rules.

    python -m benchmarks.alert_matching [--rules 10000 100000] [--articles 2000] [--words 500]

Two sets of articles, both of generated text: in *plain* ones a rule's term stands by chance only; in *mentioning* ones
each has the words of a rule strewn in. In the same run: a loop of one regular expression a rule (each term of a rule as
one alternative), over few articles; and the candidate library alone, ahocorasick_rs, with a term of each rule over the
lower-cased text. Neither knows operators, aliases, variants or word borders. Times are those of this process, which
other work on the machine changes less than those of the clock.
"""

from __future__ import annotations

import argparse
import re
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ahocorasick_rs import AhoCorasick

from benchmarks.generated_alerts import Generator, literals
from pipelines.rules.checks import load_rules
from pipelines.rules.matcher import Matcher
from pipelines.rules.patterns.gazetteer import default_gazetteer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Sized

    from benchmarks.generated_alerts import Text
    from schemas.records import Rule

NAIVE_ARTICLES = 3


def rate(articles: Sequence[Text], work: Callable[[Text], Sized]) -> tuple[float, list[int]]:
    """Articles a second, the best of three rounds, and how much each gave."""
    best, found = 0.0, []
    for _ in range(3):
        begin = time.process_time()
        found = [len(work(article)) for article in articles]
        best = max(best, len(articles) / (time.process_time() - begin))
    return best, found


def measure(rules: list[Rule], plain: list[Text], mentioning: list[Text]) -> None:
    """Print the figures of one number of rules."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rules.yaml"
        file.write_text("".join(f"- id: {rule.id}\n  query: '{rule.query}'\n" for rule in rules), encoding="utf-8")
        before = _megabytes()
        begin = time.process_time()
        loaded = load_rules(file)
        read = time.process_time()
        matcher = Matcher(loaded)
        ready = time.process_time()
    print(
        f"\n{len(rules)} rules: read from a YAML file and checked in {read - begin:.2f} s, "
        f"ready to match {ready - read:.2f} s later; {_megabytes() - before:.0f} MB more at the peak"
    )
    alternatives = ["|".join(rf"\b{re.escape(one)}\b" for one in literals(rule.query)) for rule in rules]
    patterns = [re.compile(one, re.IGNORECASE) for one in alternatives]
    naive, _ = rate(mentioning[:NAIVE_ARTICLES], lambda text: [1 for pattern in patterns if pattern.search(text.body)])
    automaton = AhoCorasick(sorted({one.lower() for rule in rules for one in literals(rule.query)[:1]}))
    for name, articles in (("plain", plain), ("mentioning", mentioning)):
        library, _ = rate(articles, lambda text: automaton.find_matches_as_indexes(text.body.lower(), overlapping=True))
        ours, hits = rate(articles, matcher.match)
        print(
            f"  {name:11}{ours:8.0f} articles/s, {sum(hits) / len(hits):.2f} hits an article, "
            f"{sum(map(bool, hits)) / len(hits):.0%} with any; "
            f"{ours / naive:7.0f} x a loop of regular expressions ({naive:.2f}/s); "
            f"{ours / library:5.2f} x ahocorasick_rs alone ({library:.0f}/s)"
        )


def _megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--words", type=int, default=500)
    options = parser.parse_args()
    default_gazetteer()
    for count in options.rules:
        generator = Generator(count)
        rules = generator.rules(count)
        plain = [generator.text(options.words, rules, 0) for _ in range(options.articles)]
        mentioning = [generator.text(options.words, rules, 1) for _ in range(options.articles)]
        measure(rules, plain, mentioning)


if __name__ == "__main__":
    main()
