"""Two real processes with half of each minibatch train as one process with the whole of it."""

import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file

from training.checkpoint import checkpoints, read_state
from training.distributed import ONE, Processes
from training.draws import Draws, Share
from training.errors import INTERRUPTED, UserError
from training.networks.layers import minibatch_stddev
from training.runs import resumed, started

PRESETS = {
    "pgan": """
resolution = 8
images = 96
minibatch = 8
hold = 24
fade = 24
fmap_base = 32
fmap_max = 8
ema_decay = 0.9
""",
    "dcgan": """
resolution = 16
images = 80
minibatch = 8
features = 8
ema_decay = 0.9
""",
    "lapgan": """
resolution = 16
images = 80
minibatch = 8
coarsest = 4
units = 16
maps = 4
kernel = 3
""",
}
COMMON = """

latent_size = 8
swd_every = 0
tensorboard = false
device = "cpu"
precision = "float32"
"""


def command(family, dataset, preset, run, *more):
    train = [sys.executable, "-m", "training.cli", "train", family, "--data", str(dataset.folder)]
    return [*train, "--out", str(run), "--preset", str(preset), *more]


@pytest.mark.parametrize("family", PRESETS)
def test_two_processes_train_as_one(family, dataset, tmp_path):
    preset = tmp_path / "preset.toml"
    preset.write_text(PRESETS[family] + COMMON)
    board = family == "pgan"  # takes seconds to load, and knows nothing of families
    started(tmp_path / "one", family, dataset, str(preset), (), 0).train(lambda tick: None)
    more = ("--processes", "2", "--set", f"tensorboard={str(board).lower()}")
    line = command(family, dataset, preset, tmp_path / "two", *more)
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Finished after") == 1
    assert len(list((tmp_path / "two").glob("tensorboard/*"))) == board
    one, two = (checkpoints(tmp_path / name)[0] for name in ("one", "two"))
    for module in ("generator", "discriminator", "ema"):
        expected, found = (load_file(folder / f"{module}.safetensors") for folder in (one, two))
        for name, tensor in expected.items():
            torch.testing.assert_close(found[name], tensor, rtol=2e-4, atol=2e-5)


def test_a_stopped_pair_resumes_as_one(dataset, tmp_path):
    preset = tmp_path / "preset.toml"
    preset.write_text(PRESETS["dcgan"] + COMMON)
    run = tmp_path / "run"
    endless = command(
        "dcgan", dataset, preset, run, "--processes", "2", "--set", "images=1000000", "--set", "grid_every=80"
    )
    with subprocess.Popen(endless, stderr=subprocess.PIPE, text=True) as pair:
        deadline = time.monotonic() + 60
        while not (run / "samples").is_dir() and time.monotonic() < deadline:
            time.sleep(0.05)
        pair.send_signal(signal.SIGTERM)
        _, said = pair.communicate(timeout=60)
    assert pair.returncode == INTERRUPTED, said
    seen = read_state(checkpoints(run)[0])["images_seen"]
    assert said.count("Stopped after") == said.count(f"Stopped after {seen} images") == 1
    assert "Traceback" not in said
    again = resumed(run, "dcgan", dataset, None, [f"images={seen + 16}"], None)
    again.train(lambda tick: None)
    assert again.state.images_seen == seen + 16


def test_what_one_of_the_processes_refuses_is_said_once(dataset, tmp_path):
    preset = tmp_path / "preset.toml"
    preset.write_text(PRESETS["dcgan"] + COMMON)
    line = command("dcgan", dataset, preset, tmp_path, "--processes", "2")
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"error: {tmp_path} already exists. To go on with it, add --resume; else choose another --out."
    ]


def test_the_processes_end_with_the_one_that_launched_them(dataset, tmp_path):
    preset = tmp_path / "preset.toml"
    preset.write_text(PRESETS["dcgan"] + COMMON)
    line = command("dcgan", dataset, preset, tmp_path / "run", "--processes", "2", "--set", "images=10000000")
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as pair:
        assert "starting" in pair.stderr.readline()
        pair.kill()
        pair.communicate(timeout=60)  # to the end of what they all write to


@pytest.mark.parametrize("of", [1, 2, 4])
def test_processes_draw_the_parts_of_one_draw(of):
    shares = [Draws(torch.Generator().manual_seed(5), Share(rank, of)) for rank in range(of)]
    whole = Draws(torch.Generator().manual_seed(5))
    for _ in range(2):
        normal = whole.normal(8, 3)
        parts = [share.normal(8 // of, 3) for share in shares]
        uniform = whole.uniform(8)
        uniforms = [share.uniform(8 // of) for share in shares]
        for rank in range(of):
            assert torch.equal(parts[rank], normal[rank::of]) and torch.equal(
                uniforms[rank], uniform[rank::of]
            )


@pytest.mark.parametrize(("count", "of"), [(8, 2), (16, 2), (16, 4)])
def test_the_minibatch_standard_deviation_compares_the_same_images(count, of):
    features = torch.randn(count, 3, 4, 4)
    whole = minibatch_stddev(features)
    for rank in range(of):
        share = Share(rank, of)
        torch.testing.assert_close(minibatch_stddev(share.mine(features)), share.mine(whole))


def test_a_minibatch_that_cannot_be_shared_is_refused():
    pair = Processes(Share(0, 2))
    pair.refuse_uneven(8, 4, 32)
    with pytest.raises(
        UserError, match=r"minibatch of 12 at 32x32 .* 2 processes, in groups of 4.*multiple of 8"
    ):
        pair.refuse_uneven(12, 4, 32)
    ONE.refuse_uneven(3, 4, 32)
