"""Stopping a long work where it can stop well."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Whether the work was asked to stop: call it."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> bool:
        """Whether to stop now."""
        return self.asked


@contextmanager
def stop_on_signal(message: str | None, *, insist: bool = True) -> Iterator[Stop]:
    """Turn the first Ctrl-C, SIGTERM or SIGHUP inside the block into a request to stop, and say ``message``.

    A second one ends the process as usual, unless the user is not to ``insist``.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask(_number: int, _frame: FrameType | None) -> None:
        if insist:
            restore()
        if message and not stop.asked:
            print(message, file=sys.stderr, flush=True)
        stop.asked = True

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        restore()
