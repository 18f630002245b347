"""The results as plain text tables, rounded to three decimals for reading."""

from collections.abc import Iterable, Sequence

from backend.analysis.agreement.results import AgreementResult
from backend.analysis.groups.spread import GroupResult
from backend.analysis.raters.confusion import RATES, RaterResult
from backend.analysis.report.results import Results

UNDEFINED = "-"
TITLES = {
    "fleiss_kappa": "Fleiss' kappa",
    "percent_agreement": "Percent agreement",
    "gwet_ac1": "Gwet's AC1",
    "krippendorff_alpha": "Krippendorff's alpha",
    "conger_kappa": "Conger's kappa",
    "light_kappa": "Light's kappa",
}


def to_text(results: Results) -> str:
    """The results for a terminal or a log: what was analysed, raters, groups, agreement, and remarks."""
    level = f"{results.configuration.level * 100:g} % CI"
    sections = [
        _opening(results),
        "Raters (positive class: real)\n" + _raters(results.raters, level),
        "Groups (each rater counts once)\n" + _groups(results.groups),
        "Agreement between raters\n" + _agreement(results.agreement, level),
    ]
    remarks = _remarks(results)
    if remarks:
        sections.append("Undefined values\n" + "\n".join(remarks))
    return "\n\n".join(sections) + "\n"


def _opening(results: Results) -> str:
    of = results.ratings
    lines = [
        f"{_count(of.raters, 'rater')} in {_count(len(results.groups) - 1, 'group')}, "
        f"{_count(of.images, 'image')} ({of.real} real, {of.fake} fake), {_count(of.rows, 'rating')}."
    ]
    if of.missing:
        counted = (
            "counted as errors for the raters and left out of agreement"
            if results.configuration.blank_as_error
            else "left out"
        )
        lines.append(f"{of.missing} of {of.rows} answers are missing: {counted}.")
    return "\n".join(lines)


def _raters(raters: Sequence[RaterResult], level: str) -> str:
    header = [
        "rater",
        "group",
        "n",
        "missing",
        "TP",
        "FP",
        "FN",
        "TN",
        "accuracy",
        level,
        "TPR",
        "TNR",
        "FPR",
    ]
    rows = []
    for r in raters:
        rows.append([r.rater, r.group, *map(str, (r.n, r.missing, r.tp, r.fp, r.fn, r.tn))])
        rows[-1] += [_number(r.accuracy), _interval(r.accuracy_ci_low, r.accuracy_ci_high)]
        rows[-1] += [_number(rate) for rate in (r.tpr, r.tnr, r.fpr)]
    return _table(header, rows, names=2)


def _groups(groups: Sequence[GroupResult]) -> str:
    rows = []
    for group in groups:
        for rate in RATES:
            spread = getattr(group, rate)
            numbers = (spread.mean, spread.median, spread.q1, spread.q3, spread.min, spread.max)
            rows.append([group.group, rate if rate == "accuracy" else rate.upper(), str(group.raters)])
            rows[-1] += [_number(value) for value in numbers]
    header = ["group", "rate", "raters", "mean", "median", "lower quartile", "upper quartile", "min", "max"]
    return _table(header, rows, names=2)


def _agreement(results: Sequence[AgreementResult], level: str) -> str:
    header = ["statistic", "images", "group", "value", level, "SE", "items", "raters", "missing"]
    rows = []
    for r in results:
        rows.append(
            [TITLES[r.statistic], r.subset, r.group, _number(r.value), _interval(r.ci_low, r.ci_high)]
        )
        rows[-1] += [_number(r.se), str(r.items), str(r.raters), str(r.missing)]
    return _table(header, rows, names=3)


def _remarks(results: Results) -> list[str]:
    named = [(f"rater {r.rater}", r.degenerate) for r in results.raters]
    named += [(f"group {g.group}", g.degenerate) for g in results.groups]
    for a in results.agreement:
        named.append((f"{TITLES[a.statistic]}, {a.subset} images, group {a.group}", a.degenerate))
    return [f"{name}: {reason}" for name, reason in named if reason]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], names: int) -> str:
    """Columns aligned by blanks, the first ``names`` to the left and the others to the right."""
    lines = [list(header), *([" ".join(cell.split()) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    aligned = (
        [
            cell.ljust(width) if i < names else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in lines
    )
    return "\n".join("  ".join(cells).rstrip() for cells in aligned)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _number(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:.3f}"


def _interval(low: float | None, high: float | None) -> str:
    return UNDEFINED if low is None or high is None else f"{low:.3f} to {high:.3f}"
