"""A training stopped anywhere and resumed is the training that was never stopped, bit for bit."""

import json
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch

from training.errors import UserError
from training.runs import read_origin, resumed
from training.state import MODULES, OPTIMISERS
from training.status import status


def everything(state):
    """All tensors and numbers of a state."""
    found = {name: getattr(state, name).state_dict() for name in MODULES}
    found |= {name: getattr(state, name).state_dict()["state"] for name in OPTIMISERS}
    return found | {"rng": state.rng.get_state(), "seen": state.images_seen, "phase": state.phase}


def equal(one, two):
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(equal(one[key], two[key]) for key in one)
    if isinstance(one, torch.Tensor):
        # In the same memory format too: another one computes the same, but slowly.
        return torch.equal(one, two) and one.stride() == two.stride()
    return one == two


@pytest.fixture(scope="module")
def uninterrupted(dataset, tiny, tmp_path_factory):
    from training.runs import started

    trainer = started(tmp_path_factory.mktemp("whole") / "run", "pgan", dataset, tiny, (), 0)
    trainer.train(lambda tick: None)
    return everything(trainer.state)


# Inside a hold, at its last step, inside a fade, at its last step, one step before the end, and three times.
@pytest.mark.parametrize("stops", [(8,), (24,), (32,), (40,), (96,), (16, 48, 80)])
def test_resumed_is_as_never_stopped(begin, dataset, uninterrupted, stops):
    trainer = begin()
    for stop in stops:
        trainer.train(lambda tick: None, lambda state=trainer.state, stop=stop: state.images_seen >= stop)
        assert trainer.state.images_seen == stop
        trainer = resumed(trainer.run, "pgan", dataset, None, (), None)
    trainer.train(lambda tick: None)
    assert equal(everything(trainer.state), uninterrupted)


def test_losses_are_not_written_twice(begin, dataset):
    trainer = begin("run", "checkpoint_every=8")
    trainer.train(lambda tick: None)
    for folder in sorted((trainer.run / "checkpoints").iterdir())[1:]:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    with (trainer.run / "metrics.jsonl").open("a") as file:
        file.write('{"images_seen": 1')
    resumed(trainer.run, "pgan", dataset, None, (), None).train(lambda tick: None)
    seen = [
        json.loads(line)["images_seen"] for line in (trainer.run / "metrics.jsonl").read_text().splitlines()
    ]
    assert seen == sorted(set(seen)) and seen[-1] == 104


def test_a_run_without_a_checkpoint_starts_over(begin, dataset):
    assert resumed(begin().run, "pgan", dataset, None, (), None).state.images_seen == 0


@pytest.mark.parametrize(
    ("changes", "seed", "message"),
    [
        (["flip_horizontal=false"], None, "flip_horizontal: True -> False"),
        (["hold.4=24", "generator_rate=0.01"], None, "generator_rate: 0.001 -> 0.01\n  hold"),
        ([], 5, "seed: 0 -> 5"),
    ],
)
def test_another_configuration_is_refused_with_the_difference(finished_run, dataset, changes, seed, message):
    with pytest.raises(UserError, match=message):
        resumed(finished_run, "pgan", dataset, None, changes, seed)


def test_another_preset_dataset_or_family_is_refused(
    finished_run, dataset, photos, tiny, tmp_path, monkeypatch
):
    from training.dataset import open_dataset
    from training.networks import FAMILIES
    from training.prepare import Options, prepare

    prepare(photos, tmp_path / "other", Options(resolution=16), workers=1)
    with pytest.raises(UserError, match="dataset digest: "):
        resumed(finished_run, "pgan", open_dataset(tmp_path / "other"), None, (), None)
    other = tmp_path / "other.toml"
    other.write_text("images = 200\nresolution = 16\nhold = 20\nfade = 20\n")
    with pytest.raises(UserError, match="fmap_base: 32 -> 8192"):
        resumed(finished_run, "pgan", dataset, str(other), (), None)
    monkeypatch.setitem(FAMILIES, "other", FAMILIES["pgan"])
    with pytest.raises(UserError, match="is a run of pgan, not of other"):
        resumed(finished_run, "other", dataset, None, (), None)


def test_a_checkpoint_of_another_run_is_refused(begin, dataset):
    run, other = begin(), begin("other", "generator_rate=0.002", seed=1)
    other.train(lambda tick: None)
    shutil.copytree(other.run / "checkpoints", run.run / "checkpoints")
    with pytest.raises(
        UserError, match=r"(?s)000000104 was .*generator_rate: 0.002 -> 0.001\n  seed: 1 -> 0"
    ) as refused:
        resumed(run.run, "pgan", dataset, None, (), None)
    assert "another --out" in str(refused.value)


