"""train, export, sample and mix on the command line, from a dataset to a mix."""

import os
import signal

import pytest

from training.checkpoint import checkpoints
from training.manifest import read_manifest
from training.shipped import shipped


def test_from_a_dataset_to_a_mix(run_command, dataset, tiny, tmp_path):
    run, file = tmp_path / "run", tmp_path / "pgan.safetensors"
    train = ["train", "pgan", "--data", dataset.folder, "--out", run]
    code, _, said = run_command(*train, "--preset", tiny, "--set", "images=88", "--resume")
    assert code == 0 and f"{run}: starting, on cpu in float32" in said and "hold 16x16: 88/88 images" in said
    code, digest, _ = run_command("export", "--checkpoint", run, "--out", file)
    assert code == 0 and len(digest.strip()) == 64
    code, _, _ = run_command("sample", "--checkpoint", file, "--count", 2, "--out", tmp_path / "samples")
    assert code == 0 and len(list((tmp_path / "samples").glob("*.png"))) == 2
    mix = ["mix", "--checkpoint", checkpoints(run)[0], "--data", dataset.folder, "--out", tmp_path / "mix"]
    kind = dataset.index[0]["diagnosis"]
    code, _, said = run_command(*mix, "--fakes", 2, "--reals", 1, "--where", f"diagnosis={kind}")
    assert code == 0 and "1 reals and 2 fakes" in said
    assert read_manifest(tmp_path / "mix").configuration["where"] == {"diagnosis": [kind]}
    fakes = [image for image in read_manifest(tmp_path / "mix").images if image.truth == "fake"]
    assert {image.provenance.generator for image in fakes} == {digest.strip()}

    assert run_command(*train, "--preset", tiny)[::2] == (
        1,
        f"error: {run} already exists. To go on with it, add --resume; else choose another --out.\n",
    )
    code, _, said = run_command(*train, "--resume")
    assert code == 0 and "going on after 88 images" in said and "Finished after 88 images" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pgam"], "unknown family 'pgam'. Did you mean 'pgan'?"),
        (["pgan", "--preset", "quik"], "no preset 'quik'"),
        (["pgan", "--set", "minibach=4"], "Did you mean 'minibatch'?"),
        (["pgan"], "32x32 images, which cannot be reduced to 64x64"),
        (
            ["pgan", "--set", "device=cuda:99", "--set", "resolution=16"],
            "device 'cuda:99' cannot be used here",
        ),
        (["pgan", "--set", "device=abacus", "--set", "resolution=16"], "device 'abacus' cannot be used here"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(run_command, dataset, tmp_path, arguments, message):
    code, _, said = run_command("train", *arguments, "--data", dataset.folder, "--out", tmp_path / "run")
    assert code == 1 and message in said and said.count("\n") == 1
    assert not list(tmp_path.glob("run*"))


def test_a_dataset_that_is_none_is_refused(run_command, tmp_path):
    code, _, said = run_command("train", "pgan", "--data", tmp_path, "--out", tmp_path / "run")
    assert code == 1 and "is no dataset" in said


def test_a_folder_that_is_no_run_cannot_be_resumed(run_command, dataset, tmp_path):
    code, _, said = run_command("train", "pgan", "--data", dataset.folder, "--out", tmp_path, "--resume")
    assert code == 1 and f"{tmp_path} is no run" in said


def test_ctrl_c_is_one_line_and_exit_code_130(run_command, finished_run, tmp_path, monkeypatch):
    monkeypatch.setattr("training.grid.tile", lambda *_: os.kill(os.getpid(), signal.SIGINT))
    arguments = ["--checkpoint", finished_run, "--grid", tmp_path / "grid.png", "--count", 1]
    code, _, said = run_command("sample", *arguments)
    assert code == 130 and said.splitlines()[-1] == "error: interrupted." and "Traceback" not in said
    assert not list(tmp_path.iterdir())


def test_a_generator_that_comes_along_is_named_not_searched(run_command, tmp_path):
    file = tmp_path / "pgan.safetensors"
    code, digest, _ = run_command("export", "--checkpoint", "shipped:phantoms", "--half", "--out", file)
    assert code == 0 and file.read_bytes() == shipped("phantoms").read_bytes() and len(digest.strip()) == 64
    grid = ["sample", "--count", 1, "--grid", tmp_path / "grid.png", "--checkpoint"]
    assert run_command(*grid, "shipped:phantoms")[0] == 0 and (tmp_path / "grid.png").exists()
    code, _, said = run_command(*grid, "shipped:fantoms")
    assert code == 1 and said == (
        "error: no generator 'fantoms' comes with DermVTT. Did you mean 'phantoms'?\n"
    )


@pytest.mark.parametrize("command", ["train", "export", "sample", "mix"])
def test_help_shows_an_example(run_command, command):
    code, said, _ = run_command(command, "--help")
    assert code == 0 and f"Example: dermvtt-train {command}" in said
