"""The measurement of coverage reaches worker processes that are killed, and commands in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
MEASURED = """
def forked(pipe):
    answer(pipe, "forked")

def spawned(pipe):
    answer(pipe, "spawned")

def answer(pipe, text):
    pipe.send(text)
    pipe.recv()

def command(branch):
    if branch:
        return 1
    return 2
"""
MAIN = """
import multiprocessing, subprocess, sys
import measured

if __name__ == "__main__":
    for method, target in (("forkserver", measured.forked), ("spawn", measured.spawned)):
        context = multiprocessing.get_context(method)
        ours, theirs = context.Pipe()
        process = context.Process(target=target, args=(theirs,), daemon=True)
        process.start()
        assert ours.recv() == target.__name__
        process.kill()
        process.join()
    subprocess.run([sys.executable, "-c", "import measured; measured.command(True)"], check=True, cwd=sys.argv[1])
"""


def test_lines_of_killed_workers_and_of_commands_count(tmp_path: Path) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["coverage"]["run"]
    settings |= {"source_pkgs": ["measured"], "data_file": str(tmp_path / "data" / "coverage")}
    lines = (f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    (tmp_path / "settings.toml").write_text(f"[tool.coverage.run]\n{''.join(lines)}")
    (tmp_path / "measured.py").write_text(MEASURED)
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "elsewhere").mkdir()
    outer = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment = outer | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}

    def coverage(command: str, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "coverage", command, "--rcfile=settings.toml", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    coverage("run", "main.py", str(tmp_path / "elsewhere"))
    coverage("combine")
    coverage("json")
    (measured,) = json.loads((tmp_path / "coverage.json").read_text(encoding="utf-8"))["files"].values()
    assert [MEASURED.splitlines()[line - 1].strip() for line in measured["missing_lines"]] == ["return 2"]
    assert measured["summary"]["missing_branches"] == 1
