"""Each rater's confusion table and rates; the positive class is real."""

from dataclasses import dataclass

import numpy as np

from backend.analysis.intervals import LEVEL, wilson
from backend.analysis.ratings import RatingsTable

RATES = ("accuracy", "tpr", "tnr", "fpr")


@dataclass(frozen=True)
class RaterResult:
    """One rater's answers against the truth.

    Attributes:
        rater, group: names.
        n: images that count, ``tp + fp + fn + tn``.
        missing: images shown without an answer.
        tp, fn: reals called real, reals called fake.
        fp, tn: fakes called real, fakes called fake.
        accuracy, tpr, tnr, fpr: in [0, 1]; ``None`` where nothing was answered that they could be taken of.
        accuracy_ci_low, ...: Wilson intervals; that of the FPR is one minus that of the TNR.
        degenerate: why a rate is ``None``; ``None`` where all are defined.
    """

    rater: str
    group: str
    n: int
    missing: int
    tp: int
    fp: int
    fn: int
    tn: int
    accuracy: float | None
    tpr: float | None
    tnr: float | None
    fpr: float | None
    accuracy_ci_low: float | None
    accuracy_ci_high: float | None
    tpr_ci_low: float | None
    tpr_ci_high: float | None
    tnr_ci_low: float | None
    tnr_ci_high: float | None
    degenerate: str | None


def rater_results(
    table: RatingsTable, *, blank_as_error: bool = False, level: float = LEVEL
) -> tuple[RaterResult, ...]:
    """Every rater's counts and rates, in the order of ``table.raters``.

    A missing answer is left out of ``n``. With ``blank_as_error``, as in Baur et al. (2018, Table 2), it is a
    wrong answer instead: a blank on a real is a FN, on a fake a FP. ``missing`` tells how many either way.
    """
    # rater x truth (fake, real) x answer (fake, real, missing): the codes serve as indices, -1 as the last.
    counts = np.zeros((len(table.raters), 2, 3), dtype=np.int64)
    np.add.at(counts, (table.rater, table.truth, table.answer), 1)
    results = []
    for rater, group, ((tn, fp, blank_fakes), (fn, tp, blank_reals)) in zip(
        table.raters, table.rater_group, counts.tolist(), strict=True
    ):
        wrong = (fp + blank_fakes, fn + blank_reals) if blank_as_error else (fp, fn)
        missing = blank_fakes + blank_reals
        results.append(_result(rater, table.groups[group], missing, (tp, *wrong, tn), level))
    return tuple(results)


def _result(
    rater: str, group: str, missing: int, counts: tuple[int, int, int, int], level: float
) -> RaterResult:
    tp, fp, fn, tn = counts
    n, reals, fakes = tp + fp + fn + tn, tp + fn, fp + tn
    accuracy_low, accuracy_high = wilson(tp + tn, n, level)
    tpr_low, tpr_high = wilson(tp, reals, level)
    tnr_low, tnr_high = wilson(tn, fakes, level)
    return RaterResult(
        rater=rater,
        group=group,
        n=n,
        missing=missing,
        tp=tp,
        fp=fp,
        fn=fn,
        tn=tn,
        accuracy=_ratio(tp + tn, n),
        tpr=_ratio(tp, reals),
        tnr=_ratio(tn, fakes),
        fpr=_ratio(fp, fakes),
        accuracy_ci_low=accuracy_low,
        accuracy_ci_high=accuracy_high,
        tpr_ci_low=tpr_low,
        tpr_ci_high=tpr_high,
        tnr_ci_low=tnr_low,
        tnr_ci_high=tnr_high,
        degenerate=_reason(reals, fakes),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _reason(reals: int, fakes: int) -> str | None:
    if not reals and not fakes:
        return "no image answered: accuracy, tpr, tnr and fpr are undefined"
    if not reals:
        return "no real image answered: tpr is undefined"
    return None if fakes else "no fake image answered: tnr and fpr are undefined"
