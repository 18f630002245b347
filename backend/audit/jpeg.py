"""What the file of a JPEG tells of the program that wrote it (ITU-T T.81, annex B)."""

import re
import struct

from backend.audit.values import Values, fingerprint

SIGNATURE = b"\xff\xd8\xff"
STANDALONE = {0x01, *range(0xD0, 0xD9)}
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
DQT, DHT, SOS, EOI, DRI, COM, APP0 = 0xDB, 0xC4, 0xDA, 0xD9, 0xDD, 0xFE, 0xE0
NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")

Segment = tuple[int, bytes]


def container(data: bytes) -> Values:
    """How the picture was packed: tables, sampling, process and the order of segments."""
    segments, rest = _segments(data)

    def bodies(marker: int) -> list[bytes]:
        return [body for found, body in segments if found == marker]

    values: Values = {
        "JPEG segments": " ".join(f"{marker:02X}" for marker, _ in segments),
        "JPEG quantisation tables": fingerprint(*bodies(DQT)),
        "JPEG Huffman tables": fingerprint(*bodies(DHT)),
        "JPEG restart interval": b"".join(bodies(DRI)).hex() or "none",
        "JPEG bytes after the end": float(rest),
    }
    for marker, body in segments:
        if marker in FRAMES and len(body) >= 6:
            values["JPEG process"] = f"SOF{marker - 0xC0}, {body[0]} bits"
            # After the frame's six bytes each component has three: its name, its sampling, its table.
            values["JPEG sampling"] = " ".join(f"{both >> 4}x{both & 15}" for both in body[7::3])
    return values


def metadata(data: bytes) -> Values:
    """What the file says beside the picture, each kind as a category of its contents."""
    segments, _ = _segments(data)
    carried = [(marker, body) for marker, body in segments if APP0 <= marker < APP0 + 16 or marker == COM]

    def contents(marker: int, start: bytes) -> list[bytes]:
        return [body for found, body in carried if found == marker and body.startswith(start)]

    known = {
        "text": contents(COM, b"") + contents(APP0 + 1, b"http"),
        "EXIF": contents(APP0 + 1, b"Exif"),
        "colour profile": contents(APP0 + 2, b"ICC_PROFILE"),
        "density": [body[7:12] for body in contents(APP0, b"JFIF")],
    }
    values: Values = {name: fingerprint(*found) for name, found in known.items() if found}
    values["kinds"] = " ".join(f"{marker:02X}" for marker, _ in carried) or "none"
    values["bytes"] = float(sum(len(body) for _, body in carried))
    return values


def _segments(data: bytes) -> tuple[list[Segment], int]:
    """Markers with their bodies, entropy-coded data skipped, and how many bytes follow the last one."""
    segments, offset = [], 2
    while found := NEXT_MARKER.search(data, offset):
        marker, offset = data[found.start() + 1], found.end()
        body = b""
        if marker not in STANDALONE and marker != EOI and offset + 2 <= len(data):
            (length,) = struct.unpack_from(">H", data, offset)
            body = data[offset + 2 : offset + length]
            offset += max(2, length)
        segments.append((marker, body))
        if marker == EOI:
            break
    return segments, max(0, len(data) - offset)
