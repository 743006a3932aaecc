"""A real S3 server on loopback (Versity's gateway over a folder), and a wire to it that can be cut.

``python -m tests.s3_server`` builds it from source, as ``make s3-server`` and ``make test`` do.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from pipelines.beam.build_prism import build

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "1.8.0"
PROGRAM = Path(__file__).parent.parent / "var" / "runners" / f"versitygw-{VERSION}"
KEY, SECRET = "reader-and-writer", "a secret of the tests"
BUCKET = "news"


@dataclass(frozen=True, slots=True)
class S3:
    """A server that runs."""

    port: int

    def environment(self, port: int | None = None) -> dict[str, str]:
        """What a client's environment says of it, reached at its own port or another."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",
        }

    @property
    def client(self) -> Any:
        """A client of our own, to do to objects what others do."""
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )

    def objects(self) -> dict[str, bytes]:
        """All objects of the bucket, by key."""
        listed = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {
            one["Key"]: self.client.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()
            for one in listed
            if not one["Key"].endswith("/")
        }

    def put(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=body)

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=key)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextmanager
def s3_server(folder: Path, port: int | None = None) -> Iterator[S3]:
    """A server over a folder, with one bucket."""
    assert PROGRAM.exists(), "`make s3-server` builds it; `make test` does so"
    s3 = S3(port or free_port())
    (folder / BUCKET).mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [PROGRAM, "--port", f"127.0.0.1:{s3.port}", "--quiet", "posix", folder],
        env=os.environ | {"ROOT_ACCESS_KEY": KEY, "ROOT_SECRET_KEY": SECRET},
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            end = time.monotonic() + 60
            while not answers(s3.port):
                assert process.poll() is None, "the server has ended"
                assert time.monotonic() < end, "the server does not answer"
                time.sleep(0.05)
            yield s3
        finally:
            process.kill()


@dataclass
class Wire:
    """What lies between client and server."""

    port: int
    cut_after: int | None = None
    """Bytes of an answer after which the connection is lost, and the wire is down."""
    down: bool = False
    """Whether it carries nothing: it may be set and taken back."""
    refused: int = 0
    """Connections refused meanwhile."""
    delay: float = 0.0
    """Seconds before each piece of an answer."""
    carried: int = 0
    """Bytes of answers."""

    def is_cut(self, answered: int) -> bool:
        if self.cut_after is not None and answered >= self.cut_after:
            self.cut_after, self.down = None, True
        return self.down


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """A wire to a port of this machine. Each connection carries one request at a time."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        wire = Wire(listening.getsockname()[1])

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    if wire.down:
                        wire.refused += 1
                        client.close()
                        continue
                    server = socket.create_connection(("127.0.0.1", port))
                    state = [0]
                    threading.Thread(target=up, args=(client, server, state), daemon=True).start()
                    threading.Thread(target=down, args=(client, server, state), daemon=True).start()

        def up(client: socket.socket, server: socket.socket, state: list[int]) -> None:
            with suppress(OSError):
                while piece := client.recv(1 << 16):
                    state[0] = 0  # what comes next is another answer
                    server.sendall(piece)
                server.shutdown(socket.SHUT_WR)

        def down(client: socket.socket, server: socket.socket, state: list[int]) -> None:
            with suppress(OSError), client, server:
                while piece := server.recv(512):
                    time.sleep(wire.delay)
                    state[0] += len(piece)
                    if wire.is_cut(state[0]):
                        client.shutdown(socket.SHUT_RDWR)
                        return
                    client.sendall(piece)
                    wire.carried += len(piece)
                client.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=accept, daemon=True).start()
        yield wire


def main() -> int:
    if not PROGRAM.exists():
        print(f"Building {PROGRAM} (a minute or two) …", file=sys.stderr)
        build(PROGRAM, f"github.com/versity/versitygw/cmd/versitygw@v{VERSION}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
