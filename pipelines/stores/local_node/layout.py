"""Where the local node keeps its things, and its configuration files.

::

    HOME/elasticsearch/
    ├── dist-VERSION/   the jars, laid out as Elasticsearch wants its home; may be shared by several nodes
    ├── config/         written anew at each start
    ├── data/           the indices
    ├── snapshots/      where repositories of snapshots may lie
    ├── logs/           elasticsearch.log (kept small by rotation), start.log (this start's own output)
    ├── tmp/
    ├── up.lock         held while somebody starts the node
    └── node.json       held locked by the node while it lives; says its process id
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.java.ports import HOST
from pipelines.stores.local_node.jars import HTTP_MODULE, VERSION

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class NodeLayout:
    """The paths of one node."""

    root: Path
    dist: Path

    @property
    def config(self) -> Path:
        """Configuration folder."""
        return self.root / "config"

    @property
    def data(self) -> Path:
        """The indices."""
        return self.root / "data"

    @property
    def snapshots(self) -> Path:
        """Where repositories of snapshots may lie."""
        return self.root / "snapshots"

    @property
    def logs(self) -> Path:
        """Log folder."""
        return self.root / "logs"

    @property
    def start_log(self) -> Path:
        """What the process printed since its start: where a failed start says why."""
        return self.logs / "start.log"

    @property
    def log(self) -> Path:
        """Elasticsearch's own log."""
        return self.logs / "elasticsearch.log"

    @property
    def ports(self) -> Path:
        """Written by Elasticsearch once it listens: one ``HOST:PORT`` a line."""
        return self.logs / "http.ports"

    @property
    def state(self) -> Path:
        """Process id of the node; locked as long as it lives."""
        return self.root / "node.json"

    @property
    def up_lock(self) -> Path:
        """Locked while somebody starts or stops the node."""
        return self.root / "up.lock"

    @property
    def cluster(self) -> str:
        """Name of the cluster: tells this node from any other that might answer on its port."""
        return "wirepicket-" + hashlib.sha256(str(self.root).encode()).hexdigest()[:12]


def layout_of(home: Path, cache: Path | None = None) -> NodeLayout:
    """The paths of the node of ``home``; its jars are in ``cache`` where that is given."""
    root = home.resolve() / "elasticsearch"
    return NodeLayout(root=root, dist=(cache.resolve() if cache else root) / f"dist-{VERSION}")


def _settings(layout: NodeLayout, port: int) -> str:
    # Percentages of a large disk would turn indices read-only with many gigabytes free: hence absolute limits.
    return f"""cluster.name: {layout.cluster}
node.name: local
node.portsfile: true
discovery.type: single-node
network.host: {HOST}
http.port: {port}
transport.port: 0
path.data: "{layout.data}"
path.logs: "{layout.logs}"
path.repo: "{layout.snapshots}"
cluster.max_shards_per_node: 5000
cluster.routing.allocation.disk.watermark.low: 2gb
cluster.routing.allocation.disk.watermark.high: 1gb
cluster.routing.allocation.disk.watermark.flood_stage: 500mb
"""


_LOGGING = """status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = ${sys:es.logs.base_path}${sys:file.separator}elasticsearch.log
appender.file.filePattern = ${sys:es.logs.base_path}${sys:file.separator}elasticsearch-%i.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
"""

_MODULE = f"""name={HTTP_MODULE}
description=HTTP and transport over Netty
version={VERSION}
elasticsearch.version={VERSION}
java.version=21
classname=org.elasticsearch.transport.netty4.Netty4Plugin
"""


def write_layout(layout: NodeLayout, port: int) -> None:
    """Make the folders and write the configuration; ``port`` 0 lets the system choose one."""
    for folder in (layout.config, layout.data, layout.logs, layout.root / "tmp", layout.dist / "plugins"):
        folder.mkdir(parents=True, exist_ok=True)
    (layout.config / "elasticsearch.yml").write_text(_settings(layout, port), encoding="utf-8")
    (layout.config / "log4j2.properties").write_text(_LOGGING, encoding="utf-8")
    descriptor = layout.dist / "modules" / HTTP_MODULE / "plugin-descriptor.properties"
    descriptor.write_text(_MODULE, encoding="utf-8")
    layout.ports.unlink(missing_ok=True)
