"""Reading a mix as it is: leniently, as what breaks the contract is what an audit must see.

Nothing is unpacked and no path of a manifest is followed out of the mix.
"""

import json
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from training.errors import UserError
from training.manifest import MANIFEST, digest

MOST_BYTES = 1 << 28
"""The largest file that is read: a small archive cannot blow up the memory."""
HOW = "Give a mix folder, as dermvtt-train mix makes it, or a .zip of one."


class _Source(Protocol):
    """Where a mix lies."""

    def read(self, name: str) -> bytes: ...

    def modified(self, name: str) -> float: ...


@dataclass(frozen=True)
class Listed:
    """An image of the manifest: its file's name in the mix, bytes and time, and its place in the list."""

    name: str
    where: str
    truth: str
    place: int
    data: bytes
    modified: float
    """Time of the file's last change in seconds, as the folder or the archive has it."""


@dataclass(frozen=True)
class Mix:
    """A mix's images in the manifest's order; ``altered`` are those whose SHA-256 is not the manifest's.

    ``harmonised``: the manifest says that all images passed through one chain.
    """

    where: str
    manifest_sha256: str
    images: list[Listed]
    altered: list[str]
    harmonised: bool = False


def read_mix(where: Path) -> Mix:
    """Read a mix folder, or a .zip of one; raise ``UserError`` naming what is missing or cannot be read.

    Of the manifest only ``images`` with ``file`` and ``truth`` is needed; any image file may be listed.
    """
    if where.is_dir():
        return _read(_Folder(where), where)
    if not where.exists():
        raise UserError(f"{where} does not exist. {HOW}")
    if not zipfile.is_zipfile(where):
        raise UserError(f"{where} is neither a folder nor a .zip. {HOW}")
    try:
        with zipfile.ZipFile(where) as archive:
            return _read(_Archive(archive, where), where)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise UserError(f"{where} is a damaged .zip ({error}). {HOW}") from error


@dataclass(frozen=True)
class _Folder:
    root: Path

    def read(self, name: str) -> bytes:
        path = self.root / name
        found = path.stat()
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise UserError(f"{path} leads out of the mix. Put the image itself into the folder.")
        if not stat.S_ISREG(found.st_mode):
            raise UserError(f"{path} is not a regular file. Put the image itself there.")
        if found.st_size > MOST_BYTES:
            raise UserError(f"{path} has {found.st_size:,} bytes, more than an image of a study has.")
        return path.read_bytes()

    def modified(self, name: str) -> float:
        return (self.root / name).stat().st_mtime_ns / 1e9


class _Archive:
    def __init__(self, archive: zipfile.ZipFile, where: Path) -> None:
        self._archive, self._where = archive, where
        manifests = [name for name in archive.namelist() if PurePosixPath(name).name == MANIFEST]
        # The mix may lie in a folder of the archive: the manifest says where.
        top = min(manifests, key=lambda name: len(PurePosixPath(name).parts), default=MANIFEST)
        self._prefix = top.removesuffix(MANIFEST)

    def read(self, name: str) -> bytes:
        try:
            with self._archive.open(self._prefix + name) as file:
                data = file.read(MOST_BYTES + 1)
        except KeyError as error:
            raise FileNotFoundError(2, "No such file in the archive") from error
        except (RuntimeError, NotImplementedError) as error:
            raise UserError(
                f"{self._where}: {name} cannot be unpacked ({error}). Unpack it yourself."
            ) from error
        if len(data) > MOST_BYTES:
            raise UserError(f"{self._where}: {name} is larger than an image of a study is.")
        return data

    def modified(self, name: str) -> float:
        year, month, day, hour, minute, second = self._archive.getinfo(self._prefix + name).date_time
        return float(((((year * 12 + month) * 31 + day) * 24 + hour) * 60 + minute) * 60 + second)


def _read(source: _Source, where: Path) -> Mix:
    try:
        manifest = source.read(MANIFEST)
    except OSError as error:
        raise UserError(f"{where / MANIFEST} cannot be read ({error.strerror}). {HOW}") from error
    images, altered = [], []
    document = _document(manifest, where / MANIFEST)
    for place, entry in enumerate(_entries(document, where / MANIFEST)):
        name = entry["file"]
        try:
            data, modified = source.read(name), source.modified(name)
        except OSError as error:
            raise UserError(
                f"{where / name} cannot be read ({error.strerror}), though {MANIFEST} lists it. "
                "Put it back, or make the mix again."
            ) from error
        if entry.get("sha256", digest(data)) != digest(data):
            altered.append(name)
        images.append(Listed(name, str(where / name), entry["truth"], place, data, modified))
    for truth in ("real", "fake"):
        if not any(image.truth == truth for image in images):
            raise UserError(
                f"{where} has no {truth} image: there is nothing to tell apart. Mix both, fakes and reals."
            )
    configuration = document.get("configuration")
    harmonised = isinstance(configuration, dict) and bool(configuration.get("harmonised"))
    return Mix(str(where), digest(manifest), images, altered, harmonised)


def _document(manifest: bytes, path: Path) -> dict[str, Any]:
    try:
        document = json.loads(manifest)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is no JSON document ({error}). {HOW}") from error
    if not isinstance(document, dict) or not isinstance(document.get("images"), list):
        raise UserError(f"{path} has no list 'images'. {HOW}")
    return document


def _entries(document: dict[str, Any], path: Path) -> Iterator[dict[str, Any]]:
    """The manifest's images, each with a safe ``file`` and a ``truth``."""
    listed = document["images"]
    seen: set[str] = set()
    for place, entry in enumerate(listed):
        name = entry.get("file") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not _inside(name):
            raise UserError(f"{path}: images.{place}.file must name a file inside the mix, not {name!r}.")
        if entry.get("truth") not in ("real", "fake"):
            raise UserError(f"{path}: images.{place}.truth must be real or fake, not {entry.get('truth')!r}.")
        if name in seen:
            raise UserError(f"{path}: {name} is listed twice. List every image once.")
        seen.add(name)
        yield entry


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and name.isprintable()
