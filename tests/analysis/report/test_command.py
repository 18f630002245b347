"""The command: what it prints, what it writes, and how it refuses."""

import json

import pytest
import typer
from typer.testing import CliRunner

from backend.analysis.ratings import read_ratings
from backend.analysis.report.results import analyze as analyse
from backend.analysis.report.serial import schema, to_json
from backend.cli.analyze import analyze
from training.errors import UserError
from training.manifest import read_manifest

app = typer.Typer()
app.command()(analyze)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_json_is_all_that_standard_output_gets(make_mix, tmp_path):
    mix, ratings = make_mix(), tmp_path / "ratings.csv"
    images = read_manifest(mix).images
    rows = [f"{rater},ED,{one.id},{one.truth},real" for rater in "AB" for one in images]
    rows[0] = rows[0].removesuffix("real")  # left blank
    ratings.write_text("rater,group,image,truth,answer\n" + "\n".join(rows))
    result = run(ratings, "--json", "--blank-as-error", "--out", tmp_path / "report", "--mix", mix)
    assert result.exit_code == 0
    expected = to_json(analyse(read_ratings(ratings), convention="blank_as_error"))
    assert result.stdout == expected != to_json(analyse(read_ratings(ratings)))
    assert (tmp_path / "report" / "results.json").read_text(encoding="utf-8") == expected
    assert "Results written to" in result.stderr
    # The pictures come from the mix.
    drawn = (tmp_path / "report" / "figures" / "image_sheet.svg").read_text()
    assert drawn.count("<image") == 8
    absent = run(ratings, "--out", tmp_path / "other", "--mix", tmp_path).exception
    assert isinstance(absent, UserError)
    assert "manifest.json cannot be read" in str(absent)
    assert not (tmp_path / "other").exists()


def test_tables_are_printed_by_default(paper_csv):
    result = run(paper_csv)
    assert result.exit_code == 0
    assert result.stdout.startswith("8 raters in 2 groups")
    assert "4 of 640 answers are missing. They are left out" in result.stdout
    assert "Fleiss' kappa" in result.stdout


def test_the_level_is_kept(paper_csv):
    assert json.loads(run(paper_csv, "--json", "--level", "0.8").stdout)["configuration"]["level"] == 0.8
    assert run(paper_csv, "--level", "95").exit_code == 2


def test_the_convention_and_the_margin_are_kept(paper_csv):
    found = json.loads(run(paper_csv, "--json", "--convention", "paper", "--margin", "0.1").stdout)
    assert found["configuration"] == {"convention": "paper", "level": 0.95, "margin": 0.1, "seed": 0}
    assert found["equivalence"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--margin", "0"], "--margin must lie between"),
        (["--margin", "0.7"], "--margin"),
        (["--latex"], "--latex needs --out"),
        (["--mix", "mixes/x"], "--mix needs --out"),
        (["--blank-as-error", "--convention", "paper"], "give one"),
        (["--convention", "baur"], "--convention"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(paper_csv, arguments, words):
    result = run(paper_csv, *arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.replace("│", " ").split())


def test_the_schema_needs_no_ratings():
    assert json.loads(run("--schema").stdout) == schema()


def test_a_users_mistake_is_a_user_error(paper_csv, tmp_path):
    absent = run(tmp_path / "absent.csv").exception
    assert isinstance(absent, UserError)
    assert "absent.csv cannot be read" in str(absent)
    taken = run(paper_csv, "--out", tmp_path)
    assert isinstance(taken.exception, UserError)
    assert taken.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("part", ["dermvtt analyze ratings.csv", "--blank-as-error", "--json", "--out"])
def test_the_help_has_examples(part):
    assert part in run("--help").stdout
