"""From what is asked to a plan, and from a plan to JSON and CSV."""

import csv
import io
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version

import numpy as np

from backend.analysis.planning import exact
from backend.analysis.planning.design import Design
from backend.analysis.planning.exact import OneRater
from backend.analysis.planning.needs import Need, needs
from backend.analysis.planning.progress import Progress, silent
from backend.analysis.planning.simulate import PlannedStudy, simulate


@dataclass(frozen=True)
class Plan:
    """Everything that a plan tells, at full precision.

    Attributes
    ----------
    tool_version : str
        The version that made it.
    design : Design
        What was asked and assumed.
    one_rater : tuple of OneRater
        What one rater alone can show, exactly, with each number of images.
    one_rater_superiority_images, one_rater_equivalence_images : int or None
        Images from which on one rater alone has the power that is wanted; ``None`` if that takes more than
        20,000, or if there is no margin.
    studies : tuple of PlannedStudy
        The cells of the grid.
    needs : tuple of Need
        How many raters or images reach what is wanted.
    """

    tool_version: str
    design: Design
    one_rater: tuple[OneRater, ...]
    one_rater_superiority_images: int | None
    one_rater_equivalence_images: int | None
    studies: tuple[PlannedStudy, ...]
    needs: tuple[Need, ...]


def make_plan(design: Design, progress: Progress = silent) -> Plan:
    """Plan a study.

    Parameters
    ----------
    design : Design
        What is asked and assumed.
    progress : Progress
        Told how far the work is.

    Returns
    -------
    Plan
        The same for the same design, on every run.

    Examples
    --------
    >>> plan = make_plan(Design(raters=(3, 8), images=(80,), simulations=500))
    >>> [(need.given, need.number, need.needed) for need in plan.needs][0]
    ('images', 80, None)
    """
    superiority, equivalence = _one_rater(design)
    studies = simulate(design, progress)
    return Plan(
        tool_version=version("dermvtt"),
        design=design,
        one_rater=tuple(
            OneRater(
                images,
                float(superiority[images - 1]),
                None if equivalence is None else float(equivalence[images - 1]),
            )
            for images in design.images
        ),
        one_rater_superiority_images=exact.images_needed(superiority, design.power),
        one_rater_equivalence_images=None
        if equivalence is None
        else exact.images_needed(equivalence, design.power),
        studies=studies,
        needs=needs(design, studies, progress),
    )


def _one_rater(design: Design) -> tuple[np.ndarray, np.ndarray | None]:
    """The powers of one rater at 1, 2, 3, ... images, as if each image were as hard as the mean of all."""
    images = np.arange(1, max(exact.MOST, design.images[-1]) + 1)
    accuracy = (1 - design.fakes_share) * design.tpr + design.fakes_share * design.tnr
    superiority = exact.superiority_power(images, accuracy, alpha=design.alpha)
    if design.margin is None:
        return superiority, None
    truth = design.equivalence_accuracy
    return superiority, exact.equivalence_power(images, design.margin, truth, alpha=design.alpha)


def to_json(plan: Plan) -> str:
    """The plan as indented JSON."""
    return json.dumps(asdict(plan), indent=2, allow_nan=False) + "\n"


def to_csv(plan: Plan) -> str:
    """The cells of the grid as CSV at full precision; what was not asked for is empty."""
    rows = [asdict(study) for study in plan.studies]
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
