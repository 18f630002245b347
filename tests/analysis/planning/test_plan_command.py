"""The command: what it prints, what it writes, and how it refuses."""

import json

import pytest
import typer
from typer.testing import CliRunner

from backend.cli.plan import plan
from training.errors import UserError

app = typer.Typer()
app.command()(plan)
QUICK = ("--raters", "3,8", "--images", "40-80:40", "--simulations", "200")


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_tables_are_printed_by_default():
    result = run(*QUICK)
    assert result.exit_code == 0
    assert result.stdout.startswith("Assumed: true mean accuracy 0.6;")
    assert "How many for a power of 0.8 for superiority" in result.stdout
    assert "Simulating studies" not in result.stdout


def test_json_is_all_that_standard_output_gets(tmp_path):
    options = (
        "--kappa",
        "--measure",
        "balanced_accuracy",
        "--margin",
        0.1,
        "--width",
        0.2,
        "--accuracy",
        0.65,
        "--rater-sd",
        0.4,
        "--seed",
        3,
    )
    result = run(*QUICK, "--json", *options, "--out", tmp_path / "plan", "--figure", tmp_path / "f.svg")
    assert result.exit_code == 0
    design = json.loads(result.stdout)["design"]
    assert (design["raters"], design["images"]) == ([3, 8], [40, 80])
    assert (design["margin"], design["tpr"], design["tnr"], design["seed"]) == (0.1, 0.65, 0.65, 3)
    assert (tmp_path / "plan" / "plan.json").read_text(encoding="utf-8") == result.stdout
    assert (tmp_path / "f.svg").is_file()
    assert "Plan written to" in result.stderr


def test_lists_may_hold_ranges():
    design = json.loads(run("--raters", "12,3-5", "--images", "40", "--simulations", 100, "--json").stdout)
    assert design["design"]["raters"] == [3, 4, 5, 12]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--raters", "1,3"], "--raters must be rising numbers from 2 on"),
        (["--raters", "three"], "--raters 'three' is no list of numbers"),
        (["--raters", ""], "--raters '' is no list"),
        (["--images", "80-40"], "the range 80-40 falls"),
        (["--images", "2-9999999"], "more than 100 numbers"),
        (["--accuracy", "60"], "--accuracy must lie between 0 and 1, not 60"),
        (["--accuracy", "nan"], "--accuracy must lie between 0 and 1"),
        (["--tpr", "0.6"], "give --accuracy, or --tpr and --tnr together"),
        (["--accuracy", "0.6", "--tpr", "0.6", "--tnr", "0.6"], "give --accuracy, or --tpr and"),
        (["--margin", "0"], "--margin must lie between 0 and 0.5"),
        (["--rater-sd", "-1"], "--rater-sd must be from 0 to 3"),
        (["--figure", "plan.gif"], "--figure must end in .svg, .pdf, .png, not 'plan.gif'"),
        (["--simulations", "many"], "--simulations"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_nonsense_is_a_wrong_usage(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert result.stdout == ""


def test_an_existing_folder_is_left_alone_before_any_work(tmp_path):
    result = run(*QUICK, "--out", tmp_path)
    assert isinstance(result.exception, UserError)
    assert "already exists" in str(result.exception)
    assert (result.stdout, list(tmp_path.iterdir())) == ("", [])
    assert "Simulated studies" not in result.stderr


@pytest.mark.parametrize("part", ["dermvtt plan --margin", "--rater-sd", "--json", "--out", "--figure"])
def test_the_help_has_examples(part):
    assert part in run("--help").stdout
