"""How often each rater is right: accuracy, balanced accuracy, TPR, TNR and FPR, each with its intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from backend.analysis.intervals import (
    LEVEL,
    Limits,
    Proportion,
    clopper_pearson_limits,
    defined,
    ratio,
    wilson_limits,
)
from backend.analysis.raters.columns import Columns, limit_columns
from backend.analysis.raters.counts import Counts, unanswered


@dataclass(frozen=True)
class BalancedAccuracy:
    """The mean of two rates that different images inform.

    Attributes
    ----------
    tpr : Proportion
        Reals called real, of all reals.
    tnr : Proportion
        Fakes called fake, of all fakes.

    Examples
    --------
    >>> found = BalancedAccuracy(Proportion(50, 50), Proportion(4, 30))
    >>> round(found.value, 3), [round(limit, 3) for limit in found.interval()]
    (0.567, [0.513, 0.648])
    """

    tpr: Proportion
    tnr: Proportion

    @property
    def value(self) -> float | None:
        """(TPR + TNR) / 2, or ``None`` where either is undefined."""
        return None if self.degenerate else (self.tpr.value + self.tnr.value) / 2

    @property
    def degenerate(self) -> str | None:
        """Why ``value`` is ``None``."""
        lacking = unanswered(self.tpr.trials, self.tnr.trials)
        return lacking and f"{lacking}: balanced accuracy is undefined"

    def interval(self, level: float = LEVEL) -> tuple[float, float] | tuple[None, None]:
        """Newcombe's interval (``balanced_limits``); ``(None, None)`` where the value is undefined."""
        counts = (self.tpr.successes, self.tpr.trials, self.tnr.successes, self.tnr.trials)
        low, high = balanced_limits(*counts, level)
        return (None, None) if self.degenerate else (float(low), float(high))


@dataclass(frozen=True)
class Rates:
    """A rater's rates.

    Attributes
    ----------
    accuracy : float or None
        Share of right answers, in [0, 1]; ``None`` where no image was answered.
    tpr : float or None
        Reals called real, of all reals; ``None`` where no real was answered.
    tnr : float or None
        Fakes called fake, of all fakes; ``None`` where no fake was answered.
    fpr : float or None
        Fakes called real, of all fakes; ``None`` where no fake was answered.
    balanced_accuracy : float or None
        (TPR + TNR) / 2: 1/2 for whoever guesses, however many images are real.
    accuracy_ci_low, accuracy_ci_high : float or None
        Wilson's interval of accuracy.
    accuracy_exact_low, accuracy_exact_high : float or None
        Clopper and Pearson's interval of accuracy.
    tpr_ci_low, tpr_ci_high : float or None
        Wilson's interval of the TPR.
    tpr_exact_low, tpr_exact_high : float or None
        Clopper and Pearson's interval of the TPR.
    tnr_ci_low, tnr_ci_high : float or None
        Wilson's interval of the TNR.
    tnr_exact_low, tnr_exact_high : float or None
        Clopper and Pearson's interval of the TNR.
    fpr_ci_low, fpr_ci_high : float or None
        Wilson's interval of the FPR.
    fpr_exact_low, fpr_exact_high : float or None
        Clopper and Pearson's interval of the FPR.
    balanced_accuracy_ci_low, balanced_accuracy_ci_high : float or None
        Newcombe's hybrid score interval of balanced accuracy, from two independent binomials.
    degenerate : str or None
        Why a rate is ``None``; ``None`` where all are defined.
    """

    accuracy: float | None
    tpr: float | None
    tnr: float | None
    fpr: float | None
    balanced_accuracy: float | None
    accuracy_ci_low: float | None
    accuracy_ci_high: float | None
    accuracy_exact_low: float | None
    accuracy_exact_high: float | None
    tpr_ci_low: float | None
    tpr_ci_high: float | None
    tpr_exact_low: float | None
    tpr_exact_high: float | None
    tnr_ci_low: float | None
    tnr_ci_high: float | None
    tnr_exact_low: float | None
    tnr_exact_high: float | None
    fpr_ci_low: float | None
    fpr_ci_high: float | None
    fpr_exact_low: float | None
    fpr_exact_high: float | None
    balanced_accuracy_ci_low: float | None
    balanced_accuracy_ci_high: float | None
    degenerate: str | None


def balanced_limits(
    tp: ArrayLike, reals: ArrayLike, tn: ArrayLike, fakes: ArrayLike, level: float = LEVEL
) -> Limits:
    """Limits of balanced accuracy for arrays of counts; NaN where a rater answered no real or no fake.

    Notes
    -----
    TPR and TNR are binomials of different images, so independent given the rater. With their Wilson limits
    l and u, the squared distances add up: TPR + TNR - sqrt((TPR - l_TPR)^2 + (TNR - l_TNR)^2), the upper
    limit alike, and half of both. This is Newcombe's hybrid score interval (method 10) of the difference
    TPR - FPR, as balanced accuracy is (1 + TPR - FPR) / 2. It stays in [0, 1] and keeps its width at rates of
    0 and 1.

    References
    ----------
    Newcombe (1998), Stat. Med. 17:873. Zou & Donner (2008), Stat. Med. 27:1693.
    """
    tpr, tnr = ratio(tp, reals), ratio(tn, fakes)
    tpr_low, tpr_high = wilson_limits(tp, reals, level)
    tnr_low, tnr_high = wilson_limits(tn, fakes, level)
    low = (tpr + tnr - np.hypot(tpr - tpr_low, tnr - tnr_low)) / 2
    return low, (tpr + tnr + np.hypot(tpr_high - tpr, tnr_high - tnr)) / 2


def rate_columns(counts: Counts, level: float = LEVEL) -> Columns:
    """The fields of ``Rates``, each for all raters."""
    parts = {
        "accuracy": (counts.correct, counts.n),
        "tpr": (counts.tp, counts.reals),
        "tnr": (counts.tn, counts.fakes),
        "fpr": (counts.fp, counts.fakes),
    }
    columns: Columns = {rate: defined(ratio(*part)) for rate, part in parts.items()}
    both = ratio(counts.tp, counts.reals) + ratio(counts.tn, counts.fakes)
    columns["balanced_accuracy"] = defined(both / 2)
    for rate, part in parts.items():
        columns |= limit_columns(f"{rate}_ci", wilson_limits(*part, level))
        columns |= limit_columns(f"{rate}_exact", clopper_pearson_limits(*part, level))
    limits = balanced_limits(counts.tp, counts.reals, counts.tn, counts.fakes, level)
    columns |= limit_columns("balanced_accuracy_ci", limits)
    seen = zip(counts.reals.tolist(), counts.fakes.tolist(), strict=True)
    return columns | {"degenerate": [_reason(*pair) for pair in seen]}


def _reason(reals: int, fakes: int) -> str | None:
    lacking = unanswered(reals, fakes)
    if lacking is None:
        return None
    if not reals and not fakes:
        return f"{lacking}: accuracy, tpr, tnr, fpr and balanced_accuracy are undefined"
    return f"{lacking}: {'tnr, fpr' if reals else 'tpr'} and balanced_accuracy are undefined"
