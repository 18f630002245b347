"""A plan as text for a terminal or a log, rounded for reading."""

import textwrap
from collections.abc import Iterator, Sequence

from backend.analysis.groups.equivalence import CHANCE
from backend.analysis.planning.design import NEAR, Design
from backend.analysis.planning.needs import EQUIVALENCE, SUPERIORITY, WIDTH, Need
from backend.analysis.planning.plan import Plan
from backend.analysis.planning.simulate import PlannedStudy
from backend.analysis.text import aligned

GOALS = {
    SUPERIORITY: "a power of {:g} for superiority",
    EQUIVALENCE: "a power of {:g} for equivalence",
    WIDTH: "an interval {:g} wide",
}
BOUNDED = (
    "With {numbers} {given}, no number of {other} is enough: the spread between {given} stays, however many "
    "{other} there are. Plan more {given}."
)
LEEWAY = 0.02
"""How far below its level the coverage of the interval may fall without a word."""
LINE = 100  # characters
TOO_FEW = "With {numbers} {given}, more {other} than the grid has would do: give larger --{other}."


def to_text(plan: Plan) -> str:
    """What is assumed, a table for each question, one rater alone, and how many are needed."""
    design = plan.design
    sections = [_opening(design)]
    sections += [f"{title}\n{_grid(plan, measure)}" for title, measure in _tables(design)]
    sections += ["One rater alone, exact binomial tests\n" + _one_rater(plan)]
    for goal in dict.fromkeys(need.goal for need in plan.needs):
        sections.append(_answers([need for need in plan.needs if need.goal == goal]))
    sections += _remarks(plan)
    return "\n\n".join(sections) + "\n"


def _opening(design: Design) -> str:
    alike = design.tpr == design.tnr
    true = f"accuracy {design.tpr:g}" if alike else f"TPR {design.tpr:g} and TNR {design.tnr:g}"
    lines = [
        f"Assumed: true mean {true}; standard deviations {design.rater_sd:g} (raters) and "
        f"{design.image_sd:g} (images) in logits;",
        f"{design.fakes_share * 100:g} % of the images are fakes; every rater answers every image.",
        f"{design.simulations:,} simulated studies a cell (seed {design.seed}); "
        "\u00b1 is the Monte Carlo standard error.",
    ]
    return "\n".join(lines)


def _tables(design: Design) -> Iterator[tuple[str, str]]:
    level, alpha = f"{design.level * 100:g} %", f"{design.alpha * 100:g} %"
    mean = f"mean {design.measure.replace('_', ' ')}"
    yield f"Power to show that {mean} is not 1/2 (two-sided, {alpha})", "superiority_power"
    if design.margin is not None:
        yield (
            f"Power to show that {mean} is within {design.margin:g} of 1/2, where it is "
            f"{design.equivalence_accuracy:g} (two one-sided tests, {alpha} each)",
            "equivalence_power",
        )
    yield f"Mean width of the {level} interval of {mean}", "width"
    if design.width is not None:
        yield f"Share of {level} intervals that are at most {design.width:g} wide", "narrow_share"
    if design.kappa:
        yield f"Mean width of the {level} interval of Fleiss' kappa, all images", "kappa_width"


def _grid(plan: Plan, measure: str) -> str:
    cells = {(study.raters, study.images): _cell(study, measure) for study in plan.studies}
    header = ["raters", *(f"{images} images" for images in plan.design.images)]
    rows = ([str(r), *(cells[r, images] for images in plan.design.images)] for r in plan.design.raters)
    return aligned(header, rows)


def _cell(study: PlannedStudy, measure: str) -> str:
    value, error = getattr(study, measure), getattr(study, f"{measure}_se")
    return "-" if value is None else f"{value:.3f} \u00b1 {error:.3f}"


def _one_rater(plan: Plan) -> str:
    asked = [("power against 1/2", "superiority_power", plan.one_rater_superiority_images)]
    if plan.design.margin is not None:
        asked.append(("power of equivalence", "equivalence_power", plan.one_rater_equivalence_images))
    header = ["", *(f"{images} images" for images in plan.design.images), f"{plan.design.power:g} from"]
    rows = []
    for title, measure, needed in asked:
        powers = [f"{getattr(one, measure):.3f}" for one in plan.one_rater]
        rows.append([title, *powers, f"{needed:,} images" if needed else "beyond reach"])
    return aligned(header, rows)


def _answers(needs: Sequence[Need]) -> str:
    """How many, by number of images and by number of raters, and what no number can do."""
    goal, wanted = needs[0].goal, needs[0].wanted
    there = "width there" if goal == WIDTH else "power there"
    header = ["given", "needed", there, "best in the grid", "with ever more"]
    rows = []
    for need in needs:
        found = (
            ["none", "-"] if need.needed is None else [f"{need.needed} {need.other}", f"{need.reached:.3f}"]
        )
        rows.append([f"{need.number} {need.given}", *found, f"{need.best:.3f}", f"{need.limit:.3f}"])
    lines = [f"How many for {GOALS[goal].format(wanted)}", aligned(header, rows)]
    for given in dict.fromkeys(need.given for need in needs):
        failed = [need for need in needs if need.given == given and need.needed is None]
        lines += _explained([need for need in failed if need.bounded], BOUNDED)
        lines += _explained([need for need in failed if not need.bounded], TOO_FEW)
    return "\n".join(lines)


def _explained(failed: Sequence[Need], why: str) -> list[str]:
    if not failed:
        return []
    *others, last = (str(need.number) for need in failed)
    numbers = f"{', '.join(others)} or {last}" if others else last
    return [textwrap.fill(why.format(numbers=numbers, given=failed[0].given, other=failed[0].other), LINE)]


def _remarks(plan: Plan) -> list[str]:
    remarks = []
    if any(abs(study.truth - CHANCE) < NEAR for study in plan.studies):
        remarks.append("Note: where the truth is 1/2 there is nothing to show: the power is the error rate.")
    worst = min(plan.studies, key=lambda study: study.coverage)
    if worst.coverage < plan.design.level - LEEWAY:
        remarks.append(
            f"Note: the interval holds the truth less often than it says: in {worst.coverage * 100:.1f} % of "
            f"studies with {worst.raters} raters and {worst.images} images. Do not trust the powers there."
        )
    return [textwrap.fill(remark, LINE) for remark in remarks]
