"""Ports of this machine's loopback."""

from __future__ import annotations

import socket

from pipelines.errors import ConfigurationError

HOST = "127.0.0.1"


def check_port(port: int) -> None:
    """Check that a process can listen on a port; 0 means any port.

    Raises:
        ConfigurationError: the port cannot be used.
    """
    if not port:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {port} on {HOST} cannot be used ({error.strerror}). Choose another with --port (PORT= for make)."
            ) from error


def free_port() -> int:
    """Return a port on which no process listens at the moment."""
    with socket.create_server((HOST, 0)) as taken:
        return int(taken.getsockname()[1])
