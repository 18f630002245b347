"""How many answers went from what to what: the numbers behind the figure of revisions."""

from dataclasses import dataclass
from itertools import product

from backend.analysis.course.answers import Course
from backend.analysis.course.variance import Mask
from backend.analysis.ratings.rows import EVERYONE, FAKE, MISSING, REAL
from backend.analysis.ratings.table import CODES, RatingsTable


@dataclass(frozen=True)
class RevisionFlow:
    """How many answers of a group went from one first answer to one final answer.

    Attributes
    ----------
    group : str
        A group, or ``all`` raters.
    truth : str
        ``real`` or ``fake``.
    first : str
        The first answer, ``real`` or ``fake``.
    final : str
        The final answer, ``real`` or ``fake``; ``""`` where it was taken back.
    n : int
        How many. The counts of a group and truth add up to the answers with a first one.
    """

    group: str
    truth: str
    first: str
    final: str
    n: int


def revision_flows(table: RatingsTable, course: Course) -> tuple[RevisionFlow, ...]:
    """Every flow of every group and then ``all``, also those of 0; ``course`` is that of the table.

    Examples
    --------
    >>> from backend.analysis.course.answers import course_of
    >>> from backend.analysis.ratings import RatingRow
    >>> table = RatingsTable.from_rows([RatingRow("A", "ED", "x", "fake", "fake", first_answer="real")])
    >>> [flow for flow in revision_flows(table, course_of(table)) if flow.n][-1]
    RevisionFlow(group='all', truth='fake', first='real', final='fake', n=1)
    """
    return tuple(
        RevisionFlow(group, truth, first, final, _count(course, truth, first, final, table.members(group)))
        for group, truth, first, final in product(
            (*table.groups, EVERYONE), (REAL, FAKE), (REAL, FAKE), (REAL, FAKE, MISSING)
        )
    )


def _count(course: Course, truth: str, first: str, final: str, members: Mask) -> int:
    went = (course.first == CODES[first]) & (course.final == CODES[final])
    return int((went & (course.truths == CODES[truth]))[members].sum())
