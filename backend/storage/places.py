"""What every place that keeps images can do, and what can go wrong there."""

from collections.abc import Iterator
from typing import Protocol


class StorageUnavailable(OSError):  # noqa: N818 - what is the matter, in the words of whoever is told
    """Images cannot be read or kept now: unreachable, too slow, full, refused. It may pass by itself."""


class ImageLost(OSError):  # noqa: N818
    """An image that should be there is missing, or is no longer what it was."""


class Place(Protocol):
    """Named bytes, each written whole or not at all.

    All but ``exists`` and ``names`` raise ``StorageUnavailable`` where the place fails; these do too.
    """

    def read(self, name: str) -> bytes | None:
        """The bytes of this name, or ``None`` where there are none."""

    def write(self, name: str, data: bytes) -> None:
        """Keep ``data`` under ``name``, durably, in place of what was there."""

    def exists(self, name: str) -> bool:
        """Whether there is anything of this name."""

    def names(self) -> Iterator[str]:
        """All names, in no order."""

    def remove(self, name: str) -> None:
        """Forget what is there; nothing where there is nothing."""

    def check(self) -> None:
        """Raise ``StorageUnavailable`` unless bytes can be kept and read again; leaves nothing."""
