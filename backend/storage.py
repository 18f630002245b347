"""Image bytes on disk, found by their SHA-256 and verified whenever they are read."""

import hashlib
import os
import tempfile
from pathlib import Path


class ImageStore:
    """A folder of content-addressed files: ``ab/abcdef....png``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, data: bytes) -> str:
        """Keep ``data``, durably, and return its SHA-256. Keeping the same bytes again changes nothing."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        if path.exists():
            return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".partial-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes of this SHA-256; ``OSError`` where they are missing or no longer what they were."""
        data = self._path(sha256).read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise OSError(f"the stored image {sha256} has been altered")
        return data

    def check(self) -> None:
        """Raise ``OSError`` unless images can be kept: try it with a file that is gone afterwards."""
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.root) as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())

    def _path(self, sha256: str) -> Path:
        return self.root / sha256[:2] / f"{sha256}.png"
