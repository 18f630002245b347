"""The report's tables as plain text, for a terminal or a log."""

from dataclasses import fields

from backend.analysis.report.results import Results
from backend.analysis.report.rounding import count
from backend.analysis.report.serial import tables
from backend.analysis.report.view import View
from backend.analysis.report.views import views
from backend.analysis.text import aligned, listed

MOST_REASONS = 40


def to_text(results: Results) -> str:
    """What was analysed, what to beware of, every table, and why values are undefined."""
    sections = [opening(results)]
    if results.warnings:
        sections.append("Beware\n" + "\n".join(f"* {text}" for text in results.warnings))
    sections += [_section(one) for one in views(results)]
    undefined = reasons(results)
    if undefined:
        more = len(undefined) - MOST_REASONS
        shown = undefined[:MOST_REASONS] + ([f"... and {more:,} more: see --json"] if more > 0 else [])
        sections.append("Undefined values\n" + "\n".join(shown))
    return "\n\n".join(sections) + "\n"


def opening(results: Results) -> str:
    """What was analysed, in one sentence."""
    of = results.ratings
    return (
        f"{count(of.raters, 'rater')} in {count(len(results.groups) - 1, 'group')}, "
        f"{count(of.images, 'image')} ({of.real} real, {of.fake} fake), {count(of.rows, 'rating')}."
    )


def reasons(results: Results) -> list[str]:
    """Why values are undefined, each reason with the first few rows that it holds for."""
    found: dict[tuple[str, str], list[str]] = {}
    for table in tables():
        for row in getattr(results, table):
            for field in fields(row):
                reason = getattr(row, field.name)
                if field.name.endswith("degenerate") and reason:
                    found.setdefault((table, reason), []).append(_called(row))
    return [f"{table} ({listed(rows, 3)}): {reason}" for (table, reason), rows in found.items()]


def _called(row: object) -> str:
    """What tells a row from the others of its table: its leading texts."""
    texts = []
    for field in fields(row):
        value = getattr(row, field.name)
        if isinstance(value, str) and not field.name.endswith("degenerate"):
            texts.append(value)
        elif value is not None:
            break
    return " ".join(texts)


def _section(shown: View) -> str:
    note = f"\n{shown.note}" if shown.note else ""
    rows = ([" ".join(cell.split()) for cell in row] for row in shown.rows)
    return f"{shown.title}\n{aligned(shown.header, rows, shown.names)}{note}"
