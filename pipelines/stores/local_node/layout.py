"""The folders of the local node and its configuration files.

::

    HOME/elasticsearch/
    ├── dist-VERSION/   the jars, in the layout of Elasticsearch's home; several nodes may share it
    ├── config/         written again at each start
    ├── data/           the indices
    ├── snapshots/      for repositories of snapshots
    ├── logs/           elasticsearch.log (kept small by rotation), start.log (the output of the latest start)
    ├── tmp/
    ├── up.lock         locked while a process starts or stops the node
    └── node.json       the node's process id; locked by the node while it lives
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
        """The configuration folder."""
        return self.root / "config"

    @property
    def data(self) -> Path:
        """The folder of the indices."""
        return self.root / "data"

    @property
    def snapshots(self) -> Path:
        """The folder for repositories of snapshots."""
        return self.root / "snapshots"

    @property
    def logs(self) -> Path:
        """The log folder."""
        return self.root / "logs"

    @property
    def start_log(self) -> Path:
        """The output of the process since its start; it shows the reason of a failed start."""
        return self.logs / "start.log"

    @property
    def log(self) -> Path:
        """Elasticsearch's own log."""
        return self.logs / "elasticsearch.log"

    @property
    def ports(self) -> Path:
        """The file that Elasticsearch writes once it listens: one ``HOST:PORT`` on each line."""
        return self.logs / "http.ports"

    @property
    def state(self) -> Path:
        """The file with the process id of the node; locked while the node lives."""
        return self.root / "node.json"

    @property
    def up_lock(self) -> Path:
        """The lock file; locked while a process starts or stops the node."""
        return self.root / "up.lock"

    @property
    def cluster(self) -> str:
        """Name of the cluster, which distinguishes this node from another server on its port."""
        return "wirepicket-" + hashlib.sha256(str(self.root).encode()).hexdigest()[:12]


def layout_of(home: Path, cache: Path | None = None) -> NodeLayout:
    """Return the paths of the node of ``home``; its jars are in ``cache`` if that is given."""
    root = home.resolve() / "elasticsearch"
    return NodeLayout(root=root, dist=(cache.resolve() if cache else root) / f"dist-{VERSION}")


def _settings(layout: NodeLayout, port: int) -> str:
    # Absolute limits: with percentages of a large disk, indices would become read-only with many gigabytes free.
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
    """Create the folders and write the configuration; with ``port`` 0 the system chooses a free port."""
    for folder in (layout.config, layout.data, layout.logs, layout.root / "tmp", layout.dist / "plugins"):
        folder.mkdir(parents=True, exist_ok=True)
    (layout.config / "elasticsearch.yml").write_text(_settings(layout, port), encoding="utf-8")
    (layout.config / "log4j2.properties").write_text(_LOGGING, encoding="utf-8")
    descriptor = layout.dist / "modules" / HTTP_MODULE / "plugin-descriptor.properties"
    descriptor.write_text(_MODULE, encoding="utf-8")
    layout.ports.unlink(missing_ok=True)
