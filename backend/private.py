"""Files that only their owner may read: the secret key, links that are shown once."""

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write ``text`` to ``path``, whole or not at all, readable by the owner alone (mode 600)."""
    partial = _private_temporary(path, text)
    partial.replace(path)


def create_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the secret kept in ``path``; the first of several processes to ask makes it."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    partial = _private_temporary(path, make() + "\n")
    try:
        # Unlike a rename, a link fails where another process was first: all go on with one secret.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(partial)
    finally:
        partial.unlink()
    return path.read_text().strip()


def _private_temporary(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.partial-", dir=path.parent)  # mode 600
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
