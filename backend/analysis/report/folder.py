"""The report as a folder: JSON, CSV tables, figures, one page, and LaTeX; written whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

from backend.analysis.figures.formats import FORMATS
from backend.analysis.figures.image_sheet import Picture
from backend.analysis.report import html
from backend.analysis.report.drawing import figures_of
from backend.analysis.report.latex import to_latex
from backend.analysis.report.results import Results
from backend.analysis.report.serial import tables, to_csv, to_json
from backend.analysis.report.views import views
from training.files import new_folder

SVG = "svg"


def write_folder(
    results: Results, target: Path, *, latex: bool = False, picture: Picture | None = None
) -> None:
    """Write the report to a new folder.

    ``results.json``; a CSV file for each table of the results; ``figures/`` with what there is to draw, as
    SVG, PDF and PNG; ``report.html``; and with ``latex`` each table of the report in ``tables/``. ``picture``
    gives images by their names, for a sheet of the hardest and the easiest.

    Raises ``UserError`` where ``target`` exists already or cannot be written.
    """
    with new_folder(target) as folder:
        (folder / "results.json").write_text(to_json(results), encoding="utf-8")
        for table in tables():
            (folder / f"{table}.csv").write_text(to_csv(results, table), encoding="utf-8", newline="")
        (folder / "figures").mkdir()
        shown = list(_figures(results, folder / "figures", picture))
        (folder / "report.html").write_text(html.page(results, shown), encoding="utf-8")
        if latex:
            (folder / "tables").mkdir()
            for one in views(results):
                (folder / "tables" / f"{one.name}.tex").write_text(to_latex(one), encoding="utf-8")


def page(results: Results, picture: Picture | None = None) -> str:
    """The report in one page, with its figures in it."""
    shown = (
        html.Shown(name, one.title, one.caption, html.inlined(FORMATS[SVG](one.draw(results))), wide=one.wide)
        for name, one in figures_of(results, picture).items()
    )
    return html.page(results, shown)


def _figures(results: Results, folder: Path, picture: Picture | None) -> Iterator[html.Shown]:
    for name, one in figures_of(results, picture).items():
        figure = one.draw(results)
        written = {kind: save(figure) for kind, save in FORMATS.items()}
        for kind, data in written.items():
            (folder / f"{name}.{kind}").write_bytes(data)
        yield html.Shown(name, one.title, one.caption, html.inlined(written[SVG]), wide=one.wide)
