"""Sets of images to be measured, whatever they come from: a dataset, a folder of files or a generator."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.dataset import DESCRIPTION, IMAGES, Dataset, open_dataset
from training.errors import UserError
from training.measure import chunks
from training.measure.chunks import CHUNK, PREPARE, Chunk
from training.prepare.sources import find_sources, on_one_line
from training.shipped import located

if TYPE_CHECKING:  # torch takes two seconds to import, and datasets and folders need none of it
    from training.export import TrainedGenerator


class Images(ABC):
    """A set of images, uint8 RGB and all of one size.

    ``name`` is what to call it, ``count`` how many there are (None: as many as are wanted), ``resolution``
    their side in pixels, ``digest`` the dataset's or generator's (None: it has none), ``kind`` what they come
    from, and ``reduced_from`` their side before they were reduced (None: they were not).
    """

    kind: str
    reduced_from: int | None = None
    name: str
    count: int | None
    resolution: int
    digest: str | None

    @abstractmethod
    def chunks(self, count: int, random: np.random.Generator) -> Iterator[Chunk]:
        """Yield what reads ``count`` different images that ``random`` picks, 16 at a time but for the last.

        All there are come in their order. Raises ``ValueError`` where there are fewer; reading raises
        ``UserError`` where a file cannot be read.
        """

    def take(self, count: int, random: np.random.Generator) -> NDArray[np.uint8]:
        """``count`` different images that ``random`` picks, all in memory: uint8 (count, R, R, 3)."""
        return np.concatenate([chunk() for chunk in self.chunks(count, random)])

    def _pick(self, count: int, random: np.random.Generator) -> NDArray[np.int64]:
        if self.count is None or count > self.count:
            raise ValueError(f"{count} of {self.count} images")
        return np.sort(random.permutation(self.count)[:count])


class ArrayImages(Images):
    """Images in an array or memory map: uint8 (n, R, R, 3)."""

    kind = "dataset"

    def __init__(self, images: NDArray[np.uint8], name: str = "array", digest: str | None = None) -> None:
        if images.ndim != 4 or images.shape[1:] != (images.shape[1], images.shape[1], 3):
            raise ValueError(f"images of shape {images.shape}, not (n, R, R, 3)")
        if images.dtype != np.uint8:
            raise ValueError(f"images of {images.dtype}, not uint8")
        self._images = images
        self.name, self.digest = name, digest
        self.count, self.resolution = images.shape[:2]

    def chunks(self, count: int, random: np.random.Generator) -> Iterator[Chunk]:
        """See ``Images.chunks``."""
        rows = self._pick(count, random)
        for start in range(0, count, CHUNK):
            yield partial(chunks.held, self._images[rows[start : start + CHUNK]])


class DatasetImages(ArrayImages):
    """A dataset's images, read and not mapped: mapped pages count as memory, and take longer, one by one."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset.images, str(dataset.folder), dataset.digest)
        self._file = dataset.folder / IMAGES

    def chunks(self, count: int, random: np.random.Generator) -> Iterator[Chunk]:
        """See ``Images.chunks``."""
        rows = self._pick(count, random)
        offset, shape = self._images.offset, self._images.shape[1:]
        for start in range(0, count, CHUNK):
            yield partial(chunks.read_rows, self._file, offset, shape, rows[start : start + CHUNK])


class FolderImages(Images):
    """A folder of square image files, in it and in folders below, sorted by their paths.

    Raises ``UserError`` where a file is no image, or not of the first one's size; reading does so where a
    later file is.
    """

    kind = "folder"
    digest = None

    def __init__(self, folder: Path) -> None:
        found = find_sources(folder)
        for file, reason in found.bad.items():
            raise UserError(f"{folder / on_one_line(file)}: {reason}.")
        self._files = [folder / file for file in found.images]
        first = chunks.read_file(self._files[0], 1)
        if first.width != first.height:
            size = f"{first.width} x {first.height}"
            raise UserError(f"{self._files[0]} is {size}; the images must be square. {PREPARE}")
        self.name, self.count, self.resolution = str(folder), len(self._files), first.width

    def chunks(self, count: int, random: np.random.Generator) -> Iterator[Chunk]:
        """See ``Images.chunks``."""
        files = [self._files[row] for row in self._pick(count, random)]
        for start in range(0, count, CHUNK):
            yield partial(chunks.decode, files[start : start + CHUNK], self.resolution, self._files[0])


class GeneratorImages(Images):
    """What a generator draws, each image from a latent seed of its own."""

    kind = "generator"
    count = None

    def __init__(self, generator: "TrainedGenerator", name: str) -> None:
        self._generator = generator
        self.name, self.resolution, self.digest = name, generator.resolution, generator.digest

    def chunks(self, count: int, random: np.random.Generator) -> Iterator[Chunk]:
        """See ``Images.chunks``; ``random`` draws the latent seeds."""
        from training.sample import latent_seeds  # noqa: PLC0415 - imports torch

        seeds = latent_seeds(count, random)
        for start in range(0, count, CHUNK):
            yield partial(chunks.held, self._generator.draw_batch(seeds[start : start + CHUNK]))


class ReducedImages(Images):
    """Larger images, reduced as the dataset's are for training: the mean of whole blocks of pixels."""

    def __init__(self, images: Images, resolution: int) -> None:
        self._images = images
        self.name, self.count, self.digest = images.name, images.count, images.digest
        self.kind, self.reduced_from, self.resolution = images.kind, images.resolution, resolution

    def chunks(self, count: int, random: np.random.Generator) -> Iterator[Chunk]:
        """See ``Images.chunks``."""
        for chunk in self._images.chunks(count, random):
            yield partial(chunks.reduce, chunk, self.resolution)


def open_images(path: Path, device: str = "auto") -> Images:
    """Open a dataset folder, a generator (run, checkpoint, exported or shipped), or else a folder of images.

    A generator draws on the device of this name. Raises ``UserError`` where ``path`` is none of them.
    """
    name, path = str(path), located(path)
    if not path.exists():
        raise UserError(f"{path} does not exist. Give a dataset, a folder of images or a checkpoint.")
    if (path / DESCRIPTION).is_file():
        return DatasetImages(open_dataset(path))
    if path.is_file() or (path / "state.json").is_file() or (path / "checkpoints").is_dir():
        from training.device import pick_device  # noqa: PLC0415 - imports torch
        from training.export import load_generator  # noqa: PLC0415

        return GeneratorImages(load_generator(path, pick_device(device)), name)
    return FolderImages(path)


def of_one_size(a: Images, b: Images) -> tuple[Images, Images]:
    """Reduce the larger images to the others' size; raise ``UserError`` where it is no multiple of that."""
    small = min(a.resolution, b.resolution)
    for images in (a, b):
        if images.resolution % small:
            raise UserError(
                f"{a.name} is {a.resolution} x {a.resolution} and {b.name} {b.resolution} x {b.resolution}: "
                "one size must be a multiple of the other. " + PREPARE
            )
    reduced = [each if each.resolution == small else ReducedImages(each, small) for each in (a, b)]
    return reduced[0], reduced[1]
