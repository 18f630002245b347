"""What the file of a PNG tells of the program that wrote it (PNG, W3C 2025; RFC 1950 and 1951)."""

import struct
import zlib

from backend.audit.values import Values, fingerprint

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
FILTERS = ("none", "sub", "up", "average", "paeth")
DEFLATE = {0: "stored", 1: "fixed Huffman", 2: "dynamic Huffman"}
TEXTS = {"tEXt", "zTXt", "iTXt"}
KNOWN = {
    "text": TEXTS,
    "EXIF": {"eXIf"},
    "colour profile": {"iCCP"},
    "time": {"tIME"},
    "density": {"pHYs"},
}
METADATA = TEXTS | {"eXIf", "iCCP", "sRGB", "gAMA", "cHRM", "cICP", "tIME", "pHYs", "sBIT", "bKGD", "hIST"}

Chunk = tuple[str, bytes]


def container(data: bytes) -> Values:
    """How the picture was packed: header, chunks, deflate, filters. Numbers where there is an amount."""
    chunks, sound, rest = _chunks(data)
    bodies = [body for kind, body in chunks if kind == "IDAT"]
    stream = b"".join(bodies)
    values: Values = {
        "PNG chunks": " ".join(dict.fromkeys(kind for kind, _ in chunks)),
        "PNG checksums": "right" if sound else "wrong",
        "PNG bytes after the end": float(rest),
        "PNG data chunks": f"{len(bodies)}" if len(bodies) < 2 else f"of {len(bodies[0])} bytes",
        "zlib header": stream[:2].hex(),
        "deflate blocks": DEFLATE.get(stream[2] >> 1 & 3, "invalid") if len(stream) > 2 else "none",
    }
    header = next((body for kind, body in chunks if kind == "IHDR" and len(body) == 13), b"")
    if header:
        values["PNG header"] = "depth {}, colour type {}, interlaced {}".format(*header[8:10], header[12])
        values |= _packing(header, stream)
    return values


def metadata(data: bytes) -> Values:
    """What the file says beside the picture, each kind as a category of its contents."""
    chunks, _, _ = _chunks(data)
    values: Values = {}
    for name, kinds in KNOWN.items():
        found = [body for kind, body in chunks if kind in kinds]
        if found:
            values[name] = fingerprint(*found)
    carried = [(kind, body) for kind, body in chunks if kind in METADATA or not kind[:1].isupper()]
    values["kinds"] = " ".join(sorted({kind for kind, _ in carried})) or "none"
    values["bytes"] = float(sum(len(body) for _, body in carried))
    return values


def _chunks(data: bytes) -> tuple[list[Chunk], bool, int]:
    """The chunks, whether all checksums are right, and how many bytes follow the last one."""
    chunks, sound, offset = [], True, len(SIGNATURE)
    while offset + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, offset)
        body = data[offset + 8 : offset + 8 + length]
        offset += 12 + length
        sound &= data[offset - 4 : offset] == struct.pack(">I", zlib.crc32(kind + body))
        chunks.append((kind.decode("latin-1"), body))
        if kind == b"IEND":
            break
    return chunks, sound, max(0, len(data) - offset)


def _packing(header: bytes, stream: bytes) -> Values:
    """Which filters the rows have, and how well they were compressed, against zlib's level 6."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    row = 1 + (width * CHANNELS.get(colour, 1) * depth + 7) // 8
    try:
        rows = zlib.decompressobj().decompress(stream, row * height)
    except zlib.error:
        return {}
    values: Values = {}
    if len(stream) < len(rows):  # of what is stored as it is, the length says nothing of the program
        values["zlib packing"] = len(stream) / len(zlib.compress(rows, 6))
    if not interlaced and rows:
        used = rows[::row]
        values["PNG filters"] = " ".join(name for kind, name in enumerate(FILTERS) if kind in used)
        values |= {f"rows filtered {name}": used.count(kind) / len(used) for kind, name in enumerate(FILTERS)}
    return values
