"""Images in a folder of the disk."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.storage.places import StorageUnavailable

PARTIAL = ".partial-"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Folder:
    """A folder below which each name is a path."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __str__(self) -> str:
        return str(self._root)

    def read(self, name: str) -> bytes | None:
        """The file's bytes, or ``None`` where there is no such file."""
        with self._told("read"):
            try:
                return (self._root / name).read_bytes()
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Write under a temporary name, flush to the disk, rename."""
        path = self._root / name
        with self._told("written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, partial = tempfile.mkstemp(prefix=PARTIAL, dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(partial).replace(path)
            finally:
                Path(partial).unlink(missing_ok=True)
            _flush(path.parent)  # a power cut must not take the name back

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        with self._told("read"):
            return (self._root / name).is_file()

    def names(self) -> Iterator[str]:
        """All files but those that were never finished."""
        with self._told("listed"):
            found = [path for path in self._root.rglob("*") if path.is_file()]
        for path in found:
            if not path.name.startswith(PARTIAL):
                yield path.relative_to(self._root).as_posix()

    def remove(self, name: str) -> None:
        """Remove a file, and its folder once that is empty."""
        path = self._root / name
        with self._told("removed"):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            path.parent.rmdir()

    def check(self) -> None:
        """Write a file that has no name, and so is gone afterwards."""
        with self._told("written"):
            self._root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._root) as file:
                file.write(b"x")
                file.flush()
                os.fsync(file.fileno())

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            more = " Make room there." if error.errno in FULL else ""
            raise StorageUnavailable(
                error.errno or errno.EIO,
                f"images cannot be {what} in {self._root} ({error.strerror or error}).{more}",
            ) from error


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
