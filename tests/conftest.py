"""Fixtures which several folders of tests share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from pipelines.stores import local_node

if TYPE_CHECKING:
    from collections.abc import Iterator

# A machine that is busy with something else makes no test fail.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

JAR_CACHE = Path(__file__).parent.parent / "var" / "elasticsearch"
"""Where ``make elasticsearch-up`` keeps the jars as well: they are fetched once for both."""


RUNNERS = {"flink", "prism"}
SERVERS = {"local_node", "s3_server"}
"""Names that a module of tests imports to start an Elasticsearch node or an object store by itself."""


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:  # noqa: ARG001
    """Return an id for bytes that is the same in every process: packed bytes often have the time in them."""
    return f"{argname}-{len(val)}-bytes" if isinstance(val, bytes) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test with its folder and with what it needs besides Python packages, for ``-m`` to select by."""
    tests = config.rootpath / "tests"
    for item in items:
        for marker in (item.path.relative_to(tests).parts[0], *_needs(item)):
            item.add_marker(marker)


def _needs(item: pytest.Item) -> Iterator[str]:
    callspec = getattr(item, "callspec", None)
    values = {value for value in callspec.params.values() if isinstance(value, str)} if callspec else set()
    if (
        "elasticsearch_url" in getattr(item, "fixturenames", ())
        or ("elasticsearch" in values and "unit" not in item.path.parts)
        or SERVERS & vars(getattr(item, "module", None) or object).keys()
    ):
        yield "servers"
    yield from RUNNERS & (values | set(item.name.partition("[")[0].split("_")))


@pytest.fixture(scope="session")
def elasticsearch_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Elasticsearch node of this test session, with no data. If it cannot start, the tests fail."""
    home = tmp_path_factory.mktemp("node")
    yield local_node.up(home, port=0, cache=JAR_CACHE, bound_to_caller=True)
    local_node.down(home)
