"""Which files of a folder tree are photographs, and in which order they come."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from training.errors import UserError

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".bmp", ".dib", ".webp"}
_SIDE_SUFFIXES = {".csv", ".tsv", ".json", ".jsonl", ".md", ".rst", ".xlsx", ".yaml", ".yml", ".toml", ".xml"}
_SIDE_STEMS = {"readme", "license", "licence", "attribution", "citation", "copying", "notice", "changelog"}
_SYSTEM_NAMES = {"thumbs.db", "desktop.ini", "__macosx", "licenses"}
"""The last is the ISIC Archive's, with texts."""
_MASK_NAME = re.compile(r"[_-](segmentation|superpixels|mask|attribute_[a-z_]+)$", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass
class Sources:
    """What a walk through a folder found, by paths relative to it with ``/`` between their parts.

    ``images`` are to be decoded, sorted by code point; ``bad`` cannot be reached, with the reason;
    ``ignored`` are evidently no photographs: tables, notes, hidden and system files.
    """

    images: list[str] = field(default_factory=list)
    bad: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


def find_sources(root: Path) -> Sources:
    """Walk ``root`` to any depth, through links but into no folder twice; raise ``UserError`` if empty."""
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise UserError(f"{root} {what}. Give the folder that holds the photographs.")
    found = Sources()
    _walk(root, "", found, set())
    if not found.images and not found.bad:
        raise UserError(
            f"{root} holds no image (JPEG, PNG, TIFF, BMP or WebP), in no folder below it either."
        )
    found.images.sort()
    found.ignored.sort()
    return found


def names_mask(file: str) -> bool:
    """Tell whether a file is named like a segmentation mask, as ``*_segmentation.png`` is."""
    return _MASK_NAME.search(Path(file).stem) is not None


def printable(file: str) -> str:
    """Return a file name as it can be shown and stored, with escapes for bytes that are not UTF-8."""
    return file.encode("utf-8", "backslashreplace").decode("utf-8")


def on_one_line(file: str) -> str:
    """Return a file name for a list of lines, with escapes for control characters and line separators."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), file)


def _walk(folder: Path, prefix: str, found: Sources, seen: set[tuple[int, int]]) -> None:
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:  # a link to where we have been
            found.ignored.append(prefix)
            return
        seen.add((status.st_dev, status.st_ino))
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        found.bad[printable(prefix or folder.name)] = f"folder cannot be read: {error.strerror}"
        return
    for entry in entries:
        file = prefix + entry.name
        if _is_beside(entry.name):
            found.ignored.append(printable(file))
        elif _is_folder(entry):
            _walk(folder / entry.name, file + "/", found, seen)
        elif printable(file) != file:
            found.bad[printable(file)] = "its name is not UTF-8; rename it"
        else:
            found.images.append(file)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle; the reader says so in its reason
        return False


def _is_beside(name: str) -> bool:
    name = name.lower()
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - of a bare name; pathlib takes "README." apart otherwise
    if suffix in IMAGE_SUFFIXES and not name.startswith("._"):
        return False
    known = suffix in _SIDE_SUFFIXES or (stem in _SIDE_STEMS and suffix in ("", ".txt", ".html"))
    return name.startswith(".") or name in _SYSTEM_NAMES or known
