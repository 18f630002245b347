"""A set of images described for the SWD: how the projections of its patches are distributed.

On the CPU processes share the work, each with the patches of some of the images: threads would spend a third
of their time on taking turns. What is counted are whole numbers: who counts which makes no difference.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.measure.chunks import CHUNK, Chunk
from training.measure.patches import PER_IMAGE, Moments, Places, Taker
from training.measure.projections import Counter, Counts, weights_of
from training.parallel import Team, cores, hired

if TYPE_CHECKING:  # torch is not needed without a GPU, and takes seconds to import; a worker shows nothing
    import torch

    from training.progress import Advance

WORTH_PROCESSES = 1 << 19
"""From so many patches on, processes repay their start."""
MOST_PROCESSES = 16

Describe = Callable[
    [Iterator[Chunk], list[Places], list[list[NDArray[np.float64]]], "Advance"], list[list[Counts]]
]
"""Given chunks of images, places and directions: of each draw, each level's counts.

It says how many patches, of all draws and levels, it has taken, and then how many it has counted.
"""


def describing(device: "torch.device | None", patches: int) -> AbstractContextManager[Describe]:
    """What describes sets of about so many patches: on the GPU where ``device`` is one, or on the CPU.

    On the CPU it is NumPy, whose matrix products and counting beat PyTorch's.
    """
    if device is None or device.type == "cpu":
        return _by_team(min(cores(), MOST_PROCESSES) if patches >= WORTH_PROCESSES else 1)
    from training.measure.on_torch import on_device  # noqa: PLC0415

    return nullcontext(on_device(device))


@contextmanager
def _by_team(size: int) -> Iterator[Describe]:
    with hired(_Share, size) as team:

        def describe(
            chunks: Iterator[Chunk],
            places: list[Places],
            directions: list[list[NDArray[np.float64]]],
            advance: "Advance",
        ) -> list[list[Counts]]:
            _take(team, chunks, places, advance)
            (shares,) = team.all(_Share.moments)
            counted = team.all(_Share.count, _weights(_together(shares), directions))
            counts: list[list[Counts]] = []
            for draw in places:
                counts.append([])
                for level in draw:
                    counts[-1].append(reduce(add, next(counted)))
                    advance(len(level) * PER_IMAGE)
            list(team.all(_Share.forget))
            return counts

        yield describe


class _Share(Taker):
    """One process's part of the set."""

    def __init__(self) -> None:
        super().__init__()
        self._counter = Counter()

    def read(self, chunk: Chunk, places: list[Places]) -> int:
        images = chunk()
        self.take(images, places)
        return len(images)

    def count(self, draw: int, level: int, weights: NDArray[np.float32]) -> Counts:
        return self._counter.count(self.patches(draw, level), weights)


def _take(team: Team[_Share], chunks: Iterator[Chunk], places: list[Places], advance: "Advance") -> None:
    def cut(number: int) -> list[Places]:
        rows = slice(number * CHUNK, (number + 1) * CHUNK)
        return [[level[rows] for level in draw] for draw in places]

    tasks = ((chunk, cut(number)) for number, chunk in enumerate(chunks))
    for images in team.each(_Share.read, tasks):
        advance(images * PER_IMAGE * sum(len(draw) for draw in places))


def _weights(
    moments: list[list[Moments]], directions: list[list[NDArray[np.float64]]]
) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
    """Each draw and level by number, with the directions for its patches."""
    for draw, (each, along) in enumerate(zip(moments, directions, strict=True)):
        for level, (some, lines) in enumerate(zip(each, along, strict=True)):
            yield draw, level, weights_of(some, lines)


def _together(shares: list[list[list[Moments]]]) -> list[list[Moments]]:
    """The moments of every draw's every level, over all shares that have any."""
    some = [share for share in shares if share]
    return [[reduce(add, each) for each in zip(*draw, strict=True)] for draw in zip(*some, strict=True)]
