"""Taking a mix folder in: whole and blind, or not at all."""

import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backend.database import mixes
from backend.database.sessions import Database
from backend.database.tables import Image, Mix
from backend.storage import ImageStore
from backend.studies.refusals import Invalid
from training.manifest import MANIFEST, Manifest, MixError, MixImage, digest, read_images, read_manifest

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PICTURE_CHUNKS = {b"IHDR", b"IDAT", b"IEND"}
RGB_8_BIT = (8, 2)
PLAIN = (0, 0, 0)  # deflate, the five filters, not interlaced


@dataclass(frozen=True)
class Imported:
    """The mix in the database; ``new`` is false where the same mix had been imported before."""

    mix: Mix
    new: bool


def import_mix(database: Database, store: ImageStore, folder: Path, name: str = "") -> Imported:
    """Verify a mix folder, keep its images and register it under ``name`` (or the folder's name).

    Raises ``Invalid``, naming the file, for a missing, altered or extra image, and for images whose encoding
    differs so that truth could be read from it.
    """
    try:
        manifest = read_manifest(folder)
        images = list(read_images(folder, manifest))
    except MixError as error:
        raise Invalid(str(error)) from error
    _require_blind(folder, manifest, images)
    manifest_sha256 = digest((folder / MANIFEST).read_bytes())
    for _, data in images:
        store.put(data)
    with database.write() as session:
        known = mixes.find_by_manifest(session, manifest_sha256)
        if known:
            return Imported(known, new=False)
        mix = Mix(
            name=name or folder.resolve().name,
            manifest_sha256=manifest_sha256,
            resolution=manifest.resolution,
            drawn=manifest.drawn,
            reals=manifest.count("real"),
            fakes=manifest.count("fake"),
            imported_at=datetime.now(UTC),
        )
        session.add(mix)
        session.flush()
        session.add_all(_row(mix, image) for image, _ in images)
    return Imported(mix, new=True)


def _row(mix: Mix, image: MixImage) -> Image:
    return Image(
        mix_id=mix.id,
        public_id=image.id,
        sha256=image.sha256,
        truth=image.truth,
        source=image.source,
        provenance=image.provenance.model_dump(exclude_none=True),
    )


def _require_blind(folder: Path, manifest: Manifest, images: list[tuple[MixImage, bytes]]) -> None:
    """Refuse what a browser could tell apart without looking at the picture."""
    expected = len(images[0][1])
    for image, data in images:
        where = folder / image.file
        problem = encoding_problem(data, manifest.resolution)
        if problem:
            raise Invalid(f"{where} {problem}. Make the mix with: dermvtt-train mix")
        if len(data) != expected:
            raise Invalid(
                f"{where} has {len(data)} bytes and others have {expected}: the size of a file could tell "
                "real from fake. Make the mix with: dermvtt-train mix"
            )


def encoding_problem(data: bytes, resolution: int) -> str:
    """Why these bytes are not a picture as a mix holds them, of this side; empty where they are."""
    if not data.startswith(PNG_SIGNATURE):
        return "is no PNG file"
    chunks = _chunks(data)
    kinds = [kind for kind, _ in chunks]
    if not kinds or kinds[0] != b"IHDR" or kinds[-1] != b"IEND":
        return "is a damaged PNG file"
    extra = [kind.decode("latin-1") for kind in kinds if kind not in PICTURE_CHUNKS]
    if extra:
        return f"carries metadata ({', '.join(extra)}) that could tell real from fake"
    if chunks[0][1] != struct.pack(">IIBBBBB", resolution, resolution, *RGB_8_BIT, *PLAIN):
        return f"is not a plain 8-bit RGB picture of {resolution} x {resolution}, as the manifest says"
    return _pixels_problem(b"".join(body for kind, body in chunks if kind == b"IDAT"), resolution)


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG file, none where a checksum or a length is wrong."""
    chunks, offset = [], len(PNG_SIGNATURE)
    while offset + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, offset)
        body = data[offset + 8 : offset + 8 + length]
        offset += 12 + length
        if len(body) != length or data[offset - 4 : offset] != struct.pack(">I", zlib.crc32(kind + body)):
            return []
        chunks.append((kind, body))
    return chunks if offset == len(data) else []


def _pixels_problem(compressed: bytes, resolution: int) -> str:
    row = 1 + 3 * resolution
    try:
        # One byte more than a picture has, and never more: a small file cannot blow up the memory.
        pixels = zlib.decompressobj().decompress(compressed, row * resolution + 1)
    except zlib.error:
        return "is a damaged PNG file"
    if len(pixels) != row * resolution:
        return "is a damaged PNG file"
    return "has filtered rows, whose choice could tell real from fake" if any(pixels[::row]) else ""
