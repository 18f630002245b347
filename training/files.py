"""Writing files and folders so that an interruption never leaves half of one under its final name."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.errors import NotWritten, UserError

PARTIAL = ".partial-"


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary sibling of ``target`` that takes its name, flushed to disk, when the block ends.

    Raises ``UserError`` where ``target`` already exists (before any work is done) or cannot be written, or
    where the block could not open a file elsewhere, which it then names.
    """
    if target.exists() or target.is_symlink():
        raise UserError(f"{target} already exists. Choose another --out, or remove it first.")
    partial = _sibling(target)
    with _writing(target, partial):
        partial.mkdir()
        try:
            yield partial
            # A power cut must not leave the folder's name over files without contents.
            for path in [*partial.rglob("*"), partial]:
                _sync(path)
            partial.rename(target)
            _sync(target.parent)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Yield a temporary sibling of ``target`` that replaces it, flushed to disk, when the block ends.

    Raises ``UserError`` as ``new_folder`` does, except that ``target`` may exist.
    """
    partial = _sibling(target)
    with _writing(target, partial):
        partial.touch(exist_ok=False)
        try:
            yield partial
            _sync(partial)
            partial.replace(target)
            _sync(target.parent)
        finally:
            partial.unlink(missing_ok=True)


def append_line(target: Path, line: str) -> None:
    """Append a line to a file; raise ``NotWritten`` where that cannot be."""
    try:
        with target.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise NotWritten(f"{target} could not be written: {error.strerror or error}.") from error


def _sibling(target: Path) -> Path:
    # Not from `tempfile`, whose files and folders are for their owner alone, whatever the user's umask says.
    return target.with_name(f"{target.name}{PARTIAL}{secrets.token_hex(4)}")


@contextmanager
def _writing(target: Path, partial: Path) -> Iterator[None]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        reason = error.strerror or error
        elsewhere = _elsewhere(error, target, partial)
        if elsewhere is None:
            raise NotWritten(f"{target} could not be written: {reason}.") from error
        raise NotWritten(f"{elsewhere}: {reason}. {target} was not written.") from error


def _elsewhere(error: OSError, target: Path, partial: Path) -> Path | None:
    """The file that the error is about, unless it is what is being written, or a folder above that."""
    if not isinstance(error.filename, str | bytes):
        return None  # writing knows a descriptor alone
    path = Path(os.fsdecode(error.filename))
    within = any(path.absolute().is_relative_to(ours.absolute()) for ours in (target, partial))
    return None if within or target.absolute().is_relative_to(path.absolute()) else path


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
