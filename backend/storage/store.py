"""The store: whatever the place, images go by their SHA-256 and none is handed out that differs from it."""

import errno
import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from backend.settings import Settings
from backend.storage.bucket import Bucket, BucketSettings
from backend.storage.folder import Folder
from backend.storage.places import ImageLost, Place

NAME = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})\.png")
REMEMBERED = 24 << 20
"""Bytes of images that raters were shown lately, some 120 of 256 x 256: one study."""


class ImageStore:
    """Content-addressed images, ``ab/abcdef....png``, in a folder or in any other place."""

    def __init__(self, place: Place | Path) -> None:
        self._place = Folder(place) if isinstance(place, Path) else place
        self._remembered: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._guard = Lock()

    def __str__(self) -> str:
        return str(self._place)

    def put(self, data: bytes) -> str:
        """Keep ``data``, durably, and return its SHA-256. Keeping the same bytes again changes nothing.

        Raises ``StorageUnavailable`` where they cannot be kept.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        name = _name(sha256)
        # Read, not merely looked for: what has rotted is mended by keeping it again.
        if not (self._place.exists(name) and self._place.read(name) == data):
            self._place.write(name, data)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes of this SHA-256, read and verified.

        Raises ``ImageLost`` where they are missing or no longer what they were, ``StorageUnavailable`` where
        the place fails.
        """
        data = None
        for _ in range(2):  # a reply may have been garbled on its way, once
            data = self._place.read(_name(sha256))
            if data is not None and hashlib.sha256(data).hexdigest() == sha256:
                return data
        what = "is missing" if data is None else "has been altered"
        raise ImageLost(errno.EIO, f"the stored image {sha256} {what} in {self._place}")

    def for_rater(self, sha256: str) -> bytes:
        """As ``get``, from memory where a rater was shown it lately.

        For raters alone. An admin looks at fakes by themselves, say: were these in memory afterwards, they
        would reach raters sooner than reals do.
        """
        with self._guard:
            if sha256 in self._remembered:
                self._remembered.move_to_end(sha256)
                return self._remembered[sha256]
        data = self.get(sha256)
        with self._guard:
            if sha256 not in self._remembered:
                self._remembered[sha256] = data
                self._size += len(data)
            while self._size > REMEMBERED:
                self._size -= len(self._remembered.popitem(last=False)[1])
        return data

    def exists(self, sha256: str) -> bool:
        """Whether there are bytes of this SHA-256; not whether they are right."""
        return self._place.exists(_name(sha256))

    def iterate(self) -> Iterator[str]:
        """The SHA-256 of every image that is kept, in no order."""
        for name in self._place.names():
            found = NAME.fullmatch(name)
            if found:
                yield found[2]

    def remove(self, sha256: str) -> None:
        """Forget these bytes; nothing where there are none."""
        self._place.remove(_name(sha256))

    def check(self) -> None:
        """Raise ``StorageUnavailable``, an ``OSError``, unless images can be kept and read."""
        self._place.check()


def open_store(settings: Settings) -> ImageStore:
    """The store that the settings name; nothing is asked of it yet."""
    return ImageStore(_bucket(settings) if settings.images_url else settings.images_dir)


def make_bucket(settings: Settings) -> bool:
    """Make the bucket that the settings name, where there is none; whether that was so."""
    return bool(settings.images_url) and _bucket(settings).make()


def _bucket(settings: Settings) -> Bucket:
    chosen = BucketSettings(
        url=settings.images_url,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        key=settings.s3_key,
        secret=settings.s3_secret,
    )
    return Bucket(chosen)


def _name(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}.png"
