"""Judge the matcher on labelled sentences: right and wrong by rule.

    python -m benchmarks.alert_cases FILE

FILE is JSON: ``rules`` (id, query) and ``cases`` (rule, title, text, match). Exit code 1 when a case is wrong.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from pipelines.rules.matcher import Matcher
from schemas.records import Rule


def judge(data: dict[str, Any]) -> tuple[Counter[str], list[dict[str, Any]]]:
    """Right cases counted by rule, and the wrong ones."""
    matchers = {rule["id"]: Matcher([Rule(id=rule["id"], query=rule["query"])]) for rule in data["rules"]}
    together = Matcher([Rule(id=rule["id"], query=rule["query"]) for rule in data["rules"]])
    right: Counter[str] = Counter()
    wrong: list[dict[str, Any]] = []
    for case in data["cases"]:
        fields = {"title": case.get("title") or None, "body": case["text"]}
        alone = bool(matchers[case["rule"]].match(**fields))
        among = any(hit.rule_id == case["rule"] for hit in together.match(**fields))
        if alone is among is case["match"]:
            right[case["rule"]] += 1
        else:
            wrong.append(case)
    return right, wrong


def main(path: str) -> int:
    """Print the counts and every wrong case."""
    right, wrong = judge(json.loads(Path(path).read_text(encoding="utf-8")))
    failed = Counter(case["rule"] for case in wrong)
    for rule in sorted({*right, *failed}):
        print(f"{rule:24} right {right[rule]:5}  wrong {failed[rule]:5}")
    for case in wrong:
        print(f"WRONG {case['rule']}: expected {case['match']}: {case.get('title', '')!r} {case['text']!r}")
    print(f"{'all':24} right {right.total():5}  wrong {failed.total():5}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
