"""What there is to draw of a study: the figures of its results, and its images where they are at hand."""

from dataclasses import replace

from backend.analysis.figures.image_sheet import Picture, sheet
from backend.analysis.figures.registry import FIGURES, StudyFigure
from backend.analysis.report.results import Results

SHEET = StudyFigure(
    "Hardest and easiest images",
    "The images that most raters took for what they are not, and those that they recognised, with how many "
    "called them real. Of many images some stand here by luck.",
    True,
    lambda results: any(image.n for image in results.images),
    lambda results: sheet(results.images, lambda _: None),
)


def figures_of(results: Results, picture: Picture | None = None) -> dict[str, StudyFigure]:
    """The figures that these results give, by name, in the order of the report.

    Parameters
    ----------
    results : Results
        Of one study.
    picture : callable, optional
        Gives the PNG file of an image by its name, or ``None``; without it there is no sheet of images.
    """
    found = {name: one for name, one in FIGURES.items() if one.available(results)}
    if picture is not None and SHEET.available(results):
        found["image_sheet"] = replace(SHEET, draw=lambda shown: sheet(shown.images, picture))
    return found
