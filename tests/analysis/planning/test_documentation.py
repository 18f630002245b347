"""``docs/planning.md`` says what the command does: its options, all keys and columns, numbers it quotes."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from backend.analysis.planning.design import Design
from backend.analysis.planning.exact import OneRater
from backend.analysis.planning.needs import Need
from backend.analysis.planning.plan import Plan
from backend.analysis.planning.simulate import PlannedStudy, simulate
from backend.cli.plan import plan

TEXT = (Path(__file__).parents[3] / "docs" / "planning.md").read_text(encoding="utf-8")


def test_every_option_is_listed():
    app = typer.Typer(add_completion=False)
    app.command()(plan)
    options = {name for one in typer.main.get_command(app).params for name in one.opts}
    listed = {
        option for row in re.findall(r"^\| (`--.*?) \|", TEXT, re.MULTILINE) for option in row.split(", ")
    }
    assert {f"`{option}`" for option in options} - listed == {"`--tpr`", "`--tnr`"}
    assert "or `--tpr` and `--tnr`" in TEXT


@pytest.mark.parametrize("row", [Design, OneRater, PlannedStudy, Need, Plan])
def test_every_key_and_column_is_in_the_codebook(row):
    assert not [field.name for field in fields(row) if f"`{field.name}`" not in TEXT]


def test_the_example_is_what_the_program_gives():
    design = Design(raters=(3, 6, 9, 12, 20), images=(60, 80, 120), image_sd=0.6, margin=0.1)
    found = simulate(Design(**{**vars(design), "simulations": 2000}))
    quoted = re.findall(
        r"^    (\d+) +([01]\.\d+) ± [\d.]+  ([01]\.\d+) ± [\d.]+  ([01]\.\d+) ±", TEXT, re.MULTILINE
    )
    for measure, rows in (("superiority_power", quoted[:5]), ("equivalence_power", quoted[5:])):
        expected = [(int(raters), float(power)) for raters, *powers in rows for power in powers]
        assert [study.raters for study in found] == [raters for raters, _ in expected]
        assert [getattr(study, measure) for study in found] == pytest.approx(
            [p for _, p in expected], abs=0.045
        )
