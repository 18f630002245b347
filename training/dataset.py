"""The dataset folder: squares of pixels that training maps into memory, and where each of them came from."""

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.errors import UserError

IMAGES = "images.npy"
INDEX = "index.csv"
DESCRIPTION = "dataset.json"
INDEX_COLUMNS = ("index", "file", "sha256", "width", "height", "drawn")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Findings(_Strict):
    """What stood out in the source folder, by files' paths in it.

    ``bad`` (skipped, with the reason) and ``ignored`` (no photographs by their names) are not in the
    dataset. Nor are ``masks`` and ``duplicates`` (the later of two files with the same bytes, with the
    first), unless the configuration says that they were kept.
    """

    bad: dict[str, str] = {}
    masks: list[str] = []
    duplicates: dict[str, str] = {}
    ignored: list[str] = []


class Joined(_Strict):
    """The table that was joined: its file's name and SHA-256, and what found no partner in it."""

    file: str
    sha256: str
    columns: list[str]
    images_without_row: int = Field(ge=0)
    rows_without_image: int = Field(ge=0)


class Description(_Strict):
    """``dataset.json``: what ``images.npy`` holds and how it was made."""

    format: Literal["dermvtt-dataset"] = "dermvtt-dataset"
    version: Literal[1] = 1
    tool_version: str
    pillow_version: str
    resolution: int = Field(gt=0)
    count: int = Field(gt=0)
    drawn: int = Field(ge=0)
    crop: Literal["centre square"] = "centre square"
    resampling: Literal["lanczos"] = "lanczos"
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    configuration: dict[str, Any] = {}
    metadata: Joined | None = None
    findings: Findings = Findings()


@dataclass(frozen=True)
class Dataset:
    """An opened dataset folder.

    ``images`` is a read-only memory map, uint8 (count, resolution, resolution, 3) RGB; ``index`` has a row
    for each of them, by the columns of ``index.csv``.
    """

    folder: Path
    images: np.ndarray
    index: list[dict[str, str]]
    description: Description

    @property
    def digest(self) -> str:
        """The content digest; see ``content_digest``."""
        return self.description.digest

    @property
    def resolution(self) -> int:
        """Width and height of every image, in pixels."""
        return self.description.resolution

    @property
    def count(self) -> int:
        """How many images there are."""
        return self.description.count

    @property
    def drawn(self) -> bool:
        """Whether any image is a computer-drawn phantom, no photograph."""
        return self.description.drawn > 0


def open_dataset(folder: Path) -> Dataset:
    """Open a dataset folder; raise ``UserError`` where a part is missing or does not fit the others."""
    description = _read_description(folder)
    images = _map_images(folder / IMAGES)
    shape = (description.count, description.resolution, description.resolution, 3)
    if images.shape != shape or images.dtype != np.uint8:
        held = f"{images.dtype} {images.shape}"
        raise _inconsistent(folder, f"{IMAGES} holds {held}, where {DESCRIPTION} says uint8 {shape}")
    index = _read_index(folder)
    if len(index) != description.count:
        raise _inconsistent(folder, f"{INDEX} has {len(index)} rows for {description.count} images")
    return Dataset(folder, images, index, description)


def content_digest(resolution: int, image_digests: Iterable[bytes]) -> str:
    """Digest a dataset's pixels from the SHA-256 (32 bytes each) of every image's.

    SHA-256 over the line ``"{resolution}x{resolution}x3 uint8\\n"`` in ASCII and then the SHA-256 of each
    image's height x width x RGB bytes, in order. In Python::

        sha256(b"256x256x3 uint8\\n" + b"".join(sha256(image.tobytes()).digest() for image in images))
    """
    whole = hashlib.sha256(f"{resolution}x{resolution}x3 uint8\n".encode())
    for digest in image_digests:
        whole.update(digest)
    return whole.hexdigest()


def verify(dataset: Dataset) -> None:
    """Read every pixel and compare the content digest; raise ``UserError`` where it differs."""
    digests = (hashlib.sha256(image.tobytes()).digest() for image in dataset.images)
    if content_digest(dataset.resolution, digests) != dataset.digest:
        raise _inconsistent(
            dataset.folder, f"the pixels of {IMAGES} are not those whose digest {DESCRIPTION} has"
        )


def at_resolution(images: np.ndarray, resolution: int) -> np.ndarray:
    """Reduce uint8 (n, h, h, 3) to uint8 (n, resolution, resolution, 3): the mean of whole blocks of pixels.

    Exact integer arithmetic, rounded to nearest with halves up. Raises ``UserError`` where ``resolution``
    does not divide h.
    """
    count, height, width, channels = images.shape
    factor, rest = divmod(height, resolution)
    if rest or not factor or height != width:
        raise UserError(
            f"images of {width} x {height} cannot be reduced to {resolution} x {resolution}: "
            "the resolution must divide theirs."
        )
    if factor == 1:
        return np.asarray(images)
    # Strided sums, rows before columns: twice as fast as reshaping and summing over two axes.
    rows = np.zeros((count, resolution, width, channels), np.uint16 if factor <= 256 else np.uint32)
    for offset in range(factor):
        rows += images[:, offset::factor]
    blocks = np.zeros((count, resolution, resolution, channels), np.uint32)
    for offset in range(factor):
        blocks += rows[:, :, offset::factor]
    area = factor * factor
    return ((blocks + area // 2) // area).astype(np.uint8)


def _read_description(folder: Path) -> Description:
    path = folder / DESCRIPTION
    try:
        return Description.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(
            f"{folder} is no dataset: {path} cannot be read ({error.strerror}). "
            f"Make one with: dermvtt-train prepare PHOTOS --out {folder}"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise _inconsistent(folder, f"{DESCRIPTION}: {where}: {first['msg']}") from error


def _map_images(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _inconsistent(path.parent, f"{IMAGES} cannot be opened ({error})") from error


def _read_index(folder: Path) -> list[dict[str, str]]:
    try:
        with (folder / INDEX).open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _inconsistent(folder, f"{INDEX} cannot be read ({error})") from error
    if tuple(reader.fieldnames or ())[: len(INDEX_COLUMNS)] != INDEX_COLUMNS:
        raise _inconsistent(folder, f"{INDEX} does not begin with the columns {','.join(INDEX_COLUMNS)}")
    return rows


def _inconsistent(folder: Path, what: str) -> UserError:
    return UserError(f"{folder} is no whole dataset: {what}. Prepare it again with dermvtt-train prepare.")
