"""Which image files lie in a folder, how many come while the client works, and which of them are whole."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from training.fetch.client import LEFTOVER
from training.parallel import cores, ordered_map
from training.prepare.colour import BadImage
from training.prepare.decode import read_photograph
from training.prepare.sources import IMAGE_SUFFIXES
from training.progress import Advance, progress

_FILES_A_WORKER = 100


def image_names(folder: Path) -> set[str]:
    """Return the names of the image files in a folder, by their suffixes."""
    return {entry.name for entry in os.scandir(folder) if _is_image(entry.name)}


def stems(names: Iterable[str]) -> set[str]:
    """Return names without their suffixes: the archive's ids of images."""
    return {Path(name).stem for name in names}


def keep_whole(folder: Path, names: Iterable[str]) -> set[str]:
    """Decode the named images, remove those that are damaged, and return the others.

    The reading is the one that preparing them does: an image that stays will not stop it later.
    """
    files, whole = sorted(names), set[str]()
    if not files:
        return whole
    results = ordered_map(
        partial(_damage, folder), files, max(1, min(cores(), len(files) // _FILES_A_WORKER))
    )
    with progress("Checking", len(files)) as advance, closing(results):
        for name, damage in zip(files, results, strict=True):
            if damage is None:
                whole.add(name)
            else:
                (folder / name).unlink()
                print(f"removed {name}: {damage}", file=sys.stderr)
            advance(1)
    return whole


class Arrivals:
    """Looks at a folder while the client works in it; new images advance the display."""

    def __init__(self, folder: Path, here: int, advance: Advance) -> None:
        self.folder, self.here, self.advance = folder, here, advance

    def __call__(self) -> int:
        """Return the bytes of all images, half ones too: a number that changes while anything arrives."""
        sizes = dict(self._sizes())
        images = sum(map(_is_image, sizes))
        if images > self.here:
            self.advance(images - self.here)
            self.here = images
        return sum(sizes.values())

    def _sizes(self) -> Iterator[tuple[str, int]]:
        for entry in os.scandir(self.folder):
            if _is_image(entry.name) or entry.name.startswith(LEFTOVER):
                try:
                    yield entry.name, entry.stat().st_size
                except FileNotFoundError:  # a half image that has just become a whole one
                    continue


def _is_image(name: str) -> bool:
    return Path(name).suffix.lower() in IMAGE_SUFFIXES and not name.startswith(".")


def _damage(folder: Path, name: str) -> str | None:
    try:
        read_photograph(folder / name, resolution=1)
    except BadImage as error:
        return str(error)
    return None
