"""Opening a bundle that came from wherever: nothing in it is believed before it was checked.

No file is ever unpacked to a name that the bundle chose, and nothing is read beyond the size that it stated.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from pydantic import ValidationError

from backend.database import schema
from backend.studies.bundles.manifest import (
    CODEBOOK,
    FORMAT,
    IMAGE,
    MANIFEST,
    RATINGS,
    Manifest,
    known,
    table_file,
)
from backend.studies.refusals import Invalid

LARGEST_MANIFEST = 64 << 20
LARGEST_IMAGE = 64 << 20
LARGEST_LINE = 4 << 20
MOST_TIMES_SMALLER = 200
"""Rows shrink to a tenth or twentieth; what shrinks more than this was made to fill a disk."""
PACKET = 1 << 20
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError, RuntimeError)


@contextmanager
def opened(file: BinaryIO) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """A bundle with every file verified; raises ``Invalid`` for anything that is not as it should be."""
    try:
        packed = zipfile.ZipFile(file)
    except DAMAGED as error:
        raise Invalid("this is no zip file, or a damaged one. Export the bundle again.") from error
    with packed:
        manifest = _manifest(packed)
        _require_files(packed, manifest)
        for name, member in manifest.files.items():
            digest = hashlib.sha256()
            for packet in _packets(packed, name, member.size):
                digest.update(packet)
            if digest.hexdigest() != member.sha256:
                raise Invalid(f"{name} is not what the bundle's manifest says: it was altered or damaged.")
        yield packed, manifest


def lines(packed: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The lines of a verified file."""
    with packed.open(name) as file:
        while line := file.readline(LARGEST_LINE):
            if not line.endswith(b"\n"):
                raise Invalid(f"{name} has a line that is cut off or too long.")
            yield line


def _manifest(packed: zipfile.ZipFile) -> Manifest:
    infos = [one for one in packed.infolist() if one.filename == MANIFEST]
    if len(infos) != 1:
        raise Invalid(
            f"the zip has no {MANIFEST}: it is no study's bundle. Make one: dermvtt study export-bundle."
        )
    if infos[0].file_size > LARGEST_MANIFEST:
        raise Invalid(f"{MANIFEST} is larger than any bundle's.")
    text = b"".join(_packets(packed, MANIFEST, infos[0].file_size))
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "it"
        raise Invalid(f"{MANIFEST} is not a bundle's: {where}: {problem['msg']}.") from error
    if manifest.format > FORMAT or manifest.schema_revision not in schema.revisions():
        raise Invalid(
            f"the bundle was made by DermVTT {manifest.tool_version}, which is newer than this program. "
            "Install the newer one here first."
        )
    return manifest


def _require_files(packed: zipfile.ZipFile, manifest: Manifest) -> None:
    names = [one.filename for one in packed.infolist()]
    strange = sorted({name for name in names if name != MANIFEST and not known(name)})
    if strange:
        raise Invalid(f"the bundle has a file that no bundle has: {strange[0][:100]!r}.")
    if len(set(names)) < len(names):
        raise Invalid("the bundle has a file twice.")
    # A table that was added to the schema later is in no older bundle: its manifest does not count it either.
    needed = {RATINGS, CODEBOOK, *map(table_file, manifest.counts)} - set(names)
    for name in sorted(needed | set(names) ^ {MANIFEST, *manifest.files}):
        raise Invalid(f"{name[:100]} is missing in the bundle, or in its manifest.")
    for one in packed.infolist():
        if one.flag_bits & 1 or one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Invalid(f"{one.filename} is packed or encrypted in a way that no bundle is.")
        if one.filename != MANIFEST and one.file_size != manifest.files[one.filename].size:
            raise Invalid(f"{one.filename} is not as large as the bundle's manifest says.")
        if one.file_size > MOST_TIMES_SMALLER * max(one.compress_size, 1000):
            raise Invalid(f"{one.filename} would unpack to a size that no study has.")
        if IMAGE.fullmatch(one.filename) and one.file_size > LARGEST_IMAGE:
            raise Invalid(f"{one.filename} is larger than any image of a mix.")


def _packets(packed: zipfile.ZipFile, name: str, size: int) -> Iterator[bytes]:
    """A file in parts, never more than ``size`` bytes of it."""
    left = size
    try:
        with packed.open(name) as file:
            yield from _limited(file, left, name)
    except DAMAGED as error:
        if isinstance(error, Invalid):
            raise
        raise Invalid(f"{name} is damaged: {error}.") from error


def _limited(file: IO[bytes], left: int, name: str) -> Iterator[bytes]:
    while packet := file.read(PACKET):
        left -= len(packet)
        if left < 0:
            raise Invalid(f"{name} is larger than it says.")
        yield packet
    if left:
        raise Invalid(f"{name} is smaller than it says.")
