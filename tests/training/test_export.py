"""One generator, however it is handed over."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from training.checkpoint import checkpoints
from training.errors import UserError
from training.export import export, export_bytes, load_generator
from training.exported import read_exported
from training.manifest import digest
from training.runs import started

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def exported(finished_run, tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "pgan.safetensors"
    export([finished_run], path)
    return path


def test_a_run_its_checkpoint_and_its_export_are_one_generator(finished_run, exported):
    sources = (finished_run, checkpoints(finished_run)[0], exported)
    generators = [load_generator(source, CPU) for source in sources]
    assert {generator.digest for generator in generators} == {digest(exported.read_bytes())}
    images = [generator.draw(7) for generator in generators]
    assert all(np.array_equal(image, images[0]) for image in images)
    older = load_generator(checkpoints(finished_run)[1], CPU)
    assert older.digest != generators[0].digest and older.images_seen == 80


def test_it_draws_the_averaged_generators_image(finished_run, exported):
    generator = load_generator(exported, CPU)
    weights = load_file(checkpoints(finished_run)[0] / "ema.safetensors")
    for name, tensor in generator.module.state_dict().items():
        assert torch.equal(tensor, weights[name])
    latents = torch.randn(1, 8, generator=torch.Generator().manual_seed(7))
    values = generator.module(latents, 16, 1.0)[0].permute(1, 2, 0).numpy()
    expected = np.clip(np.round((values + 1) * 127.5), 0, 255)
    np.testing.assert_array_equal(generator.draw(7), expected)


def test_the_file_describes_itself(exported, dataset):
    with safe_open(exported, "pt") as file:
        about = json.loads(file.metadata()["dermvtt"])
    assert (about["family"], about["images_seen"], about["drawn"]) == ("pgan", 104, True)
    assert about["dataset"] == dataset.digest and about["configuration"]["resolution"] == 16
    assert (about["stage"]["resolution"], about["stage"]["alpha"]) == (16, 1.0)


def test_its_bytes_are_the_same_in_another_process(finished_run, exported):
    program = (
        "import sys; from pathlib import Path; from training.export import export_bytes; "
        "from training.manifest import digest; print(digest(export_bytes(Path(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", program, str(finished_run)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.strip() == digest(exported.read_bytes())


def test_half_precision_halves_the_file_and_keeps_the_picture(finished_run, exported, tmp_path):
    half = tmp_path / "half.safetensors"
    said = export([finished_run], half, half=True)
    assert said == digest(half.read_bytes()) != digest(exported.read_bytes())
    weights = load_file(half)
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    for name, tensor in load_file(exported).items():
        assert torch.equal(weights[name], tensor.half())
    # Whatever it is made of, it is the same file, and once halved it stays so.
    assert export_bytes(exported, half=True) == export_bytes(half, half=True) == half.read_bytes()

    one, other = load_generator(exported, CPU), load_generator(half, CPU)
    assert other.digest == said
    assert {weight.dtype for weight in other.module.parameters()} == {torch.float32}
    apart = np.abs([one.draw(seed).astype(int) - other.draw(seed) for seed in range(8)])
    assert apart.max() <= 4 and np.mean(apart > 1) < 0.02


def test_weights_beyond_half_precision_are_refused(exported, tmp_path):
    with safe_open(exported, "pt") as file:
        metadata = file.metadata()
    large = {name: tensor * 1e6 for name, tensor in load_file(exported).items()}
    save_file(large, tmp_path / "large.safetensors", metadata)
    with pytest.raises(UserError, match=r"beyond half precision's range. Export without --half"):
        export([tmp_path / "large.safetensors"], tmp_path / "half.safetensors", half=True)
    assert not (tmp_path / "half.safetensors").exists()


def test_a_generator_of_a_selection_says_so(dataset, tiny, tmp_path, exported):
    where = {"diagnosis": [dataset.index[0]["diagnosis"]]}
    trainer = started(tmp_path / "run", "pgan", dataset, tiny, (), 0, where)
    trainer.train(lambda tick: None, stop=lambda: True)
    assert read_exported(exported, export_bytes(tmp_path / "run")).about["where"] == where
    assert "where" not in read_exported(exported, exported.read_bytes()).about


def test_an_unfinished_generator_draws_as_far_as_it_grew(begin):
    trainer = begin()
    trainer.train(lambda tick: None, lambda: trainer.state.images_seen >= 32)
    generator = load_generator(trainer.run, CPU)
    assert generator.resolution == 8 and generator.stage.alpha == 0.6
    assert generator.draw(0).shape == (8, 8, 3)


def test_an_existing_file_is_not_overwritten(finished_run, exported):
    before = exported.read_bytes()
    with pytest.raises(UserError, match="already exists"):
        export([finished_run], exported)
    assert exported.read_bytes() == before


def test_what_holds_no_generator_is_refused(tmp_path, exported):
    with pytest.raises(UserError, match="does not exist"):
        export_bytes(tmp_path / "nothing")
    with pytest.raises(UserError, match="neither a run with a checkpoint"):
        export_bytes(tmp_path)
    other = tmp_path / "other.safetensors"
    for data in (b"", b"no", b"\xff" * 64, exported.read_bytes()[:40]):
        other.write_bytes(data)
        with pytest.raises(UserError, match="not a generator exported by"):
            load_generator(other, CPU)
    save_file({"x": torch.zeros(1)}, other)
    with pytest.raises(UserError, match="not a generator exported by"):
        load_generator(other, CPU)
    about = json.dumps({"format": "dermvtt-generator", "version": 1})
    save_file({"x": torch.zeros(1)}, other, {"dermvtt": about})
    with pytest.raises(UserError, match="another version"):
        load_generator(other, CPU)
    with safe_open(exported, "pt") as file:
        save_file({"x": torch.zeros(1)}, other, file.metadata())
    with pytest.raises(UserError, match="does not hold the generator that it describes"):
        load_generator(other, CPU)


@pytest.mark.parametrize(
    ("key", "value"), [("configuration", None), ("stage", None), ("stage", {"phase": "x"}), ("family", [])]
)
def test_a_damaged_description_is_refused(tmp_path, exported, key, value):
    with safe_open(exported, "pt") as file:
        about = json.loads(file.metadata()["dermvtt"])
    other = tmp_path / "other.safetensors"
    save_file(load_file(exported), other, {"dermvtt": json.dumps(about | {key: value})})
    with pytest.raises(UserError, match=f"is damaged: {key}"):
        load_generator(other, CPU)


@pytest.mark.parametrize("wrong", [{"resolution": 7}, {"resolution": 32}, {"resolution": 0}, {"alpha": 0}])
def test_a_stage_that_the_generator_never_has_is_refused(tmp_path, exported, wrong):
    with safe_open(exported, "pt") as file:
        about = json.loads(file.metadata()["dermvtt"])
    other = tmp_path / "other.safetensors"
    save_file(load_file(exported), other, {"dermvtt": json.dumps(about | {"stage": about["stage"] | wrong})})
    with pytest.raises(UserError, match="is damaged: its generator cannot be at"):
        load_generator(other, CPU)


def test_a_damaged_file_is_not_exported_again(finished_run, tmp_path):
    whole, cut, out = (tmp_path / f"{name}.safetensors" for name in ("whole", "cut", "out"))
    export([finished_run], whole)
    data = whole.read_bytes()
    for damaged in (data[:-1], data + b"\0"):
        cut.write_bytes(damaged)
        with pytest.raises(UserError, match=r"cut\.safetensors does not hold the generator"):
            export([cut], out)
    assert not out.exists()
