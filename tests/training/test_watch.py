"""What is measured and shown while a training runs, and what ``status`` reads of it."""

import fcntl
import json
import subprocess
import sys

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from training.checkpoint import checkpoints, read_state
from training.errors import UserError
from training.lock import LOCK, is_training, sole_training
from training.runs import resumed
from training.status import as_text, status

MEASURED = ("swd_every=40", "swd_images=12", "tensorboard=true")


@pytest.fixture
def measured(begin):
    trainer = begin("run", *MEASURED)
    trainer.train(lambda tick: None)
    return trainer


def lines(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_swd_is_measured_at_intervals_and_at_the_end(measured):
    found = [line for line in lines(measured.run) if "swd" in line]
    # After 40 images at 8 x 8, after 80 at 16 x 16, and at the end.
    assert [(line["images_seen"], list(line["swd"])) for line in found] == [
        (40, ["8"]),
        (80, ["16"]),
        (104, ["16"]),
    ]
    assert all(line["swd_mean"] > 0 and line["swd_images"] == 12 for line in found)


def test_measuring_changes_no_step(measured, begin):
    plain = begin("plain")
    plain.train(lambda tick: None)
    ours, theirs = (trainer.state.ema.state_dict() for trainer in (measured, plain))
    assert all(bool((ours[name] == theirs[name]).all()) for name in ours)


def test_the_best_is_kept_and_remembered(begin, dataset):
    trainer = begin("run", "swd_every=8", "swd_images=12", "keep_checkpoints=1", "checkpoint_every=1000")
    trainer.train(lambda tick: None)
    final = [line for line in lines(trainer.run) if "swd" in line and line["resolution"] == 16]
    best = min(final, key=lambda line: line["swd_mean"])
    assert trainer.state.best.images_seen == best["images_seen"]
    linked = trainer.run / "checkpoints" / "best"
    assert read_state(linked)["images_seen"] == best["images_seen"]
    assert {int(folder.name) for folder in checkpoints(trainer.run)} == {104, best["images_seen"]}
    again = resumed(trainer.run, "pgan", dataset, None, (), None)
    assert again.state.best == trainer.state.best


def test_tensorboard_shows_curves_and_grids(measured):
    events = EventAccumulator(str(measured.run / "tensorboard")).Reload()
    scalars = set(events.Tags()["scalars"])
    assert {"discriminator_loss", "generator_loss", "images_per_s", "swd/16", "swd/mean"} <= scalars
    assert [event.step for event in events.Scalars("swd/mean")] == [40, 80, 104]
    assert [event.step for event in events.Images("samples")] == [56, 104]


def test_a_run_without_tensorboard_writes_none(finished_run):
    assert not (finished_run / "tensorboard").exists()


def test_status_says_where_a_run_stands(measured):
    found = status(measured.run)
    assert (found.state, found.images_seen, found.images, found.family) == ("finished", 104, 104, "pgan")
    assert found.phase == "hold 16x16" and found.best["resolution"] == 16
    assert found.swd.keys() == {"16"} and found.time_left_s is None
    text = as_text(found)
    assert "pgan, finished, 104/104 images (100.0%)" in text and "best: mean SWD" in text
    assert "000000104" in text.splitlines()[-1]


def test_status_of_a_run_that_has_not_begun(begin):
    found = status(begin().run)
    assert (found.state, found.images_seen, found.best, found.checkpoints) == ("stopped", 0, None, [])
    assert "newest checkpoint: none yet" in as_text(found)


def test_status_of_a_run_that_another_process_trains(measured):
    with (measured.run / "metrics.jsonl").open("a") as file:
        file.write('{"images_seen": 1')  # being written
    hold = f"import fcntl,sys; f=open({str(measured.run / LOCK)!r}, 'a'); fcntl.flock(f, fcntl.LOCK_EX)"
    program = f"{hold}; print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        assert is_training(measured.run) and status(measured.run).state == "training"
        with pytest.raises(UserError, match="another process is training in"), sole_training(measured.run):
            pass
        other.stdin.close()
    assert not is_training(measured.run)


def test_a_training_holds_its_lock_until_it_ends(begin):
    run = begin().run
    assert not is_training(run)
    with sole_training(run):
        handle = (run / LOCK).open()
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        handle.close()
    assert not is_training(run)


def test_status_of_no_run_is_refused(tmp_path):
    with pytest.raises(UserError, match="is no run"):
        status(tmp_path)
