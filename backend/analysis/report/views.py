"""The tables of a report: what is shown of the results, in which columns, under which headings.

Text, LaTeX and HTML render these same tables, so that they say the same.
"""

from collections.abc import Sequence

from backend.analysis.report import views_groups, views_images, views_raters, views_repeats
from backend.analysis.report.results import Results
from backend.analysis.report.view import Maker, View, style_of


def views(results: Results) -> tuple[View, ...]:
    """Every table that there is something to show in, in the order of the report."""
    style = style_of(results)
    makers: Sequence[Maker] = (
        *views_raters.MAKERS,
        *views_groups.MAKERS,
        views_repeats.repeats,
        *views_images.MAKERS,
    )
    return tuple(found for make in makers if (found := make(results, style)) is not None)
