"""The report on a generator's neighbours, from the checkpoint to the folder."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.batches import require_reducible
from training.dataset import Dataset, verify
from training.errors import UserError
from training.export import TrainedGenerator
from training.files import new_folder
from training.measure.neighbours.examine import Examined, examine
from training.measure.neighbours.figure import save_figure
from training.measure.neighbours.heldout import from_another, hold_out, lesion_numbers
from training.measure.neighbours.nearest import Pool
from training.measure.neighbours.report import document, write_documents
from training.measure.neighbours.sheet import Shown, most_suspicious, save_sheet
from training.parallel import interruptible
from training.progress import progress
from training.sample import draw_all, latent_seeds
from training.selection import rows_where

SAMPLES_SHOWN, REALS_SHOWN = 16, 6
FEW = 50
"""With fewer held-out reals than this the tests see little."""
STRANGE = (
    "Warning: this dataset is not the one that the generator was trained on (their digests differ). "
    "What follows says nothing about images that only the training's dataset has."
)


def neighbours(
    generator: TrainedGenerator,
    dataset: Dataset,
    other: Dataset | None,
    *,
    count: int,
    reals: int,
    seed: int,
    out: Path,
) -> dict[str, Any]:
    """Write the report folder ``out`` on ``count`` samples; return what its ``neighbours.json`` says.

    The samples are those that ``sample`` draws with this seed. They are compared with the images of
    ``dataset`` that the generator's training selected, all of them where it selected none, flipped as
    training may have flipped them. At most ``reals`` held-out reals are drawn from ``other``, of lesions that
    those images do not show; without it, from those images themselves, each compared with all of other
    lesions. Raises ``UserError`` where ``dataset`` lacks what the selection asks for, images cannot be
    reduced to the generator's resolution, pixels are not those of a dataset's digest, or ``out`` exists.
    """
    if count < 1 or reals < 1:
        raise UserError(f"at least one sample and one real are needed, not {count} and {reals}.")
    for each in (dataset, other):
        if each is not None:
            require_reducible(each, generator.resolution)
    rows = _trained_on(generator, dataset)
    if generator.dataset != dataset.digest:
        print(STRANGE, file=sys.stderr)  # at once: a mistake is noticed before the long work
    with interruptible(f"nothing was written to {out}"), new_folder(out) as folder:
        random = np.random.default_rng([seed, 1])
        if other:
            held_out = from_another(dataset, rows, other, reals, random)
        else:
            held_out = hold_out(dataset, rows, reals, random)
        for each in (dataset, other):
            if each is not None:
                verify(each)  # the report leads every image back to these digests
        seeds = latent_seeds(count, np.random.default_rng(seed))
        images = np.stack(list(draw_all(generator, seeds))), held_out.images(generator.resolution)
        pool, flips = Pool(dataset.images, rows, lesion_numbers(dataset)[rows]), generator.family.settings
        with progress("Comparing", len(rows)) as advance:
            examined = examine(
                *images, pool, held_out.own, flip_vertical=flips.flip_vertical, advance=advance
            )
        configuration = {"count": count, "reals": reals, "seed": seed, "device": str(generator.device)}
        said = document(generator, dataset, len(rows), held_out, seeds, examined, configuration)
        write_documents(folder, said)
        save_figure(folder, examined)
        save_sheet(folder / "sheet.png", _parts(said, examined, *images), dataset)
    return said


def _trained_on(generator: TrainedGenerator, dataset: Dataset) -> NDArray[np.int64]:
    """The dataset's rows that the generator was trained on, in their order."""
    if not generator.where:
        return np.arange(dataset.count)
    try:
        return np.array(rows_where(dataset, generator.where))
    except UserError as error:
        raise UserError(
            f"the generator was trained on a selection of images that {dataset.folder} cannot make: {error} "
            "Give --data the dataset folder that it was trained on."
        ) from error


def told(said: dict[str, Any]) -> str:
    """The verdict of a report with its selection, limits and warnings, for people."""
    lines = [said["verdict"]["text"], said["verdict"]["limits"]]
    if said["dataset"]["where"]:
        lines.insert(0, _selection(said))
    if not said["trained_on_this_dataset"]:
        lines.insert(0, STRANGE)
    if said["held_out"]["count"] < min(said["configuration"]["reals"], FEW):
        lines.append(f"Only {said['held_out']['count']} held-out reals could be found: the tests are weak.")
    return "\n".join(lines)


def _selection(said: dict[str, Any]) -> str:
    data = said["dataset"]
    asked = " ".join(f"--where {column}={','.join(values)}" for column, values in data["where"].items())
    line = f"Compared with the {data['selected']} of {data['count']} images of the training's {asked}."
    if said["held_out"]["where"] != data["where"]:
        line += " The held-outs were not selected so: where they are of other kinds, they look further away."
    return line


def _parts(
    said: dict[str, Any], examined: Examined, samples: NDArray[np.uint8], held_outs: NDArray[np.uint8]
) -> list[tuple[str, list[Shown]]]:
    """The sheet's two parts with their titles."""
    ours = [
        Shown(image, f"seed {row['latent_seed']}", found)
        for image, row, found in zip(samples, said["samples"], examined.samples, strict=True)
    ]
    theirs = [
        Shown(image, f"real {row['index']}", found)
        for image, row, found in zip(held_outs, said["held_outs"], examined.held_outs, strict=True)
    ]
    shown, for_comparison = most_suspicious(ours, SAMPLES_SHOWN), most_suspicious(theirs, REALS_SHOWN)
    return [
        (f"The {len(shown)} most suspicious of {len(ours)} samples (framed: they stand out)", shown),
        (
            f"For comparison: the {len(for_comparison)} most suspicious of {len(theirs)} held-out reals",
            for_comparison,
        ),
    ]
