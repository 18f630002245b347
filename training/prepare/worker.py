"""What a worker process does of a preparation: files of one chunk to pixels in the store."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from training.prepare.colour import BadImage
from training.prepare.decode import read_photograph
from training.prepare.store import put


@dataclass(frozen=True)
class Options:
    """What of a folder becomes a dataset's images, and at which size."""

    resolution: int = 256
    allow_upsampling: bool = False
    skip_bad: bool = False
    keep_masks: bool = False
    keep_duplicates: bool = False


DEFAULTS = Options()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a worker found in a file, whose pixels it has put in the store; ``reason`` says why it has not."""

    file: str
    reason: str | None = None
    sha256: str = ""
    width: int = 0
    height: int = 0
    drawn: bool = False
    mask: bool = False
    pixels: bytes = b""


def read_chunk(root: Path, store: Path, options: Options, chunk: tuple[int, list[str]]) -> list[Outcome]:
    """Decode a chunk of files in a worker; the pixels go straight to their slots in the store."""
    start, files = chunk
    return [_read(root, file, store, start + at, options) for at, file in enumerate(files)]


def _read(root: Path, file: str, store: Path, slot: int, options: Options) -> Outcome:
    try:
        photo = read_photograph(root / file, options.resolution, options.allow_upsampling)
    except BadImage as error:
        return Outcome(file, reason=str(error))
    data = photo.pixels.tobytes()
    put(store, slot, data)
    pixels = hashlib.sha256(data).digest()
    return Outcome(file, None, photo.sha256, photo.width, photo.height, photo.drawn, photo.mask, pixels)
