"""Ways to write every name of the gazetteer, and texts that only resemble them.

    python -m benchmarks.alert_variants [--every N]

Prints right and wrong cases by kind, and the wrong ones. Exit code 1 when a case is wrong.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from itertools import islice, takewhile
from typing import TYPE_CHECKING, NamedTuple

from pipelines.rules.fields import TextFields
from pipelines.rules.language.query import parse
from pipelines.rules.matcher import confirm
from pipelines.rules.patterns.gazetteer import default_gazetteer
from pipelines.rules.tokens.normalise import index_text, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.rules.patterns.gazetteer import System

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
SPACES = "\u00a0\u2009\u202f"
DESIGNATOR = re.compile(r"([A-Z][A-Za-z]{0,3})-([0-9]{1,4})")
MARK = re.compile(r"(?:Type|Project|Mk|Mark|Block) [0-9]{1,4}")
"""A word and a number, which is no designator: it takes no variant letters and needs no capitals."""


class Case(NamedTuple):
    """A text, and whether a query must match it."""

    kind: str
    query: str
    text: str
    expected: bool


def cases() -> Iterator[Case]:
    """All cases, the same in every run."""
    for system in default_gazetteer().systems:
        for name in system.aliases:
            yield from _spellings(name)
            yield from _broken(name)
            if designator := DESIGNATOR.fullmatch(name):
                yield from _designator(*designator.groups())
        yield from _aliases(system)
        yield from _versions(system)


def _sentence(form: str) -> str:
    return f"They saw the {form} there."


def _all(kind: str, query: str, forms: Iterator[str] | list[str], *, expected: bool) -> Iterator[Case]:
    for form in dict.fromkeys(forms):
        yield Case(kind, query, _sentence(form), expected)


def _spellings(name: str) -> Iterator[Case]:
    """Dashes, spaces, quotes, possessives."""
    forms = [name, f"“{name}”", f"({name})", f"{name}’s", f"non-{name}", f"{name}, {name}", f"new\u00a0{name}"]
    forms += [name.replace("-", dash) for dash in DASHES]
    forms += [name.replace(" ", space) for space in SPACES]
    if all(token.text.isascii() for token in tokens(name)):
        forms.append(name.upper())
    yield from _all("spelling", f'"{name}"', forms, expected=True)


def _broken(name: str) -> Iterator[Case]:
    """What parts words, and numbers that go on."""
    query = f'"{name}"'
    forms: list[str] = []
    head, _, tail = name.partition(" ")
    # "Mk. 48" and "Sgt. Stout" are ways to write these names, and an ampersand parts words itself.
    if tail and head.lower() != "mk" and head[-1].isalnum() and tail[0].isalnum():
        forms += [f"{head}{mark}{tail}" for mark in (", ", ". ", "; ", " (", "\n\n", " and the ")]
    if name[-1].isdecimal() and name[-1].isascii():
        forms += [f"{name}0", f"{name}.5", f"{name},500", f"{name}7%", f"{name}th"]
    if name[0].isdecimal() and name[0].isascii():
        forms += [f"1{name}", f"5.{name}"]
    elif name[0].isascii() and name[0].isalpha():
        forms.append(f"x{name}")
    yield from _all("look-alike", query, forms, expected=False)


def _designator(letters: str, number: str) -> Iterator[Case]:
    name = f"{letters}-{number}"
    query = f'"{name}"'
    forms = [f"{letters}{number}", *(f"{letters}{space}{number}" for space in SPACES), f"{letters} {number}"]
    forms += [f"{name}{ending}" for ending in ("s", "Ks", "C/D", "M2", "-armed", " Block 3")]
    forms += [f"{letters}{number}{ending}" for ending in ("s", "Ks", "’s", "B/C")]
    forms += [name.lower(), f"{letters}-{number}/{int(number) + 7}", f"{letters}-{int(number) + 7}/{number}"]
    yield from _all("designator", query, forms, expected=True)
    decoys = [
        f"{letters}-{number}5 and {letters}-9{number}",
        f"X{name}",
        f"4{name}",
        f"{name}th",
        f"{letters}/{number}",
    ]
    decoys += [f"{letters}{mark}{number}" for mark in (", ", ". ", " $", " €", " (about ", ":", "\n\n", " No. ")]
    decoys += [f"{letters} {number} {measure}" for measure in ("million", "percent", "years", "km")]
    yield from _all("designator look-alike", query, decoys, expected=False)


def _aliases(system: System) -> Iterator[Case]:
    """A term matches the system's other names; ambiguous ones with a capital and context only."""
    gazetteer = default_gazetteer()
    term = next(iter(_terms(system)), None)
    if term is None:
        return
    names = [name for name in system.aliases if not _another_version(term, name)]
    yield from _all("alias", term, names, expected=True)
    plain = [index_text(name) for name in system.aliases]
    for name in system.ambiguous:
        words = [word for word in gazetteer.contexts[system.category] if word.lower() != name.lower()]
        for word in words:
            near, lower = f"new {name} {word}", f"new {name.lower()} {word}"
            yield Case("ambiguous with context", term, _sentence(near), expected=True)
            if name[0].isupper() and not any(f" {key} " in f" {index_text(lower)} " for key in plain):
                yield Case("ambiguous without a capital", term, _sentence(lower), expected=False)
        yield Case("ambiguous without context", term, f"Early in May {name} went on holiday.", expected=False)


