"""Studies to draw: the paper's, one with everything recorded, and extreme ones."""

from functools import cache
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from backend.analysis.agreement.results import agreement_results
from backend.analysis.course.answers import course_of
from backend.analysis.course.flows import revision_flows
from backend.analysis.course.order import order_results
from backend.analysis.images.difficulty import image_results
from backend.analysis.raters.confusion import rater_results
from backend.analysis.raters.curves import curve_points
from backend.analysis.ratings import RatingRow, RatingsTable, read_ratings

PAPER = Path(__file__).parents[3] / "docs" / "paper" / "baur2018_ratings.csv"


def everything_recorded(raters=6, groups=("DLE", "ED", "Student"), images=80, seed=5, name="{group}{number}"):
    """A study with positions, first answers, confidence 1 to 5 and response times; 3 of 8 are fakes."""
    rng = np.random.default_rng(seed)
    ease, skill = rng.normal(0.3, 0.8, images), rng.normal(0.2, 0.4, raters)
    rows = []
    for rater in range(raters):
        group = groups[rater % len(groups)]
        for position, image in enumerate(rng.permutation(images), start=1):
            truth = "fake" if image < images * 3 // 8 else "real"
            evidence = rng.normal(ease[image] + skill[rater] + position / images / 2)
            first = truth if evidence > 0 else other(truth)
            answer = other(first) if rng.random() < (0.12 if evidence < 0 else 0.03) else first
            rows.append(
                RatingRow(
                    rater=name.format(group=group, number=rater // len(groups) + 1),
                    group=group,
                    image=f"{truth}_{image:02}",
                    truth=truth,
                    answer="" if rng.random() < 0.01 else answer,
                    source="real" if truth == "real" else "pgan",
                    position=position,
                    first_answer=first,
                    confidence=int(np.clip(round(1 + abs(evidence) * 2), 1, 5)),
                    response_ms=round(float(np.exp(rng.normal(8.6 - position / images, 0.5)))),
                )
            )
    return RatingsTable.from_rows(rows)


def other(truth):
    return "fake" if truth == "real" else "real"


def rows_of(table, level=0.95):
    """The rows that figures are drawn from, under the names that results give them."""
    course = course_of(table)
    order = order_results(table, course, level=level)
    return SimpleNamespace(
        configuration=SimpleNamespace(level=level),
        raters=rater_results(table, level=level),
        agreement=agreement_results(table, level=level),
        images=image_results(table, level=level),
        roc=curve_points(table),
        revision_flows=revision_flows(table, course),
        trends=order.trends,
        blocks=order.blocks,
    )


def only_reals():
    """Four raters and no fake: TPR alone is defined."""
    answers = {
        (rater, image): "real" if rater * image % 3 else "fake" for rater in range(4) for image in range(9)
    }
    rows = [
        RatingRow(f"R{r}", "ED", str(i), "real", answer, position=i + 1) for (r, i), answer in answers.items()
    ]
    return RatingsTable.from_rows(rows)


def equal_raters():
    """Eight raters with the same answers, none of them revised."""
    rows = []
    for rater, image in product(range(8), range(16)):
        truth, answer = "real" if image % 8 < 5 else "fake", "real" if image % 3 else "fake"
        rows.append(RatingRow(f"R{rater}", f"G{rater % 2}", str(image), truth, answer, first_answer=answer))
    return RatingsTable.from_rows(rows)


LONG = "Prof. Dr. Wolfeschlegelsteinhausen of {group} {number}"
TABLES = {
    "paper": lambda: read_ratings(PAPER),
    "full": everything_recorded,
    "small": lambda: everything_recorded(3, ("DLE", "ED"), images=10),
    "one rater": lambda: everything_recorded(1, ("ED",), images=10),
    "sixty raters": lambda: everything_recorded(60, images=16),
    "eight groups": lambda: everything_recorded(16, [f"Clinic {i} of $x_{i}$ & <b>" for i in range(8)], 16),
    "long names": lambda: everything_recorded(
        8, ("Dermatologists in their first year", "皮肤科 \x00 {}"), 16, name=LONG
    ),
    "thousand images": lambda: everything_recorded(4, ("ED",), images=1000),
    "only reals": only_reals,
    "equal raters": equal_raters,
    "nobody answered": lambda: RatingsTable.from_rows([RatingRow("A", "ED", "x", "real", "")]),
}


@cache
def study(name):
    """The rows of one of ``TABLES``."""
    return rows_of(TABLES[name]())
