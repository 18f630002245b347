"""Starting the several processes of one training on this machine, and answering for them as one."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from training.errors import INTERRUPTED, Interrupted, UserError
from training.interrupts import stop_on_signal
from training.parallel import cores

LINE = "DERMVTT_LINE"
"""Where a launched process finds the line to its parent: the file descriptor's number."""

GRACE = 10.0
"""Seconds that the processes are given to end by themselves once one of them has failed."""

TICK = 0.1
"""Seconds between two looks at the processes."""


def among_several() -> bool:
    """Whether this is one of several processes already, started by ``launch`` or by ``torchrun``."""
    return "WORLD_SIZE" in os.environ


def launch(processes: int, arguments: Sequence[str]) -> int:
    """Run ``dermvtt-train`` in several processes of this machine that train together; return its exit code.

    Raises the ``UserError`` that the first of them to fail met. None of them outlives this one.
    """
    port = _free_port()
    children: list[_Child] = []
    with stop_on_signal(None) as stop:
        try:
            with _interrupts_held():
                for rank in range(processes):
                    children.append(_Child(rank, processes, port, arguments))
            _wait(children, stop)
        finally:
            for child in children:
                child.kill()
    return _outcome(children, stopped=stop())


def attach() -> None:
    """Where ``launch`` started this process: end it as soon as its parent has ended, however that did."""
    line = _line()
    if line is None:
        return

    def watch() -> None:
        line.poll(None)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def report(error: BaseException) -> bool:
    """Tell the parent what ends this process; return whether it has one, by ``launch``.

    What the others then fail of, since this one is gone, must be reported later: the first report counts.
    """
    line = _line()
    if line is None:
        return False
    mendable = isinstance(error, UserError)
    text = str(error) if mendable else "".join(traceback.format_exception(error))
    line.send((time.monotonic(), mendable, isinstance(error, Interrupted), text))
    return True


@cache
def _line() -> Connection | None:
    return Connection(int(os.environ[LINE])) if LINE in os.environ else None


class _Child:
    """A launched process, seen by its parent."""

    def __init__(self, rank: int, of: int, port: int, arguments: Sequence[str]) -> None:
        self.rank, self.killed = rank, False
        # It carries reports up; and its closing, which the parent's death brings about, ends the child.
        self.line, line = Pipe()
        place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": of, "LOCAL_WORLD_SIZE": of}
        place |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, LINE: line.fileno()}
        # Networks that grow have unused weights only at times; PyTorch would wonder why that is looked into.
        defaults = {"OMP_NUM_THREADS": str(max(1, cores() // of)), "TORCH_CPP_LOG_LEVEL": "ERROR"}
        with closing(line):
            self.process = subprocess.Popen(  # noqa: S603 -- this very program
                [sys.executable, "-m", "training.cli", *arguments],
                env=defaults | os.environ | {name: str(value) for name, value in place.items()},
                pass_fds=[line.fileno()],
            )

    @property
    def code(self) -> int | None:
        """The exit code as of ``Popen``; None while it runs."""
        return self.process.poll()

    @property
    def failed(self) -> bool:
        """Whether it ended otherwise than trained or stopped."""
        return self.code not in (None, 0, INTERRUPTED)

    def kill(self) -> None:
        """End it at once, where it has not ended."""
        if self.code is None:
            self.killed = True
            self.process.kill()
            self.process.wait()

    def reports(self) -> Iterator[tuple[float, bool, bool, str]]:
        """What it reported; once it has ended."""
        try:
            while self.line.poll():
                yield self.line.recv()
        except (EOFError, OSError):  # all read, or ended within a word
            return


def _wait(children: Sequence[_Child], stop: Callable[[], bool]) -> None:
    told, deadline = False, None
    while running := [child for child in children if child.code is None]:
        if stop() and not told:
            told = True
            for child in running:
                child.process.terminate()
        if deadline is None and any(child.failed for child in children):
            # The others notice, and what they are writing should be whole; unless they wait for it forever.
            deadline = time.monotonic() + GRACE
        if deadline is not None and time.monotonic() > deadline:
            return
        time.sleep(TICK)


def _outcome(children: Sequence[_Child], *, stopped: bool) -> int:
    reports = sorted(report for child in children for report in child.reports())
    for _, mendable, interrupted, text in reports:
        if mendable:
            raise Interrupted(text) if interrupted else UserError(text)
    ends = {child.rank: child.code or 0 for child in children if child.failed and not child.killed}
    # A training stops well when told; a process that has not begun to train ends of it.
    if stopped and {-signal.SIGTERM, -signal.SIGHUP} & set(ends.values()):
        raise Interrupted("interrupted.")
    for rank, code in ends.items():
        if code < 0:
            why = ", most likely for want of memory" if code == -signal.SIGKILL else ""
            raise UserError(
                f"process {rank + 1} of {len(children)} was ended by {signal.Signals(-code).name}{why}. "
                "To go on from the newest checkpoint: --resume"
            )
    if reports:
        print(reports[0][-1], end="", file=sys.stderr)
        return 1
    for rank, code in ends.items():
        raise UserError(f"process {rank + 1} of {len(children)} ended with exit code {code}.")
    return max(child.code or 0 for child in children)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back; what is started meanwhile never hears it, since the parent alone is to answer."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
