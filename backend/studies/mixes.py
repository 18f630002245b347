"""Taking a mix folder in: whole and blind, or not at all."""

import struct
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from backend.database import events, mixes
from backend.database.sessions import Database
from backend.database.tables import Image, Mix
from backend.storage import ImageStore
from backend.studies.refusals import Conflict, Invalid, Unknown
from training.manifest import MANIFEST, Manifest, MixError, MixImage, digest, read_images, read_manifest

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PICTURE_CHUNKS = {b"IHDR", b"IDAT", b"IEND"}
RGB_8_BIT = (8, 2)
LONGEST_BLOCK = 0xFFFF
"""Of a stored picture: RFC 1951."""
LONGEST_NAME = 200
FORGOTTEN_AT_ONCE = 50
PLAIN = (0, 0, 0)  # deflate, the five filters, not interlaced


@dataclass(frozen=True)
class Imported:
    """The mix in the database; ``new`` is false where the same mix had been imported before."""

    mix: Mix
    new: bool


def import_mix(
    database: Database, store: ImageStore, folder: Path, name: str = "", *, by: str = ""
) -> Imported:
    """Verify a mix folder, keep its images and register it under ``name`` (or the folder's name).

    Raises ``StorageUnavailable`` where images cannot be kept, and ``Invalid``, naming the file, for a
    missing, altered or extra image, and for images whose encoding differs so that truth could be read.
    """
    try:
        manifest = read_manifest(folder)
        _require_blind(folder, manifest)
        manifest_sha256 = digest((folder / MANIFEST).read_bytes())
        with undone(database, store, [image.sha256 for image in manifest.images]):
            for _, data in read_images(folder, manifest):
                store.put(data)
            called = name or folder.resolve().name
            imported = _register(database, manifest, manifest_sha256, called, by)
        # Who deletes a mix may have removed bytes that both have, just before this one was registered.
        for image, data in read_images(folder, manifest):
            if not store.exists(image.sha256):
                store.put(data)
    except MixError as error:
        raise Invalid(str(error)) from error
    return imported


def delete_mix(database: Database, store: ImageStore, mix_id: int, *, by: str = "") -> str:
    """Delete a mix that no study uses, and the bytes that no other mix has; returns its name."""
    with database.write() as session:
        mix = get_mix(session, mix_id)
        used = mixes.studies_of(session, mix_id)
        if used:
            titles = ", ".join(f"{study.id} ({study.title})" for study in used)
            raise Conflict(f"The mix is used by study {titles}. Nothing was deleted.")
        hashes = [image.sha256 for image in mixes.images(session, mix_id)]
        name, manifest_sha256 = mix.name, mix.manifest_sha256
        if not mixes.remove(session, mix):
            raise Conflict("The mix is in use. Nothing was deleted.")
        events.add(session, None, "mix deleted", by=by, mix=mix_id, manifest=manifest_sha256)
    _forget(database, store, hashes)
    return name


def get_mix(session: Session, mix_id: int) -> Mix:
    """The mix of this id, or ``Unknown``."""
    mix = mixes.find(session, mix_id)
    if mix is None:
        raise Unknown("There is no such mix.")
    return mix


def _register(database: Database, manifest: Manifest, manifest_sha256: str, name: str, by: str) -> Imported:
    with database.write() as session:
        known = mixes.find_by_manifest(session, manifest_sha256)
        if known:
            return Imported(known, new=False)
        mix = Mix(
            name=name[:LONGEST_NAME],
            manifest_sha256=manifest_sha256,
            resolution=manifest.resolution,
            drawn=manifest.drawn,
            reals=manifest.count("real"),
            fakes=manifest.count("fake"),
            configuration={
                "seed": manifest.seed,
                "tool_version": manifest.tool_version,
                **manifest.configuration,
            },
            imported_at=datetime.now(UTC),
        )
        session.add(mix)
        session.flush()
        session.add_all(_row(mix, image) for image in manifest.images)
        events.add(session, None, "mix imported", by=by, mix=mix.id, manifest=manifest_sha256)
    return Imported(mix, new=True)


@contextmanager
def undone(database: Database, store: ImageStore, hashes: Collection[str]) -> Iterator[None]:
    """Leave no bytes of images behind that could not be taken in: they would fill a full disk for nothing."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            _forget(database, store, list(hashes))
        raise


def _forget(database: Database, store: ImageStore, hashes: list[str]) -> None:
    """Remove bytes that no mix has. Some at a time: meanwhile no mix can be registered."""
    for start in range(0, len(hashes), FORGOTTEN_AT_ONCE):
        some = set(hashes[start : start + FORGOTTEN_AT_ONCE])
        with database.write() as session:
            mixes.hold(session)
            for sha256 in some - mixes.used_bytes(session, some):
                store.remove(sha256)


def _row(mix: Mix, image: MixImage) -> Image:
    return Image(
        mix_id=mix.id,
        public_id=image.id,
        sha256=image.sha256,
        truth=image.truth,
        source=image.source,
        provenance=image.provenance.model_dump(exclude_none=True),
    )


def _require_blind(folder: Path, manifest: Manifest) -> None:
    """Refuse what a browser could tell apart without looking at the picture, and what has no one truth."""
    truths: dict[str, str] = {}
    for image in manifest.images:
        if truths.setdefault(image.sha256, image.truth) != image.truth:
            raise Invalid(
                f"{folder / image.file} is in the mix as a real and as a fake: no answer to it would be "
                "right. Make the mix without one of them."
            )
    expected = None
    for image, data in read_images(folder, manifest):
        where = folder / image.file
        problem = encoding_problem(data, manifest.resolution)
        if problem:
            raise Invalid(f"{where} {problem}. Make the mix with: dermvtt-train mix")
        expected = len(data) if expected is None else expected
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
    problem = _pixels_problem(b"".join(body for kind, body in chunks if kind == b"IDAT"), resolution)
    if not problem and len(data) != stored_size(resolution):
        problem = "is not stored as mixes store pictures: the size of a file could tell real from fake"
    return problem


def stored_size(resolution: int) -> int:
    """The bytes of a picture of this side in any mix, whose pixels are stored and not compressed.

    They are the same in all mixes, as a study may show several.
    """
    pixels = resolution * (1 + 3 * resolution)
    blocks = -(-pixels // LONGEST_BLOCK)
    chunks = 3 * 12 + 13  # three chunks, of which the header has thirteen bytes
    return len(PNG_SIGNATURE) + chunks + 2 + pixels + 5 * blocks + 4


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
