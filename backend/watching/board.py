"""What the live page shows of a study: one line a rater."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from backend.database import pace, raters
from backend.database.pace import Pace
from backend.database.raters import Progress
from backend.database.tables import Study
from backend.studies.lifecycle import ENDED
from backend.studies.options import options_of
from backend.watching.flags import flags

NOBODY = Pace()


@dataclass(frozen=True)
class Line:
    """A rater: how far she is, the median of her response times in seconds, what is unusual.

    ``accuracy`` is the share of right answers, and ``None`` where it may not be seen.
    """

    progress: Progress
    state: str
    seconds: float | None
    flags: tuple[str, ...]
    accuracy: float | None


@dataclass(frozen=True)
class Board:
    """A study's lines, and what they come to."""

    lines: tuple[Line, ...]
    with_accuracy: bool

    @property
    def submitted(self) -> int:
        """How many raters have submitted."""
        return sum(line.state == "submitted" for line in self.lines)

    @property
    def answered(self) -> int:
        """How many images have an answer, over all raters."""
        return sum(line.progress.answered for line in self.lines)

    @property
    def flagged(self) -> int:
        """How many raters something is unusual about."""
        return sum(bool(line.flags) for line in self.lines)


def board(session: Session, study: Study, now: datetime | None = None) -> Board:
    """The study as it is now."""
    now = now or datetime.now(UTC)
    seen = may_see_accuracy(study)
    paces = pace.paces(session, study.id)
    lines = []
    for one in raters.progress(session, study.id):
        own = paces.get(one.rater.id, NOBODY)
        finished = one.rater.submitted_at is not None or study.state != "open"
        signs = flags(own, begun=one.rater.consented_at, last=one.last_seen, finished=finished, now=now)
        answered = own.real + own.fake
        lines.append(
            Line(
                progress=one,
                state=_state(one),
                seconds=None if own.median_ms is None else own.median_ms / 1000,
                flags=tuple(signs),
                accuracy=own.right / answered if seen and answered else None,
            )
        )
    return Board(tuple(lines), seen)


def may_see_accuracy(study: Study) -> bool:
    """Whether the page shows who was right: while a study takes answers only where its maker wanted it."""
    options = options_of(study)
    return study.state in ENDED or (options.live_accuracy and not options.seal_results)


def _state(one: Progress) -> str:
    if one.rater.submitted_at:
        return "submitted"
    return "rating" if one.rater.consented_at else "invited"
