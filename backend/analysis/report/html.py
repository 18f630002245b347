"""The report as one self-contained page, and its body for a page that has a frame already."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from backend.analysis.report.methods import methods
from backend.analysis.report.results import Results
from backend.analysis.report.text import opening, reasons
from backend.analysis.report.views import views

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Shown:
    """A figure as the page shows it.

    Attributes
    ----------
    name, title, caption : str
        What it is called, and what it shows.
    src : str
        Where the image is; ``data:`` holds it itself.
    files : sequence of (str, str)
        What can be taken away: a label, and where it is.
    wide : bool
        Whether it takes the whole width.
    """

    name: str
    title: str
    caption: str
    src: str
    files: Sequence[tuple[str, str]] = ()
    wide: bool = False


def body(results: Results, figures: Iterable[Shown], *, lazy: bool = False) -> Markup:
    """Warnings, figures, tables, methods and remarks, as HTML; ``lazy`` images load when in sight."""
    text = (
        _environment()
        .get_template("body.html")
        .render(
            warnings=results.warnings,
            figures=list(figures),
            views=views(results),
            methods=methods(results),
            reasons=reasons(results),
            lazy=lazy,
        )
    )
    return Markup(text)  # noqa: S704 - the template has escaped all that comes from outside


def page(results: Results, figures: Iterable[Shown], title: str = "Visual Turing test") -> str:
    """The whole report in one page that asks for nothing else."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("report.html")
        .render(
            title=title,
            style=Markup(style),  # noqa: S704 - our own file
            opening=opening(results),
            body=body(results, figures),
            results=results,
        )
    )


def inlined(svg: bytes) -> str:
    """An image as an address that holds it."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()


@lru_cache
def _environment() -> Environment:
    loader = FileSystemLoader(TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
