"""The audit as text for a terminal or a log, rounded for reading."""

from collections.abc import Sequence

from backend.audit.report import Audit, ChannelResult, FeatureResult

OUTCOMES = {
    "pass": "PASS: nothing was found that tells fakes from reals.",
    "warn": "PASS with warnings: files do not tell fakes from reals; look at what is said above.",
    "fail": "FAIL: without looking at a picture, files tell fakes from reals.",
}


def to_text(found: Audit) -> str:
    """What was audited, a table of channels, what tells and what to do, and the outcome."""
    sections = [
        f"{found.mix}: {found.real} reals, {found.fake} fakes.",
        _table(found.channels),
        _legend(found),
        *(_explanation(one) for one in found.channels if one.verdict == "tells"),
        *(f"Note: {note}" for note in found.notes),
        OUTCOMES[found.outcome],
    ]
    return "\n\n".join(sections) + "\n"


def _table(channels: Sequence[ChannelResult]) -> str:
    rows = [("channel", "read from", "AUC", "p", "adjusted", "", "strongest feature")]
    rows.append(tuple("-" * len(cell) for cell in rows[0]))
    for one in channels:
        mark = {"tells": "FAIL" if one.reads == "file" else "WARN", "differs": "", "constant": "constant"}
        numbers = (f"{one.auc:.3f}", f"{one.p:.4f}", f"{one.p_adjusted:.4f}")
        rows.append((one.channel, one.reads, *numbers, mark[one.verdict], one.strongest or ""))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _legend(found: Audit) -> str:
    setting = found.configuration
    return (
        "AUC: how often the channel's strongest feature ranks a fake and a real rightly; 0.5 is chance.\n"
        f"p: by {setting.permutations:,} permutations of truth (seed {setting.seed}), over all features of "
        "the channel.\nadjusted: for the number of channels that differ (Holm). "
        f"Below {setting.alpha:g} a channel tells."
    )


def _explanation(one: ChannelResult) -> str:
    others = sorted(one.features, key=lambda of: -of.auc)
    first = [of for of in others if of.feature == one.strongest]
    shown = [*first, *(of for of in others if of.feature != one.strongest and of.auc > 0.5)][:3]
    kind = "FAIL" if one.reads == "file" else "WARN"
    opening = f"{kind} {one.channel}: {one.meaning}."
    return "\n".join([opening, *(f"  {_typical(of)}" for of in shown), f"  {one.advice}"])


def _typical(of: FeatureResult) -> str:
    return f"{of.feature}: AUC {of.auc:.3f}; typical of reals {_shown(of.real)}, of fakes {_shown(of.fake)}"


def _shown(value: float | str | None) -> str:
    if value is None:
        return "not measured"
    return value if isinstance(value, str) else f"{value:.4g}"
