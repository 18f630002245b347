"""Several models against the same reals: the paper's Table 1 and Figure 1 for one's own runs."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.errors import UserError
from training.files import new_folder
from training.measure import comparison_report
from training.measure.describe import describing
from training.measure.images import Images, ReducedImages, open_images
from training.measure.pyramid import levels_of
from training.measure.report import gpu
from training.measure.swd import Reference, SlicedWasserstein, patches_of, summary
from training.parallel import interruptible
from training.progress import progress

SHOWN = 16
"""Images of each set on the sheet."""


@dataclass(frozen=True)
class Entry:
    """A set of images compared with the reals: a model's, or with ``model`` unset the reals themselves."""

    name: str
    images: Images
    model: bool
    found: SlicedWasserstein
    shown: NDArray[np.uint8]
    """Some of them, uint8 (n, R, R, 3)."""


@dataclass(frozen=True)
class Comparison:
    """The reals' distance to themselves, which is the lower bound, and then each model's to the reals."""

    data: str
    resolution: int
    entries: list[Entry]


def compare(
    runs: list[Path], data: Path, out: Path, *, images: int, seed: int, repeats: int, device: str, reals: bool
) -> Comparison:
    """Measure the SWD of each run's images to the dataset's and write the folder ``out``.

    A run may be whatever ``swd`` takes. All are reduced to the smallest one's size, and as many are taken of
    each as all have, ``images`` at most. ``reals`` puts real images on the sheet. Raises ``UserError`` where
    a source cannot be read or compared, two runs would have one name, or ``out`` exists.
    """
    sets = _of_one_size([open_images(path, device) for path in (data, *runs)])
    names = _names(runs)
    count = min([images, *(each.count for each in sets if each.count is not None)])
    if count < images:
        print(f"{count:,} images of each are compared, not {images:,}: there are no more.", file=sys.stderr)
    patches = patches_of(sets[0].resolution, count, repeats)
    with (
        interruptible(f"nothing was written to {out}"),
        new_folder(out) as partial,
        describing(gpu(device), patches) as describe,
    ):
        reference = Reference(sets[0], count, seed, repeats, describe, progress)
        entries = []
        for place, (name, each) in enumerate(zip(["real", *names], sets, strict=True)):
            found = summary(reference.distances(each, count, describe, progress), count, seed)
            entries.append(Entry(name, each, place > 0, found, _some(each, min(SHOWN, count), seed)))
        comparison = Comparison(str(data), sets[0].resolution, entries)
        comparison_report.write(partial, comparison, reals=reals)
    return comparison


def _of_one_size(sets: list[Images]) -> list[Images]:
    small = min(each.resolution for each in sets)
    levels_of(small)
    reduced = []
    for each in sets:
        if each.resolution % small:
            raise UserError(
                f"{each.name} is {each.resolution} x {each.resolution}, no multiple of the smallest set's "
                f"{small} x {small}. Compare models of one resolution, or of powers of two."
            )
        if each.resolution > small:
            print(
                f"{each.name}: reduced from {each.resolution} x {each.resolution} to {small} x {small}.",
                file=sys.stderr,
            )
        reduced.append(each if each.resolution == small else ReducedImages(each, small))
    return reduced


def _names(runs: list[Path]) -> list[str]:
    names = [run.stem if run.suffix == ".safetensors" else run.name or str(run) for run in runs]
    doubled = sorted({name for name in names if names.count(name) > 1 or name == "real"})
    if doubled:
        # A checkpoint's folder is named by its images seen: two runs' may be namesakes.
        names = [str(run).strip("/").replace("/", "-") for run in runs]
    if len(set(names)) < len(names):
        raise UserError(f"{doubled[0]} is given twice. Give each run once.")
    return names


def _some(images: Images, count: int, seed: int) -> NDArray[np.uint8]:
    return images.take(count, np.random.default_rng([seed, count]))
