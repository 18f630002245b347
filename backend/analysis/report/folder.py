"""The results folder: JSON, CSV tables and figures, written whole or not at all."""

from pathlib import Path

from backend.analysis.figures import figure5 as figures
from backend.analysis.report.results import TABLES, Results, to_csv, to_json
from training.files import new_folder

FIGURES = {"figure5a": figures.rates_figure, "figure5b": figures.accuracy_figure}


def write_folder(results: Results, target: Path) -> None:
    """Write ``results.json``, ``raters.csv``, ``groups.csv``, ``agreement.csv`` and Figure 5 as SVG and PNG.

    Raises ``UserError`` where ``target`` exists already or cannot be written.
    """
    with new_folder(target) as folder:
        (folder / "results.json").write_text(to_json(results), encoding="utf-8")
        for table in TABLES:
            (folder / f"{table}.csv").write_text(to_csv(results, table), encoding="utf-8", newline="")
        for name, draw in FIGURES.items():
            figure = draw(results)
            (folder / f"{name}.svg").write_bytes(figures.svg(figure))
            (folder / f"{name}.png").write_bytes(figures.png(figure))
