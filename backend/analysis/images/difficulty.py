"""How often each image is taken for real, and which images are hardest and easiest."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from backend.analysis.images.kinds import texts_of_images
from backend.analysis.intervals import LEVEL, Proportion, clopper_pearson_limits, ratio, wilson_limits
from backend.analysis.ratings.rows import EVERYONE
from backend.analysis.ratings.table import LABELS, RatingsTable


@dataclass(frozen=True)
class ImageResult:
    """One image as the raters of a group took it.

    Attributes
    ----------
    group : str
        A group, or ``all`` raters.
    image : str
        The image's name.
    truth : str
        ``real`` or ``fake``.
    source : str or None
        ``real``, or the family of the generator; ``None`` where it was not recorded.
    diagnosis : str or None
        ``None`` where it was not recorded.
    n : int
        Answers.
    missing : int
        Raters who were shown the image and did not answer.
    called_real : int
        Answers that took it for real.
    share_real : float or None
        ``called_real / n``.
    ci_low, ci_high : float or None
        Wilson's interval of ``share_real``, over raters as if drawn at random.
    exact_low, exact_high : float or None
        Clopper and Pearson's interval of ``share_real``.
    error_rate : float or None
        Share of wrong answers, the image's difficulty: ``share_real`` of a fake, the rest of 1 of a
        real. Its interval is the same or its mirror image.
    rank : int or None
        1 for the hardest image of the group. Images are ordered by error rate, at equal rates the one
        with more answers first, then by name; ``None`` without an answer.
    degenerate : str or None
        Why a value is ``None``; ``None`` where all are defined.
    """

    group: str
    image: str
    truth: str
    source: str | None
    diagnosis: str | None
    n: int
    missing: int
    called_real: int
    share_real: float | None
    ci_low: float | None
    ci_high: float | None
    exact_low: float | None
    exact_high: float | None
    error_rate: float | None
    rank: int | None
    degenerate: str | None

    def interval(
        self, level: float = LEVEL, method: str = "wilson"
    ) -> tuple[float, float] | tuple[None, None]:
        """The interval of ``share_real`` by another level or method, as ``Proportion.interval``."""
        return Proportion(self.called_real, self.n).interval(level, method)


def image_results(table: RatingsTable, *, level: float = LEVEL) -> tuple[ImageResult, ...]:
    """Every image for every group and then ``all``; within a group by name, so that rows can be compared.

    Notes
    -----
    Raters answer independently of each other, so the number that takes one given image for real is binomial
    where raters are drawn at random. The interval speaks of that image. With many images some stand at the
    ends by luck: the hardest of them is expected to be less hard for other raters.

    Examples
    --------
    >>> from backend.analysis.ratings import RatingRow
    >>> answers = {"A": "real", "B": "real", "C": "fake"}
    >>> rows = [RatingRow(rater, "ED", "x", "fake", answer) for rater, answer in answers.items()]
    >>> x = image_results(RatingsTable.from_rows(rows))[-1]
    >>> x.called_real, round(x.error_rate, 3), round(x.ci_low, 3), round(x.ci_high, 3)
    (2, 0.667, 0.208, 0.939)
    """
    votes = _votes(table)
    groups = dict(zip((*table.groups, EVERYONE), (*votes, votes.sum(axis=0)), strict=True))
    names = _names(table)
    return tuple(row for group, cells in groups.items() for row in _group(table, group, cells, names, level))


def hardest(
    images: Sequence[ImageResult], k: int, *, group: str = EVERYONE, truth: str | None = None
) -> tuple[ImageResult, ...]:
    """The ``k`` images with the largest share of wrong answers, the hardest first; of one truth if given."""
    return _ranked(images, group, truth)[: max(k, 0)]


def easiest(
    images: Sequence[ImageResult], k: int, *, group: str = EVERYONE, truth: str | None = None
) -> tuple[ImageResult, ...]:
    """The ``k`` images with the smallest share of wrong answers, the easiest first; of one truth if given.

    At equal shares the one with more answers comes first, then they go by name, as among the hardest.
    """
    known = _ranked(images, group, truth)
    return tuple(sorted(known, key=lambda image: (image.error_rate, -image.n)))[: max(k, 0)]


def _ranked(images: Sequence[ImageResult], group: str, truth: str | None) -> tuple[ImageResult, ...]:
    known = [
        image
        for image in images
        if image.group == group and image.rank is not None and truth in (None, image.truth)
    ]
    return tuple(sorted(known, key=lambda image: image.rank))


def _votes(table: RatingsTable) -> NDArray[np.int64]:
    """Rows by group, image and answer (fake, real, missing)."""
    shape = len(table.groups), len(table.images), 3
    cells = np.ravel_multi_index((table.group, table.image, table.answer % 3), shape)
    return np.bincount(cells, minlength=np.prod(shape)).reshape(shape)


def _names(table: RatingsTable) -> list[tuple[str, str, str | None, str | None]]:
    """Name, truth, source and diagnosis of every image."""
    labels = [LABELS[truth] for truth in table.truths.tolist()]
    columns = [
        [text or None for text in texts_of_images(table, column)] for column in ("source", "diagnosis")
    ]
    return list(zip(table.images, labels, *columns, strict=True))


def _group(
    table: RatingsTable, group: str, votes: NDArray[np.int64], names: Sequence[tuple], level: float
) -> list[ImageResult]:
    fake, real, missing = votes.T
    n = fake + real
    error = ratio(np.where(table.truths == 1, fake, real), n)
    columns = (
        ratio(real, n),
        *wilson_limits(real, n, level),
        *clopper_pearson_limits(real, n, level),
        error,
        _ranks(error, n),
    )
    shares = zip(*(_plain(column) for column in columns), strict=True)
    counts = zip(n.tolist(), missing.tolist(), real.tolist(), strict=True)
    return [
        ImageResult(group, *name, *count, *share, None if rank is None else int(rank), _reason(count[0]))
        for name, count, (*share, rank) in zip(names, counts, shares, strict=True)
    ]


def _ranks(error: NDArray[np.float64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """From 1 for the hardest; NaN without answers. Images stand in the order of their names."""
    order = np.lexsort((np.arange(len(n)), -n, -error))
    ranks = np.empty(len(n))
    ranks[order] = np.arange(1, len(n) + 1)
    return np.where(n > 0, ranks, np.nan)


def _plain(column: NDArray[np.float64]) -> list[float | None]:
    return [None if isnan(value) else value for value in column.tolist()]


def _reason(n: int) -> str | None:
    return None if n else "no rater answered the image: its share and rank are undefined"
