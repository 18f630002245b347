"""What `make bench` prints of the web half's installation: its size, and how soon a server of it answers."""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSTALLER = ("pip", "setuptools", "pkg_resources", "_distutils_hack")
"""What a virtual environment brings by itself; not counted."""
STARTS = 5


def main() -> None:
    """Install into a fresh environment; measure it, and what starts from it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        source, environment = home / "source", home / "venv"
        parts = ("backend", "training", "webapp", "migrations")
        for part in parts:  # a copy: building leaves files beside the sources
            shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / part, source / part)
        venv.create(environment, with_pip=True)
        python = environment / "bin" / "python"
        limits = ("--constraint", ROOT / "constraints.txt")
        _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *limits, source)
        size = sum(map(_size, environment.glob("lib/python*/site-packages/*")))
        print(f"install    {size / 1e6:8.1f} MB          (pip install ., without pip itself)")
        dermvtt = environment / "bin" / "dermvtt"
        shown = {"stdout": subprocess.DEVNULL}
        told("help", [spent(lambda: _run(dermvtt, "--help", **shown)) for _ in range(STARTS)])
        outside = {name: value for name, value in os.environ.items() if not name.startswith("DERMVTT_")}
        given = outside | {"DERMVTT_DATA_DIR": str(home / "var"), "DATABASE_URL": ""}
        given["DERMVTT_LOG_LEVEL"] = "WARNING"
        _run(dermvtt, "migrate", env=given, stdout=subprocess.DEVNULL)
        told("first page", [spent(lambda: first_page(dermvtt, given)) for _ in range(STARTS)])


def told(what: str, seconds: list[tuple[float, float]]) -> None:
    """Print medians: where other programs want the cores too, the processor's time says more."""
    clock, processor = (statistics.median(some) for some in zip(*seconds, strict=True))
    print(f"{what:10} {clock:8.2f} s           (median of {STARTS}; {processor:.2f} s of a core)")


def spent(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock and of a core that a call and its processes took, if it does not say otherwise."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    found = call()
    clock = found if isinstance(found, float) else time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def first_page(dermvtt: Path, environment: dict[str, str]) -> float:
    """Seconds from the start of a server until its first page has been read."""
    started = time.perf_counter()
    command = [str(dermvtt), "serve", "--port", "0"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    try:
        address = server.stdout.readline().split()[2]
        with urllib.request.urlopen(f"{address}/admin/login") as page:  # noqa: S310 - our own server
            page.read()
        return time.perf_counter() - started
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def _size(path: Path) -> int:
    if path.name.startswith(INSTALLER):
        return 0
    files = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]
    return sum(one.stat().st_blocks * 512 for one in files)


def _run(*command: object, **options: object) -> None:
    done = subprocess.run(list(map(str, command)), check=False, **options)  # noqa: S603 - our own programs
    if done.returncode:
        sys.exit(f"error: {' '.join(map(str, command))} failed")


if __name__ == "__main__":
    main()
