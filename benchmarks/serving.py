"""A study of noise on a server of its own, for benchmarks of rating."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.support import write_mix

REALS, FAKES = 50, 30
IMAGES = REALS + FAKES


@dataclass(frozen=True)
class Served:
    """A running server, its SQLite file, and the raters' tokens."""

    port: int
    database: Path
    tokens: list[str]


@contextmanager
def serving(home: Path, raters: int, side: int = 16) -> Iterator[Served]:
    """Serve a study of 50 reals and 30 fakes of ``side`` x ``side`` from a folder below ``home``."""
    data = home / "study"
    outside = {name: value for name, value in os.environ.items() if not name.startswith("DERMVTT_")}
    environment = outside | {"DERMVTT_DATA_DIR": str(data), "DATABASE_URL": "", "DERMVTT_PORT": "0"}
    program = [sys.executable, "-m", "backend.cli"]

    def dermvtt(*arguments: object) -> str:
        command = [*program, *map(str, arguments)]
        return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603

    dermvtt("migrate")
    dermvtt("import-mix", write_mix(home / "mix", REALS, FAKES, side=side))
    dermvtt("study", "create", "--mix", 1, "--title", "Benchmark")
    invited = dermvtt("invite", "--study", 1, "--group", "ED", "--count", raters)
    log_file = home / "server.log"
    with log_file.open("w") as log:
        server = subprocess.Popen(  # noqa: S603 - our own program
            [*program, "serve"], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        line = server.stdout.readline()
        if not line.startswith("Serving on "):
            sys.exit(f"error: the server did not start:\n{log_file.read_text()}")
        yield Served(
            urlsplit(line.split()[2]).port, data / "dermvtt.sqlite", re.findall(r"/r/(\S+)", invited)
        )
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()
