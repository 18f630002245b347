"""Real images to compare samples with: those of a dataset that show a lesion which its others do not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.dataset import Dataset, at_resolution
from training.errors import UserError
from training.mix import LESION


@dataclass(frozen=True)
class HeldOut:
    """``rows`` of ``dataset``, one image a lesion; ``own`` has the lesions to leave out of what they are
    compared with, by their number there, or -1.
    """

    dataset: Dataset
    rows: list[int]
    own: NDArray[np.int64]

    def images(self, resolution: int) -> NDArray[np.uint8]:
        """Their pixels: uint8 (N, R, R, 3)."""
        return at_resolution(self.dataset.images[sorted(self.rows)], resolution)[
            np.argsort(np.argsort(self.rows))
        ]


def lesion_numbers(dataset: Dataset) -> NDArray[np.int64]:
    """A number for each image, the same for images of one lesion; where it is unknown, for the same files."""
    names = [_lesion(row) for row in dataset.index]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def hold_out(dataset: Dataset, pool: NDArray[np.int64], count: int, random: np.random.Generator) -> HeldOut:
    """Choose at most ``count`` of the rows ``pool``, of different lesions.

    Each is to be compared with the pool's images of all other lesions.
    """
    lesions = lesion_numbers(dataset)
    rows = _one_each([int(row) for row in random.permutation(pool)], lesions)[:count]
    return HeldOut(dataset, rows, lesions[rows])


def from_another(
    dataset: Dataset, pool: NDArray[np.int64], other: Dataset, count: int, random: np.random.Generator
) -> HeldOut:
    """Choose at most ``count`` images of different lesions of ``other``, none among ``dataset``'s ``pool``.

    Raises ``UserError`` where all of them are.
    """
    rows = (dataset.index[row] for row in pool)
    known = {row[key] for row in rows for key in (LESION, "sha256") if row.get(key)}
    order = [int(row) for row in random.permutation(other.count)]
    new = [row for row in order if not known & {other.index[row].get(LESION), other.index[row]["sha256"]}]
    chosen = _one_each(new, lesion_numbers(other))[:count]
    if not chosen:
        raise UserError(
            f"every image of {other.folder} is of a lesion, or a file, that {dataset.folder} has too. "
            "Give --held-out photographs that training did not see, or leave it out."
        )
    return HeldOut(other, chosen, np.full(len(chosen), -1))


def _one_each(rows: list[int], lesions: NDArray[np.int64]) -> list[int]:
    first: dict[int, int] = {}
    for row in rows:
        first.setdefault(int(lesions[row]), row)
    return list(first.values())


def _lesion(row: dict[str, str]) -> str:
    return f"lesion {row[LESION]}" if row.get(LESION) else f"file {row['sha256']}"
