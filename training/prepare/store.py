"""An ``images.npy`` that several processes fill at once, and in which places may stay empty until the end."""

import errno
import os
from pathlib import Path

HEADER = 128
"""Bytes before the first pixel. The NPY format pads its header at will, so the count can be put in last."""


class PixelStore:
    """Places (slots) for ``most`` images of uint8 (resolution, resolution, 3).

    Workers ``put`` pixels in slots; the owner then goes through the slots in order and ``keep``s some, which
    move up to close the gaps. Plain file writes, no memory map: until it is closed, a map's pages count as
    the memory of every process that wrote them.
    """

    def __init__(self, path: Path, most: int, resolution: int) -> None:
        self.path, self.resolution = path, resolution
        self.size = resolution * resolution * 3
        self.count = 0
        with path.open("wb") as file:
            _reserve(file.fileno(), HEADER + most * self.size)

    def keep(self, slot: int) -> None:
        """Give the image in ``slot`` the next place."""
        if slot != self.count:
            with self.path.open("rb") as file:
                file.seek(HEADER + slot * self.size)
                data = file.read(self.size)
            put(self.path, self.count, data)
        self.count += 1

    def finish(self) -> None:
        """Cut off what is left over, write the header, and flush all to disk."""
        with self.path.open("r+b") as file:
            file.truncate(HEADER + self.count * self.size)
            file.write(_header(self.count, self.resolution))
            file.flush()
            os.fsync(file.fileno())


def put(path: Path, slot: int, data: bytes) -> None:
    """Write one image's pixels into ``slot``."""
    with path.open("r+b") as file:
        file.seek(HEADER + slot * len(data))
        file.write(data)


def _header(count: int, resolution: int) -> bytes:
    """Return a NumPy format 1.0 header: magic, version, length, and a Python literal padded with spaces."""
    shape = (count, resolution, resolution, 3)
    literal = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    start = b"\x93NUMPY\x01\x00" + (HEADER - 10).to_bytes(2, "little")
    return start + literal.ljust(HEADER - 11).encode("ascii") + b"\n"


def _reserve(handle: int, size: int) -> None:
    """Take the disk space now, where the system can, so that a full disk shows before the work, not after."""
    try:
        os.posix_fallocate(handle, 0, size)
    except AttributeError:  # macOS
        os.truncate(handle, size)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        os.truncate(handle, size)
