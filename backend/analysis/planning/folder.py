"""A plan as files: a folder with everything, or the figure alone; each whole or not at all."""

from pathlib import Path

from backend.analysis.figures.formats import FORMATS
from backend.analysis.planning.figure import plan_figure
from backend.analysis.planning.plan import Plan, to_csv, to_json
from backend.analysis.planning.text import to_text
from training.files import new_file, new_folder


def write_folder(plan: Plan, target: Path) -> None:
    """Write ``plan.json``, ``plan.csv``, ``plan.txt`` and the figure as SVG, PDF and PNG.

    Raises ``UserError`` where ``target`` exists already or cannot be written.
    """
    with new_folder(target) as folder:
        (folder / "plan.json").write_text(to_json(plan), encoding="utf-8")
        (folder / "plan.csv").write_text(to_csv(plan), encoding="utf-8", newline="")
        (folder / "plan.txt").write_text(to_text(plan), encoding="utf-8")
        figure = plan_figure(plan)
        for kind, save in FORMATS.items():
            (folder / f"plan.{kind}").write_bytes(save(figure))


def write_figure(plan: Plan, target: Path) -> None:
    """Write the figure in the format that the name ends in: one of ``FORMATS``."""
    with new_file(target) as partial:
        partial.write_bytes(FORMATS[target.suffix.lower().removeprefix(".")](plan_figure(plan)))
