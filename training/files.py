"""Writing files and folders so that an interruption never leaves half of one under its final name."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.errors import UserError

PARTIAL = ".partial-"


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary sibling of ``target`` that takes its name only when the block ends without error.

    Raises ``UserError`` where ``target`` already exists (before any work is done) or cannot be written.
    """
    if target.exists() or target.is_symlink():
        raise UserError(f"{target} already exists. Choose another --out, or remove it first.")
    with _writing(target):
        partial = Path(tempfile.mkdtemp(prefix=f"{target.name}{PARTIAL}", dir=target.parent))
        try:
            yield partial
            partial.chmod(0o755)
            partial.rename(target)
            _sync(target.parent)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Yield a temporary sibling of ``target`` that replaces it, flushed to disk, when the block ends.

    Raises ``UserError`` where ``target`` cannot be written.
    """
    with _writing(target):
        handle, name = tempfile.mkstemp(prefix=f"{target.name}{PARTIAL}", dir=target.parent)
        os.close(handle)
        partial = Path(name)
        try:
            yield partial
            partial.chmod(0o644)
            _sync(partial)
            partial.replace(target)
            _sync(target.parent)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise UserError(f"{target} could not be written: {error.strerror or error}.") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
