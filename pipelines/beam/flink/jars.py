"""The jars of Beam's Flink runner, which include those of Flink."""

from __future__ import annotations

from pathlib import Path

from pipelines.java.jars import JarSet

VERSION = "2.62.0"
"""Release of Beam's runner for Flink 1.19. Its job server also runs pipelines of later releases of the Python SDK."""
JARS = JarSet(
    program="Flink",
    extra="wirepicket[flink]",
    roots=(f"org.apache.beam:beam-runners-flink-1.19:{VERSION}", "org.slf4j:slf4j-simple:1.7.30"),
    lock_file=Path(__file__).with_name("jars.sha256"),
)
