"""Scores of raters and images with their weights in an estimate, for one group of raters or two."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from backend.analysis.groups.scores import Floats


@dataclass(frozen=True, eq=False)
class Design:
    """Scores, weights and who and what belongs where, without raters and images that have no weight.

    ``scores`` and ``weights`` are (raters, images) and 0 where ``answered`` is; ``groups`` (groups, raters)
    and ``strata`` (strata, images) are 1 for members.
    """

    scores: Floats
    weights: Floats
    answered: Floats
    groups: Floats
    strata: Floats

    @classmethod
    def of(cls, scores: ArrayLike, weights: ArrayLike | None, strata: ArrayLike | None) -> Self:
        """One group's design, each rater counting once. Raises ``ValueError`` for shapes that do not fit."""
        x = np.asarray(scores, dtype=float)
        if x.ndim != 2:
            raise ValueError("scores must be a matrix of raters x images")
        there = ~np.isnan(x)
        if weights is None:
            w = there / np.maximum(there.sum(axis=1, keepdims=True), 1)
        else:
            w = np.where(there, np.asarray(weights, dtype=float), 0.0)
        codes = np.zeros(x.shape[1], dtype=int) if strata is None else np.asarray(strata)
        if w.shape != x.shape or codes.shape != x.shape[1:]:
            raise ValueError("weights and strata must have the scores' raters and images")
        weighty = np.any(w != 0, axis=1)
        answered = (w != 0).astype(float)
        return cls(
            scores=np.where(w != 0, x, 0.0),
            weights=w / max(1, np.count_nonzero(weighty)),
            answered=answered,
            groups=weighty[None].astype(float),
            strata=(np.unique(codes)[:, None] == codes).astype(float),
        )

    @classmethod
    def contrast(cls, first: Self, second: Self) -> Self:
        """Two groups' design, for the difference of their means."""
        if first.strata.shape != second.strata.shape:
            raise ValueError("both groups must have the same images")
        zeros = np.zeros_like
        return cls(
            scores=np.vstack([first.scores, second.scores]),
            weights=np.vstack([first.weights, -second.weights]),
            answered=np.vstack([first.answered, second.answered]),
            groups=np.vstack(
                [
                    np.hstack([first.groups, zeros(second.groups)]),
                    np.hstack([zeros(first.groups), second.groups]),
                ]
            ),
            strata=first.strata,
        )

    def raters(self) -> Floats:
        """How many raters of each group have a score."""
        return self.groups.sum(axis=1)

    def images(self) -> Floats:
        """How many images of each stratum have a score."""
        return self.strata @ self.answered.any(axis=0)

    def used(self) -> tuple[int, int]:
        """Raters and images in all."""
        return int(self.raters().sum()), int(self.images().sum())

    def lacking(self) -> str | None:
        """Why there is no mean."""
        return None if self.raters().all() else "no rater has the rate"

    def too_small(self) -> str | None:
        """Why the mean has no variance."""
        if self.raters().min() < 2:
            return "only one rater has the rate: its variance over raters is undefined"
        if 1 in self.images():
            return "only one image of a kind was answered: the variance over images is undefined"
        return None
