"""The import contracts hold for every folder: a forbidden import planted in any of them breaks one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("flows", "pipelines", "schemas")
TOP = "pipelines.lock_jars"
"""The module of the highest layer of pipelines: no other may import it."""
FOLDERS = sorted(path.name for path in (ROOT / "pipelines").iterdir() if (path / "__init__.py").exists())
MODULES = sorted(path.stem for path in (ROOT / "pipelines").glob("*.py") if path.stem != "__init__")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the contracts are about."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "var"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(checkout: Path) -> tuple[int, str]:
    """Return the exit code of ``lint-imports`` and what it prints."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    return done.returncode, " ".join(done.stdout.split())


def test_a_forbidden_import_breaks_a_contract_in_every_folder(checkout: Path) -> None:
    for name in FOLDERS:
        planted = f"import apache_beam\nimport elasticsearch\nimport prefect\nimport {TOP}\n"
        (checkout / "pipelines" / name / "planted.py").write_text(planted)
    for name in MODULES:
        with (checkout / "pipelines" / f"{name}.py").open("a") as module:
            module.write(f"\nimport apache_beam\nimport elasticsearch\nimport prefect\nimport {TOP}\n")
    code, report = lint(checkout)
    assert code == 1
    for name in [
        *(f"pipelines.{folder}.planted" for folder in FOLDERS),
        *(f"pipelines.{module}" for module in MODULES),
    ]:
        libraries = {"apache_beam", "elasticsearch", "prefect"}
        libraries -= {"apache_beam"} if name == "pipelines.beam.planted" else set()
        libraries -= {"elasticsearch"} if name == "pipelines.stores.planted" else set()
        for library in libraries:
            assert f"{name} -> {library} (" in report, (name, library)
        if name != TOP:
            assert f"{name} -> {TOP} (" in report, name


@pytest.mark.parametrize("package", ["flows", "schemas"])
def test_flows_and_schemas_import_neither_beam_nor_elasticsearch(checkout: Path, package: str) -> None:
    (checkout / package / "planted.py").write_text("import apache_beam\nimport elasticsearch\n")
    code, report = lint(checkout)
    assert code == 1
    assert f"{package}.planted -> apache_beam (" in report
    assert f"{package}.planted -> elasticsearch (" in report


def test_a_folder_without_a_layer_breaks_the_contract(checkout: Path) -> None:
    (checkout / "pipelines" / "elsewhere").mkdir()
    (checkout / "pipelines" / "elsewhere" / "__init__.py").write_text("")
    code, report = lint(checkout)
    assert code == 1
    assert "elsewhere" in report


def test_the_contracts_hold(checkout: Path) -> None:
    assert lint(checkout)[0] == 0
