"""The raters' ROC curves as rows: what a figure draws and a reader can draw again."""

from dataclasses import dataclass

import numpy as np

from backend.analysis.raters.grades import rater_curves
from backend.analysis.ratings import RatingsTable


@dataclass(frozen=True)
class CurvePoint:
    """A point of a rater's empirical ROC curve.

    Attributes
    ----------
    rater, group : str
        Names.
    threshold : float or None
        Images graded at least so are called real here: the confidence of "real", minus that of "fake".
        ``None`` at the start of the curve, where none is.
    fpr, tpr : float
        Shares of fakes and of reals that are.
    """

    rater: str
    group: str
    threshold: float | None
    fpr: float
    tpr: float


def curve_points(table: RatingsTable) -> tuple[CurvePoint, ...]:
    """The curve of every rater who graded a real and a fake, from (0, 0) to (1, 1); others have none."""
    groups = dict(zip(table.raters, (table.groups[code] for code in table.rater_group), strict=True))
    return tuple(
        CurvePoint(rater, groups[rater], float(cut) if np.isfinite(cut) else None, float(fpr), float(tpr))
        for rater, curve in rater_curves(table).items()
        if curve is not None
        for fpr, tpr, cut in zip(*curve, strict=True)
    )