def _versions(system: System) -> Iterator[Case]:
    """A term that names one version stands for no other, nor for the system's name beside another: M1A1 Abrams."""
    proper = [name for name in (*system.aliases, *system.ambiguous) if name.isalpha()]
    for term in _terms(system):
        for other in system.aliases:
            if _another_version(term, other):
                forms = [
                    other,
                    f"new {other}s",
                    f"{other}/X",
                    *(f"{other} {name}" for name in proper if name not in other),
                ]
                yield from _all("another version", term, forms, expected=False)
                yield from _all("both versions", term, [f"{other} and {term}", f"{term}, {other}"], expected=True)


def _terms(system: System) -> list[str]:
    """The names that are a term of the rule language and stand for this system alone."""
    names = [name for name in system.aliases if re.fullmatch(r"[^\s:=()\"*]+", name)]
    return [name for name in names if default_gazetteer().look_up(name) == (system,)]


def _another_version(term: str, name: str) -> bool:
    """Whether a name goes on like the term with another number or other letters: M1A1 to M1A2, P-8I to P-8A."""
    first, second = (index_text(one.removeprefix("AN/")).split() for one in (term, name))
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
    if not 0 < shared < min(len(first), len(second)):
        return False
    one, other, before = first[shared], second[shared], first[shared - 1]
    if one.isdecimal() and other.isdecimal():
        return not (one.startswith(other) or other.startswith(one))  # a CV9030 is a CV90
    directly = f"{before}{one}" in term.lower() and f"{before}{other}" in name.lower()
    return directly and shared > 1 and before.isdecimal()


def is_right(case: Case) -> bool:
    """Whether the matcher decides a case as it should, with the name itself among what it quotes."""
    found = confirm(parse(case.query), TextFields(title=None, body=case.text))
    return (found is not None) is case.expected and all(
        case.text[match.start : match.end] == match.form and match.form for match in found or ()
    )


def main() -> int:
    """Judge the cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="judge only every Nth case")
    right: Counter[str] = Counter()
    wrong: list[Case] = []
    for case in islice(cases(), 0, None, parser.parse_args().every):
        if is_right(case):
            right[case.kind] += 1
        else:
            wrong.append(case)
    failed = Counter(case.kind for case in wrong)
    for kind in sorted({*right, *failed}):
        print(f"{kind:28} right {right[kind]:6}  wrong {failed[kind]:5}")
    for case in wrong:
        print(f"WRONG {case.kind}: {case.query}: expected {case.expected}: {case.text!r}")
    print(f"{'all':28} right {right.total():6}  wrong {len(wrong):5}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
