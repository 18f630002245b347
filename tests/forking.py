"""Server processes, forked from one that has loaded the program: else each would load it again, for a second.

What they do from there on is what ``python -m backend.cli serve`` does, in a process of their own.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

ROOT = Path(__file__).parents[1]
LARGEST = 1 << 18


class Parent:
    """A process that has loaded the program; started with the first server, and ended with the tests."""

    def __init__(self) -> None:
        self._guard, self._line, self._ended = Lock(), None, {}

    def start(self, environment: dict[str, str], errors: Any, before: str = "") -> "Forked":
        """A server with these environment variables; ``before`` is run before it."""
        ours, theirs = os.pipe()
        with self._guard:
            line = self._connected()
            request = {"environment": environment, "before": before, "folder": str(Path.cwd())}
            socket.send_fds(line, [json.dumps(request).encode()], [theirs, errors.fileno()])
            while (number := self._hear(None).get("began")) is None:
                pass
        os.close(theirs)
        return Forked(self, number, os.fdopen(ours))

    def ended(self, number: int, seconds: float) -> int | None:
        """The exit code of a server, if it ends within this time."""
        with self._guard:
            if number not in self._ended:
                self._hear(seconds)
            return self._ended.get(number)

    def _connected(self) -> socket.socket:
        if self._line is None:
            self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            command = [sys.executable, "-m", "tests.forking", str(theirs.fileno())]
            process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()])
            theirs.close()
            atexit.register(lambda: (self._line.close(), process.wait(10)))
        return self._line

    def _hear(self, seconds: float | None) -> dict[str, int]:
        if not select.select([self._line], [], [], seconds)[0]:
            return {}
        told = json.loads(self._line.recv(LARGEST))
        if "ended" in told:
            self._ended[told["ended"]] = told["code"]
        return told


class Forked:
    """A server's process, with the part of ``subprocess.Popen`` that tests use."""

    def __init__(self, parent: Parent, pid: int, stdout: TextIO) -> None:
        self.pid, self.stdout, self._parent = pid, stdout, parent

    def poll(self) -> int | None:
        return self._parent.ended(self.pid, 0)

    def wait(self, timeout: float = 60) -> int:
        for _ in range(round(timeout / 0.05)):
            if (code := self._parent.ended(self.pid, 0.05)) is not None:
                return code
        raise subprocess.TimeoutExpired("serve", timeout)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


PARENT = Parent()
ANEW = {"DERMVTT_WORKERS", "PROMETHEUS_MULTIPROC_DIR"}
"""What is looked at when the program is loaded, or starts processes that load it."""


def start(
    environment: dict[str, str], errors: Any, before: str = "", code: Path | None = None
) -> tuple[subprocess.Popen | Forked, str]:
    """A server, and the first line that it prints; ``code`` is a folder with another release's packages."""
    if code or ANEW & environment.keys():
        command = [sys.executable, "-m", "backend.cli", "serve"]
        process = subprocess.Popen(
            command, cwd=code, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    else:
        process = PARENT.start(environment, errors, before)
    return process, process.stdout.readline()


def _serve_requests(line: socket.socket) -> None:
    import backend.app
    import backend.cli
    import backend.serving  # noqa: F401

    # An ended child wakes the loop up.
    woken, waking = socket.socketpair()
    waking.setblocking(False)
    signal.set_wakeup_fd(waking.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready = select.select([line, woken], [], [])[0]
        if woken in ready:
            woken.recv(64)
            _tell_ended(line)
        if line in ready:
            request, descriptors, _, _ = socket.recv_fds(line, LARGEST, 2)
            if not request:
                return
            if child := os.fork():
                line.send(json.dumps({"began": child}).encode())
                for one in descriptors:
                    os.close(one)
                continue
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for one in (line, woken, waking):
                one.close()
            _become(json.loads(request), *descriptors)


def _tell_ended(line: socket.socket) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            told = {"ended": ended[0], "code": os.waitstatus_to_exitcode(ended[1])}
            with suppress(OSError):
                line.send(json.dumps(told).encode())


def _become(request: dict[str, Any], output: int, errors: int) -> None:
    for given, standard in ((output, 1), (errors, 2)):
        os.dup2(given, standard)
        os.close(given)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = ["dermvtt", "serve"]
    exec(request["before"], {"__name__": "__main__"})
    sys.modules["backend.cli"].main()
    sys.exit(0)


if __name__ == "__main__":
    _serve_requests(socket.socket(fileno=int(sys.argv[1])))
