"""Archives of unknown origin: looked through first, and nothing in them is unpacked under its own name."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from backend.studies.refusals import Invalid

MOST_ENTRIES = 5_000
MOST_BYTES = 64 << 20
"""Of one file in an archive: a picture of 4096 x 4096, with room."""
MOST_UNPACKED = 2 << 30
MOST_RATIO = 100
"""Pictures are packed already; what unpacks to a hundred times its size is no archive of pictures."""
HARMLESS = 64 << 20
"""So much may unpack from however little: flat pictures pack well."""
DIRECTORY, LOCATOR, FIRST = b"PK\x05\x06", b"PK\x06\x07", b"PK\x03\x04"
LONGEST_DIRECTORY = MOST_ENTRIES * 400
JUNK = {"thumbs.db", "desktop.ini"}
"""With what begins with a dot, and macOS' own folder: what file managers leave behind."""


class Archive:
    """A zip whose table of contents is harmless; ``label`` is what messages call it."""

    def __init__(self, file: IO[bytes], label: str) -> None:
        self.label = label
        _require_small_directory(file, label)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, UnicodeError, ValueError, struct.error, OverflowError) as error:
            raise Invalid(
                f"{label} is a damaged zip, or none ({_brief(error)}). Pack the folder again."
            ) from error
        self._entries = [entry for entry in self._zip.infolist() if not (entry.is_dir() or _junk(entry))]
        self._require_harmless()

    def names(self) -> list[str]:
        """The files in it, in the order of their names."""
        return sorted(entry.filename for entry in self._entries)

    def read(self, name: str) -> bytes:
        """One file, its checksum verified."""
        entry = self._zip.getinfo(name)
        try:
            with self._zip.open(entry) as file:
                data = file.read(MOST_BYTES + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            OSError,
        ) as error:
            raise Invalid(
                f"{self.label}: {shown(name)} cannot be unpacked ({_brief(error)}). Pack the folder again."
            ) from error
        if len(data) != entry.file_size:
            raise Invalid(f"{self.label}: {shown(name)} is not as large as it says. Pack the folder again.")
        return data

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every file with its name as it may be shown."""
        for name in self.names():
            yield shown(name), self.read(name)

    def _require_harmless(self) -> None:
        if not self._entries:
            raise Invalid(f"{self.label} is empty. Pack the folder with the images in it.")
        seen: set[str] = set()
        for entry in self._entries:
            problem = _problem(entry)
            if entry.filename in seen:
                problem = "is in it twice. Pack the folder again"
            seen.add(entry.filename)
            if problem:
                raise Invalid(f"{self.label}: {shown(entry.orig_filename)} {problem}.")
        unpacked = sum(entry.file_size for entry in self._entries)
        packed = sum(entry.compress_size for entry in self._entries)
        if unpacked > MOST_UNPACKED:
            raise Invalid(
                f"{self.label} would unpack to {unpacked >> 20:,} MB, more than {MOST_UNPACKED >> 20:,}. "
                "Make smaller images, or several mixes."
            )
        if unpacked > HARMLESS and unpacked > MOST_RATIO * packed:
            raise Invalid(
                f"{self.label} would unpack to {unpacked // max(packed, 1)} times its size, as no archive of "
                "pictures does. Pack the folder of images itself."
            )


class ImageFolder:
    """A folder of images, as an ``Archive`` is one."""

    def __init__(self, root: Path) -> None:
        self.label = str(root)
        self._root = root
        if not root.is_dir():
            raise Invalid(f"{root} is neither a folder nor a zip. Give a folder of images, or a zip of one.")

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every file below the folder, in the order of their names."""
        paths = sorted(path for path in self._root.rglob("*") if not path.is_dir())
        for path in paths:
            if _is_junk(PurePosixPath(path.relative_to(self._root).as_posix())):
                continue
            found = path.stat()
            if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_BYTES:
                raise Invalid(f"{path} is no file of an image, or larger than {MOST_BYTES >> 20} MB.")
            yield shown(path.relative_to(self._root).as_posix()), path.read_bytes()


def shown(name: str) -> str:
    """A file's name for a message: on one line, and not for ever."""
    visible = "".join(sign if sign.isprintable() else "\ufffd" for sign in name)
    return visible if len(visible) <= 120 else f"{visible[:117]}..."


def _problem(entry: zipfile.ZipInfo) -> str:
    name = entry.orig_filename
    path = PurePosixPath(name.replace("\\", "/"))
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if "\x00" in name or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return "leads out of the archive by its name. Pack the folder itself"
    if entry.flag_bits & 0x1:
        return "is encrypted. Pack the folder without a password"
    if kind not in (0, stat.S_IFREG):
        return "is a link or no regular file. Put the image itself there"
    if entry.file_size > MOST_BYTES:
        return f"would unpack to {entry.file_size >> 20:,} MB, more than an image has. Remove it"
    return ""


def _junk(entry: zipfile.ZipInfo) -> bool:
    return _is_junk(PurePosixPath(entry.filename.replace("\\", "/")))


def _is_junk(path: PurePosixPath) -> bool:
    # Not what only looks like it: "..", say, must be seen.
    hidden = path.name.startswith(".") and path.name.strip(".") != ""
    return hidden or path.name.lower() in JUNK or "__MACOSX" in path.parts


def _require_small_directory(file: IO[bytes], label: str) -> None:
    """Refuse a table of contents that would fill the memory before anything of it can be looked at."""
    size = file.seek(0, 2)
    file.seek(0)
    first = file.read(4)
    file.seek(max(0, size - (1 << 16) - 22 - 20))
    tail = file.read()
    at = tail.rfind(DIRECTORY, 0, len(tail) - 18)
    if first not in (FIRST, DIRECTORY) or at < 0:
        raise Invalid(f"{label} is no zip, or was cut off. Pack the folder as a .zip.")
    entries, length = struct.unpack_from("<HI", tail, at + 10)
    wide = tail[max(0, at - 20) : at].startswith(LOCATOR) or entries == 0xFFFF or length == 0xFFFFFFFF
    if wide or entries > MOST_ENTRIES or length > LONGEST_DIRECTORY:
        raise Invalid(f"{label} holds too much: {MOST_ENTRIES:,} files at most. Make several mixes.")
    file.seek(0)


def _brief(error: Exception) -> str:
    return shown((str(error).splitlines() or [type(error).__name__])[0])
