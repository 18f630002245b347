"""A real server process under settings of a test's own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from tests.forking import Forked, start


@dataclass
class Deployed:
    """A running server: its process, where it listens, what it wrote to its log."""

    process: subprocess.Popen | Forked
    port: int
    log: Path

    def connect(self, timeout: float = 20) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> HTTPResponse:
        """One request; the answer has its text as ``text``."""
        connection = self.connect()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        reply = connection.getresponse()
        reply.text = reply.read().decode(errors="replace")
        connection.close()
        return reply

    def get(self, path: str, **headers: str) -> HTTPResponse:
        return self.ask("GET", path, **headers)


@contextmanager
def deployed(settings, log: Path, **environment: object) -> Iterator[Deployed]:
    """Serve the settings' database, with more settings from the environment, until the block ends."""
    given = {"DATABASE_URL": settings.database, "DERMVTT_DATA_DIR": settings.data_dir, "DERMVTT_PORT": 0}
    variables = os.environ | {name: str(value) for name, value in (given | environment).items()}
    with log.open("ab") as errors:
        process, line = start(variables, errors)
    try:
        assert line.startswith("Serving on "), log.read_text()
        yield Deployed(process, _port(process, line), log)
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


def _port(process: subprocess.Popen | Forked, line: str) -> int:
    named = urlsplit(line.split()[2]).port
    return named or listening(process.pid)


def listening(pid: int) -> int:
    """Where a public address hides the port: what Linux says that the process listens on."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = str(entry.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        parts = row.split()
        if parts[9] in inodes and parts[3] == "0A":
            return int(parts[1].rsplit(":", 1)[1], 16)
    raise AssertionError("the process listens nowhere")
