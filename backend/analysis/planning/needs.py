"""How many: the smallest number of raters for given images, and of images for given raters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from backend.analysis.planning.design import Design
from backend.analysis.planning.limits import Limits, with_all_images, with_all_raters
from backend.analysis.planning.progress import Progress, silent
from backend.analysis.planning.simulate import PlannedStudy

SUPERIORITY, EQUIVALENCE, WIDTH = "superiority", "equivalence", "width"
VALUES = {SUPERIORITY: "superiority_power", EQUIVALENCE: "equivalence_power", WIDTH: "width"}
OTHER = {"raters": "images", "images": "raters"}
LIMITS = {"raters": with_all_images, "images": with_all_raters}


@dataclass(frozen=True)
class Need:
    """How many raters, or how many images, reach what is wanted.

    Attributes
    ----------
    goal : str
        ``superiority`` or ``equivalence`` (a power), or ``width`` (the mean width of the interval).
    wanted : float
        The power, at least, or the width, at most.
    given : str
        What stays as it is: ``raters`` or ``images``.
    number : int
        How many of these.
    needed : int or None
        The smallest number of the other in the grid that reaches what is wanted; ``None`` if none does.
    reached : float or None
        The power or width there.
    best : float
        The best power or width in the grid.
    limit : float
        What it tends to with ever more of the other.
    """

    goal: str
    wanted: float
    given: str
    number: int
    needed: int | None
    reached: float | None
    best: float
    limit: float

    @property
    def other(self) -> str:
        """What is looked for: ``images`` or ``raters``."""
        return OTHER[self.given]

    @property
    def bounded(self) -> bool:
        """Whether ever more of the other would still not do."""
        return self.limit > self.wanted if self.goal == WIDTH else self.limit < self.wanted


def needs(design: Design, studies: Sequence[PlannedStudy], progress: Progress = silent) -> tuple[Need, ...]:
    """The answers for every goal: by number of images first, then by number of raters."""
    given = [*product(["images"], design.images), *product(["raters"], design.raters)]
    limits = {}
    for what, number in given:
        limits[what, number] = LIMITS[what](design, number)
        progress("Limits", len(limits), len(given))
    return tuple(
        _need(goal, wanted, given, number, studies, limit)
        for goal, wanted in _goals(design)
        for (given, number), limit in limits.items()
    )


def _goals(design: Design) -> Iterator[tuple[str, float]]:
    yield SUPERIORITY, design.power
    if design.margin is not None:
        yield EQUIVALENCE, design.power
    if design.width is not None:
        yield WIDTH, design.width


def _need(
    goal: str, wanted: float, given: str, number: int, studies: Sequence[PlannedStudy], limit: Limits
) -> Need:
    measure, other = VALUES[goal], OTHER[given]
    sign = -1 if goal == WIDTH else 1
    row = [study for study in studies if getattr(study, given) == number]
    enough = [study for study in row if sign * getattr(study, measure) >= sign * wanted]
    smallest = min(enough, key=lambda study: getattr(study, other), default=None)
    return Need(
        goal=goal,
        wanted=wanted,
        given=given,
        number=number,
        needed=getattr(smallest, other, None),
        reached=getattr(smallest, measure, None),
        best=sign * max(sign * getattr(study, measure) for study in row),
        limit=getattr(limit, goal),
    )
