"""The jars of the local node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.java.jars import JarSet

if TYPE_CHECKING:
    from pipelines.java.jars import Jar

VERSION = "9.5.3"
"""Version of Elasticsearch."""
EXTRA = "wirepicket[local-elasticsearch]"
HTTP_MODULE = "transport-netty4"


def folder_of(jar: Jar) -> str:
    """Return a jar's folder in the home of Elasticsearch. The HTTP layer is a module with a class loader of its own."""
    is_http = jar.group == "io.netty" or jar.artifact == HTTP_MODULE
    return f"modules/{HTTP_MODULE}" if is_http else "lib"


JARS = JarSet(
    program="the local Elasticsearch",
    extra=EXTRA,
    roots=(
        f"org.elasticsearch:elasticsearch:{VERSION}",
        f"org.elasticsearch.plugin:transport-netty4:{VERSION}",
    ),
    lock_file=Path(__file__).with_name("jars.sha256"),
    folder_of=folder_of,
)
"""The jars of the server, of its HTTP layer, and of all their dependencies."""
