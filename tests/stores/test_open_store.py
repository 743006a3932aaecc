"""Opening a store: URLs, secrets, what cannot be reached."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import ConfigurationError, StoreUnavailableError
from pipelines.stores import StoreConfig, open_store
from pipelines.stores.address import ElasticsearchAddress, SqliteAddress, check_prefix, parse_store_url
from pipelines.stores.elastic import ElasticsearchStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stores.conftest import Make, Place


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:///var/x.db", "var/x.db"), ("sqlite:////abs/x.db", "/abs/x.db"), ("sqlite:///a b%.db", "a b%.db")],
)
def test_sqlite_urls(url: str, path: Any) -> None:
    assert parse_store_url(url) == SqliteAddress(Path(path))
    with open_store(url) as store:
        assert store.url == url


@pytest.mark.parametrize(
    ("url", "shown", "user", "password"),
    [
        ("http://127.0.0.1:9200", "http://127.0.0.1:9200", None, None),
        ("http://localhost/", "http://localhost:9200", None, None),
        ("https://es.example", "https://es.example:443", None, None),
        ("https://u%40x:p%3A%2F@es.example:9243/path/", "https://es.example:9243/path", "u@x", "p:/"),
        ("http://[::1]:9200", "http://[::1]:9200", None, None),
        ("http://elastic:@h:1", "http://h:1", "elastic", ""),
    ],
)
def test_elasticsearch_urls(url: str, shown: Any, user: Any, password: Any) -> None:
    assert parse_store_url(url) == ElasticsearchAddress(url=shown, user=user, password=password)


def test_several_nodes_of_one_cluster() -> None:
    given = parse_store_url("https://u:p%2Cq@a.example,https://b.example:9243/x,https://u:p%2Cq@c.example")
    assert given == ElasticsearchAddress(
        url="https://a.example:443",
        user="u",
        password="p,q",
        others=("https://b.example:9243/x", "https://c.example:443"),
    )
    with pytest.raises(ConfigurationError, match="different users") as caught:
        parse_store_url("https://u:secret@a.example,https://v:secret@b.example")
    assert "secret" not in str(caught.value)


def test_a_node_that_is_down_is_passed_over(elastic_place: Place, closed_port: int, make: type[Make]) -> None:
    elastic_place.open().setup()
    url = f"http://127.0.0.1:{closed_port},{elastic_place.url}"
    with open_store(url, index_prefix=elastic_place.prefix) as store:
        for number in range(4):
            store.put_run(make.run(number))
        assert store.last_runs(1) == [make.run(3)]


def test_a_cloud_id_leads_to_its_elasticsearch() -> None:
    parts = base64.b64encode(b"eu.cloud.example:9243$abc123$def456").decode()
    assert parse_store_url(f"cloud:desk:{parts}") == ElasticsearchAddress(url="https://abc123.eu.cloud.example:9243")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cloud:",
        "cloud:desk:notbase64!",
        "cloud:desk:" + base64.b64encode(b"eu.cloud.example").decode(),
        "http://h:1,http://",
        "x.db",
        "sqlite://x.db",
        "sqlite:///",
        "sqlite:///folder/",
        "sqlite:///:memory:",
        "mysql://u:secret@h/x",
        "http://",
        "http://u:secret@h:port",
        "http://u:secret@h:99999",
        "http://u:secret@[h",
        "http://h:9200/?a=secret",
    ],
)
def test_other_urls_are_refused_and_told_what_is_allowed(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"sqlite:///PATH.*http\(s\)") as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("prefix", ["", "Upper", "-x", "_x", "a*", "a/b", "a" * 201, "ä", "a b"])
def test_prefixes_that_index_names_cannot_begin_with(prefix: str) -> None:
    with pytest.raises(ConfigurationError, match="index prefix"):
        check_prefix(prefix)
    with pytest.raises(ConfigurationError, match="index prefix"):
        open_store("http://h:1", index_prefix=prefix)


def test_a_certificate_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        StoreConfig(url="https://h:1", ca_file=tmp_path / "ca.pem").open()


@pytest.fixture
def closed_port() -> Iterator[Any]:
    with socket.socket() as held:
        # Bound but not listening: nobody else can take it, and nobody answers.
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_an_unreachable_elasticsearch_says_where_and_what_to_try(closed_port: int) -> None:
    url = f"http://elastic:hunter2@127.0.0.1:{closed_port}"
    with StoreConfig(url=url, api_key="key-hunter2").open() as store:
        assert store.url == f"http://127.0.0.1:{closed_port}"
        with pytest.raises(StoreUnavailableError) as caught:
            store.setup()
    message = str(caught.value)
    assert f"http://127.0.0.1:{closed_port}" in message
    assert "Connection refused" in message
    assert "wirepicket elasticsearch up" in message
    assert "hunter2" not in message
    assert "hunter2" not in repr(store)
    assert "hunter2" not in repr(parse_store_url(url))


@pytest.mark.parametrize(
    "use",
    [
        lambda store, _: store.articles(["a"]),
        lambda store, make: store.mark_seen([make.seen(1)]),
        lambda store, _: list(store.iter_articles()),
        lambda store, make: store.remember([make.entry(1)]),
        lambda store, _: store.exclusive().__enter__(),
        lambda store, _: store.refresh(),
    ],
)
def test_every_use_of_an_unreachable_store_says_so(closed_port: int, make: type[Make], use: Any) -> None:
    address = ElasticsearchAddress(url=f"http://127.0.0.1:{closed_port}")
    with (
        ElasticsearchStore.open(address, prefix="wirepicket", patience=0.1) as store,
        pytest.raises(StoreUnavailableError, match="cannot be reached"),
    ):
        use(store, make)


def test_a_host_that_does_not_exist() -> None:
    with open_store("http://no-such-host.invalid:9200") as store, pytest.raises(StoreUnavailableError):
        store.setup()


def test_an_elasticsearch_that_is_not_set_up_says_so(elastic_place: Place, make: type[Make]) -> None:
    store = elastic_place.open()
    uses = (
        lambda: store.articles(["a"]),
        lambda: store.mark_seen([make.seen(1)]),
        lambda: list(store.iter_articles()),
        lambda: store.remember([make.entry(1)]),
        lambda: store.exclusive().__enter__(),
        store.refresh,
    )
    for use in uses:
        with pytest.raises(StoreUnavailableError, match="wirepicket setup elasticsearch"):
            use()


def test_sqlite_users_do_not_pay_for_the_elasticsearch_client(tmp_path: Path) -> None:
    script = (
        "import sys; from pipelines.stores import open_store\n"
        f"with open_store('sqlite:///{tmp_path}/x.db') as store: store.setup()\n"
        "print([name for name in ('elasticsearch', 'apache_beam', 'jpype') if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert run.stdout == "[]\n"
