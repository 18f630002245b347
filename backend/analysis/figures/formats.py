"""Figures as files: SVG, PDF and PNG, byte for byte the same on every run."""

from collections.abc import Callable, Mapping

from matplotlib.figure import Figure

from backend.analysis.figures.plotting import DPI, saved


def svg(figure: Figure) -> bytes:
    """The figure as SVG, its text as outlines: alike in every viewer."""
    return saved(figure, format="svg", metadata={"Date": None})


def pdf(figure: Figure) -> bytes:
    """The figure as PDF without a date, its fonts embedded as TrueType, which journals ask for."""
    return saved(figure, format="pdf", metadata={"CreationDate": None})


def png(figure: Figure, dpi: int = DPI) -> bytes:
    """The figure as PNG at ``dpi`` dots an inch."""
    return saved(figure, format="png", dpi=dpi)


FORMATS: Mapping[str, Callable[[Figure], bytes]] = {"svg": svg, "pdf": pdf, "png": png}
"""Every format by the ending of its files."""
