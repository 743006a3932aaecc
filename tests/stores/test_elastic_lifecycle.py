"""Where a server has index lifecycle management it rolls over itself; where not, we have it do so.

The node of the tests has none, so the proxy before it answers as a server that has.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import elasticsearch
import pytest

from pipelines.stores.address import ElasticsearchAddress
from pipelines.stores.elastic import ElasticsearchStore
from pipelines.stores.elastic.indices import GROWING, ROLL_OVER
from tests.fault_proxy import Faults, proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.stores.protocol import Store
    from tests.stores.conftest import Make, Place


@pytest.fixture
def faults() -> Faults:
    return Faults(policies={})


@pytest.fixture
def managed(faults: Faults, elastic_place: Place, elasticsearch_url: str) -> Iterator[Store]:
    """A store at a server with ILM, whose every index would be full after a document."""
    with proxy(elasticsearch_url, faults) as url:
        address = ElasticsearchAddress(url=url)
        with ElasticsearchStore.open(address, prefix=elastic_place.prefix, roll_over={"max_docs": 1}) as store:
            yield store


def composed_of(client: elasticsearch.Elasticsearch, prefix: str, kind: str) -> Any:
    (found,) = client.indices.get_index_template(name=f"{prefix}-{kind}")["index_templates"]
    return found["index_template"]["composed_of"]


def test_the_server_rolls_over_where_it_can(
    managed: Store, faults: Faults, elastic_place: Place, make: type[Make], elasticsearch_url: str
) -> None:
    prefix, name = elastic_place.prefix, f"{elastic_place.prefix}-lifecycle"
    managed.setup()
    assert faults.policies is not None
    assert faults.policies.keys() == {name}
    assert faults.policies[name]["phases"] == {"hot": {"min_age": "0ms", "actions": {"rollover": {"max_docs": 1}}}}
    told = dict(faults.lifecycle_settings)
    assert told.pop(f"/_component_template/{name}") == {"index.lifecycle.name": name}
    assert told == {
        f"/_index_template/{prefix}-{kind}": {"index.lifecycle.rollover_alias": f"{prefix}-{kind}"} for kind in GROWING
    }
    with elasticsearch.Elasticsearch(elasticsearch_url) as client:
        # A policy of the user's own, in settings@custom, wins over ours.
        custom = f"{prefix}-settings@custom"
        assert composed_of(client, prefix, "articles") == [f"{prefix}-settings", name, custom]
        assert composed_of(client, prefix, "feeds") == [f"{prefix}-settings", custom]
        managed.write_stories([make.story(1)])
        managed.refresh()
        managed.maintain()
        assert list(client.indices.get_alias(name=f"{prefix}-stories")) == [f"{prefix}-stories-000001"], "left to it"


def test_a_policy_that_was_changed_stays_and_old_indices_come_under_it(
    managed: Store, faults: Faults, elastic_place: Place, elasticsearch_url: str
) -> None:
    prefix, name = elastic_place.prefix, f"{elastic_place.prefix}-lifecycle"
    faults.policies = None
    managed.setup()  # before the server had ILM
    faults.policies = {name: {"phases": {"hot": {"actions": {"rollover": {"max_age": "7d"}}}}}}
    with elasticsearch.Elasticsearch(elasticsearch_url) as client:
        component = f"{prefix}-settings"
        client.cluster.put_component_template(name=component, template={"settings": {}}, meta={"digest": "older"})
    managed.setup()
    assert faults.policies[name]["phases"]["hot"]["actions"]["rollover"] == {"max_age": "7d"}
    told = dict(faults.lifecycle_settings)
    for kind in GROWING:
        assert told[f"/{prefix}-{kind}-000001/_settings"] == {
            "index.lifecycle.name": name,
            "index.lifecycle.rollover_alias": f"{prefix}-{kind}",
        }
    assert f"/{prefix}-leases-000001/_settings" not in told


@pytest.mark.parametrize("status", [400, 403, 405])
def test_without_it_or_without_the_right_to_it_we_have_the_server_roll_over(
    *, managed: Store, faults: Faults, elastic_place: Place, make: type[Make], elasticsearch_url: str, status: int
) -> None:
    faults.refuse_lifecycle = status
    managed.setup()
    assert faults.policies == {}
    assert faults.lifecycle_settings == []
    managed.write_stories([make.story(1)])
    managed.refresh()
    managed.maintain()
    with elasticsearch.Elasticsearch(elasticsearch_url) as client:
        assert len(client.indices.get_alias(name=f"{elastic_place.prefix}-stories")) == 2


def test_the_policy_has_the_conditions_of_our_own_roll_over() -> None:
    from pipelines.stores.elastic.lifecycle import policy

    assert policy(ROLL_OVER)["phases"]["hot"]["actions"]["rollover"] == {
        "max_primary_shard_size": "25gb",
        "max_age": "365d",
    }
    assert "delete" not in json.dumps(policy(ROLL_OVER)["phases"])
