"""Ports of this machine's loopback."""

from __future__ import annotations

import socket

from pipelines.errors import ConfigurationError

HOST = "127.0.0.1"


def check_port(port: int) -> None:
    """Raise ``ConfigurationError`` where nothing can listen on a port; 0 is any."""
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
    """A port that nothing listens on at the moment."""
    with socket.create_server((HOST, 0)) as taken:
        return int(taken.getsockname()[1])