def test_what_changes_no_step_may_change(begin, dataset, tiny):
    trainer = begin()
    trainer.train(lambda tick: None)
    longer = resumed(trainer.run, "pgan", dataset, tiny, ["images=120", "grid_every=7"], 0)
    longer.train(lambda tick: None)
    assert longer.state.images_seen == 120
    assert json.loads((trainer.run / "run.json").read_text())["configuration"]["images"] == 120


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(begin, dataset, uninterrupted, capsys):
    trainer = begin()
    trainer.train(lambda tick: None)
    newest = trainer.run / "checkpoints" / "000000104"
    data = bytearray((newest / "discriminator.safetensors").read_bytes())
    data[-1] ^= 1
    (newest / "discriminator.safetensors").write_bytes(data)
    again = resumed(trainer.run, "pgan", dataset, None, (), None)
    assert again.state.images_seen == 80
    assert "discriminator.safetensors is damaged" in capsys.readouterr().err
    again.train(lambda tick: None)
    assert equal(everything(again.state), uninterrupted)
    assert resumed(trainer.run, "pgan", dataset, None, (), None).state.images_seen == 104


def test_damaged_checkpoints_are_set_aside_and_cost_no_good_one(begin, dataset):
    trainer = begin("run", "keep_checkpoints=1", "checkpoint_every=8")
    trainer.train(lambda tick: None, lambda: trainer.state.images_seen >= 40)
    folder = trainer.run / "checkpoints"
    shutil.copytree(folder / "000000040", folder / "000000048")
    again = resumed(trainer.run, "pgan", dataset, None, (), None)
    assert again.state.images_seen == 40 and (folder / "000000048.damaged").is_dir()
    again.train(lambda tick: None, lambda: again.state.images_seen >= 56)
    assert sorted(path.name for path in folder.iterdir()) == ["000000048.damaged", "000000056"]
    assert resumed(trainer.run, "pgan", dataset, None, (), None).state.images_seen == 56


def test_a_preset_given_again_leaves_what_may_change_as_it_was(begin, dataset, tiny):
    trainer = begin("run", "images=200", "keep_checkpoints=2")
    trainer.train(lambda tick: None, lambda: trainer.state.images_seen >= 104)
    settings = resumed(trainer.run, "pgan", dataset, tiny, (), None).family.settings
    assert (settings.images, settings.keep_checkpoints) == (200, 2)
    assert resumed(trainer.run, "pgan", dataset, tiny, ["images=216"], None).family.settings.images == 216


@pytest.mark.parametrize("line", ["{}", "5", "null", "[]", '{"images_seen": "x"}', "\udcff"])
def test_odd_lines_among_the_metrics_stop_nothing(begin, dataset, line):
    trainer = begin()
    trainer.train(lambda tick: None, lambda: trainer.state.images_seen >= 40)
    with (trainer.run / "metrics.jsonl").open("a", errors="surrogateescape") as file:
        file.write(line + "\n")
    resumed(trainer.run, "pgan", dataset, None, (), None).train(lambda tick: None)
    assert status(trainer.run).images_seen == 104


def test_sigterm_writes_a_checkpoint_and_says_how_to_go_on(dataset, tiny, tmp_path, run_command):
    run = tmp_path / "run"
    command = ["train", "pgan", "--data", str(dataset.folder), "--out", str(run)]
    start = [sys.executable, "-m", "training.cli", *command, "--preset", tiny]
    start += ["--set", "images=1000000", "--set", "checkpoint_every=104"]
    with subprocess.Popen(start, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not (run / "checkpoints").is_dir() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    newest = max(int(path.name) for path in (run / "checkpoints").iterdir())
    assert f"Stopped after {newest} images" in said and f"--out {run} --resume" in said
    target = newest + 16
    code, _, said = run_command(*command, "--resume", "--set", f"images={target}")
    assert code == 0, said
    assert f"going on after {newest} images" in said and f"Finished after {target}" in said
    assert not list(run.rglob("*.partial-*"))


@pytest.mark.parametrize("text", ["null", '"abc"', "[]", "{}", "{"])
def test_a_damaged_description_of_the_run_is_refused(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(UserError, match=r"run\.json is damaged"):
        read_origin(tmp_path)
