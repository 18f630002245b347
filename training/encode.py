"""A PNG encoder under which every picture of one size becomes a file of one size.

A compressed file's length tells smooth pictures from detailed ones, and so fakes from reals. Here deflate's
blocks are stored, not compressed (RFC 1951, 3.2.4), rows are not filtered, and only the pixels are written.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LONGEST_BLOCK = 0xFFFF


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode uint8 (H, W, 3) RGB; the length of the result depends on H and W alone."""
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise ValueError(f"expected uint8 (H, W, 3), not {pixels.dtype} {pixels.shape}")
    height, width, _ = pixels.shape
    unfiltered = np.zeros((height, 1 + width * 3), np.uint8)
    unfiltered[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", _stored(unfiltered.tobytes()))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _stored(data: bytes) -> bytes:
    """A zlib stream (RFC 1950) of stored blocks, written here as zlib's own level 0 may split as it likes."""
    blocks = []
    for start in range(0, len(data), LONGEST_BLOCK):
        block = data[start : start + LONGEST_BLOCK]
        last = start + LONGEST_BLOCK >= len(data)
        blocks.append(struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF) + block)
    return b"\x78\x01" + b"".join(blocks) + struct.pack(">I", zlib.adler32(data))
