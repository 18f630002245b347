"""A run's folder is trained in by one process at a time, and others can tell."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.errors import NotWritten, UserError

LOCK = "run.lock"
PATIENCE_S = 0.5
"""Whoever asks ``is_training`` holds the lock for a moment."""


@contextmanager
def sole_training(run: Path) -> Iterator[None]:
    """Hold the run's lock; raise ``UserError`` where another process holds it.

    The lock is the system's: it goes with the process, however that ends.
    """
    try:
        handle = os.open(run / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise NotWritten(f"{run / LOCK} could not be written: {error.strerror}.") from error
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not _locked(handle):
            if time.monotonic() > deadline:
                raise UserError(
                    f"another process is training in {run}. Wait for it, stop it, or choose another --out."
                )
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_training(run: Path) -> bool:
    """Whether some process is training in the run's folder at this moment."""
    try:
        handle = os.open(run / LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
