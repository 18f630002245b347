"""How often reals are recognised as such, by diagnosis."""

from dataclasses import dataclass

import numpy as np

from backend.analysis.groups.crossed import crossed_mean
from backend.analysis.images.kinds import Mask, texts_of_images
from backend.analysis.intervals import LEVEL
from backend.analysis.ratings.rows import EVERYONE
from backend.analysis.ratings.table import RatingsTable


@dataclass(frozen=True)
class DiagnosisResult:
    """The real images of one diagnosis as a group of raters took them; each rater counts the same.

    Attributes
    ----------
    diagnosis : str
        As it stands in the ratings; reals without one are left out.
    group : str
        A group, or ``all`` raters.
    images : int
        Reals of it that were answered.
    raters : int
        Raters with an answer to one of them.
    n : int
        Answers to them.
    missing : int
        Times that one was shown and not answered.
    called_real : int
        Answers that took one for real.
    tpr : float or None
        How often they are taken for real: the mean over raters of each rater's share.
    tpr_se : float or None
        Its standard error over other raters and other images of the diagnosis.
    tpr_ci_low, tpr_ci_high : float or None
        Its interval, as those of groups' rates.
    degenerate : str or None
        Why something is ``None``; ``None`` where all is defined.
    """

    diagnosis: str
    group: str
    images: int
    raters: int
    n: int
    missing: int
    called_real: int
    tpr: float | None
    tpr_se: float | None
    tpr_ci_low: float | None
    tpr_ci_high: float | None
    degenerate: str | None


def diagnosis_results(table: RatingsTable, *, level: float = LEVEL) -> tuple[DiagnosisResult, ...]:
    """Every diagnosis of a real for every group and then ``all``; none where no diagnosis is known.

    Diagnoses come by name, from the ratings' optional column ``diagnosis``.

    Raises
    ------
    RatingsError
        Where an image has two different diagnoses.
    """
    diagnoses = np.array(texts_of_images(table, "diagnosis"))
    real = table.truths == 1
    images = {str(name): real & (diagnoses == name) for name in np.unique(diagnoses[real]) if name}
    groups = (*table.groups, EVERYONE)
    return tuple(_diagnosis(table, name, images[name], group, level) for group in groups for name in images)


def _diagnosis(table: RatingsTable, name: str, images: Mask, group: str, level: float) -> DiagnosisResult:
    members = table.members(group)
    answers = table.answers[members]
    answered = (answers >= 0) & images
    shown = members[table.rater] & images[table.image]
    found = crossed_mean(np.where(answered, answers == 1, np.nan))
    low, high = found.interval(level)
    return DiagnosisResult(
        diagnosis=name,
        group=group,
        images=int(answered.any(axis=0).sum()),
        raters=int(answered.any(axis=1).sum()),
        n=int(answered.sum()),
        missing=int(np.count_nonzero(shown & (table.answer < 0))),
        called_real=int(((answers == 1) & answered).sum()),
        tpr=found.value,
        tpr_se=found.se,
        tpr_ci_low=low,
        tpr_ci_high=high,
        degenerate=found.degenerate,
    )
