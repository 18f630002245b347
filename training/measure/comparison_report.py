"""What ``compare`` writes: the table as Markdown, CSV and JSON, the distances drawn, and sheets of images."""

import csv
import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from training.grid import save_grid, tile
from training.measure.style import COLOURS, GREY, STYLE

if TYPE_CHECKING:
    from training.measure.compare import Comparison, Entry

MARKS = "os^Dvp"


def write(folder: Path, comparison: "Comparison", *, reals: bool) -> None:
    """Write all of it into the folder."""
    (folder / "table.md").write_text(as_markdown(comparison), encoding="utf-8")
    (folder / "compare.json").write_text(
        json.dumps(as_document(comparison), indent=2) + "\n", encoding="utf-8"
    )
    _write_csv(folder / "table.csv", comparison)
    with mpl.rc_context(STYLE):
        _draw_distances(folder, comparison)
        _draw_sheet(folder, comparison, reals=reals)
    for entry in comparison.entries:
        if entry.model or reals:
            save_grid(folder / f"samples-{entry.name}.png", entry.shown)


def as_markdown(comparison: "Comparison") -> str:
    """The paper's Table 1: a line a set, a column a level, and the mean with its spread."""
    first = comparison.entries[0].found
    levels = list(first.levels)
    header = ["", *(f"{level} x {level}" for level in levels), "mean"]
    lines = [
        f"Sliced Wasserstein distance x 1000 to {comparison.data}, {first.images:,} images of each, "
        f"{first.repeats} seeds from {first.seed} on"
        + (" (± standard deviation over the seeds)." if first.repeats > 1 else "."),
        "",
        _row(header),
        _row(["---", *["---:"] * (len(levels) + 1)]),
    ]
    for entry in comparison.entries:
        found = entry.found
        cells = [_cell(found.levels[level], (found.level_spread or {}).get(level)) for level in levels]
        lines.append(_row([_title(entry), *cells, _cell(found.mean, found.spread)]))
    return "\n".join(lines) + "\n"


def as_document(comparison: "Comparison") -> dict[str, Any]:
    """All numbers in full precision."""
    first = comparison.entries[0].found
    return {
        "data": comparison.data,
        "resolution": comparison.resolution,
        "images": first.images,
        "seed": first.seed,
        "repeats": first.repeats,
        "entries": [
            {
                "name": entry.name,
                "model": entry.model,
                "source": entry.images.name,
                "digest": entry.images.digest,
                "reduced_from": entry.images.reduced_from,
                "levels": {str(level): value for level, value in entry.found.levels.items()},
                "level_spread": entry.found.level_spread
                and {str(level): value for level, value in entry.found.level_spread.items()},
                "mean": entry.found.mean,
                "spread": entry.found.spread,
            }
            for entry in comparison.entries
        ],
        "tool_version": version("dermvtt"),
    }


def _write_csv(path: Path, comparison: "Comparison") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "level", "swd", "spread"])
        for entry in comparison.entries:
            found, spreads = entry.found, entry.found.level_spread or {}
            for level, value in found.levels.items():
                rows.writerow([entry.name, level, repr(value), _exact(spreads.get(level))])
            rows.writerow([entry.name, "mean", repr(found.mean), _exact(found.spread)])


def _draw_distances(folder: Path, comparison: "Comparison") -> None:
    figure = Figure(figsize=(4.6, 3.2), layout="constrained")
    axes = figure.subplots()
    for place, entry in enumerate(comparison.entries):
        levels = list(entry.found.levels)
        spreads = [(entry.found.level_spread or {}).get(level, 0.0) for level in levels]
        style = {"color": COLOURS[(place - 1) % len(COLOURS)], "marker": MARKS[(place - 1) % len(MARKS)]}
        axes.errorbar(
            range(len(levels)),
            list(entry.found.levels.values()),
            yerr=spreads,
            capsize=2,
            markersize=4,
            label=_title(entry),
            **(style if entry.model else {"color": GREY, "linestyle": "--", "marker": "_"}),
        )
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(range(len(levels)), [f"{level} x {level}" for level in levels])
    axes.set_xlabel("level of the Laplacian pyramid")
    axes.set_ylabel("SWD to the reals x 1000")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend()
    figure.savefig(folder / "swd.svg", metadata={"Date": None})
    figure.savefig(folder / "swd.png", dpi=200)


def _draw_sheet(folder: Path, comparison: "Comparison", *, reals: bool) -> None:
    entries = [entry for entry in comparison.entries if entry.model or reals]
    figure = Figure(figsize=(2.6 * len(entries), 2.8), layout="constrained")
    panels = figure.subplots(1, len(entries), squeeze=False)[0]
    for axes, entry in zip(panels, entries, strict=True):
        axes.imshow(tile(entry.shown), interpolation="nearest")
        axes.set_title(entry.name)
        axes.set_axis_off()
    figure.savefig(folder / "samples.png", dpi=200)


def _title(entry: "Entry") -> str:
    return entry.name if entry.model else "real (lower bound)"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: float, spread: float | None) -> str:
    return f"{value:.2f}" + (f" ± {spread:.2f}" if spread is not None else "")


def _exact(value: float | None) -> str:
    return "" if value is None else repr(value)
