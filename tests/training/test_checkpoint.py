"""What a checkpoint holds, and that a damaged or a malicious one is refused."""

import json
import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file

from training.checkpoint import checkpoints, keep_the_best, load_checkpoint, read_state, save_checkpoint
from training.errors import UserError
from training.manifest import digest
from training.state import Best, new_state


@pytest.fixture
def trained(begin):
    trainer = begin()
    trainer.train(lambda tick: None, lambda: trainer.state.images_seen >= 32)
    return trainer


@pytest.fixture
def folder(trained):
    return checkpoints(trained.run)[0]


def test_its_state_says_what_it_is(folder, dataset, trained):
    state = json.loads((folder / "state.json").read_text())
    assert state["family"] == "pgan" and state["images_seen"] == 32 and state["seed"] == 0
    assert state["dataset"] == dataset.digest and state["drawn"] is True
    assert state["stage"] == {"phase": "fade in 8x8", "resolution": 8, "alpha": 0.6, "minibatch": 8}
    assert state["configuration"]["fmap_base"] == 32
    assert state["metrics"].keys() == {"discriminator_loss", "generator_loss", "images_per_s"}
    assert state["sha256"].keys() == {path.name for path in folder.iterdir()} - {"state.json"}


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("images_seen", "abc"),
        ("images_seen", -8),
        ("images_seen", 32.5),
        ("images_seen", 40),
        ("stage", None),
        ("stage", {}),
        ("best", {"foo": 1}),
        ("metrics", None),
        ("sha256", 5),
        ("sha256", None),
        ("configuration", None),
        ("dataset", 5),
        ("seed", "x"),
        ("where", {"diagnosis": "mel"}),
    ],
)
def test_a_tampered_state_is_refused(folder, trained, part, value):
    state = json.loads((folder / "state.json").read_text())
    (folder / "state.json").write_text(json.dumps(state | {part: value}))
    with pytest.raises(UserError, match=r"state\.json is (damaged|of 40 images)"):
        load_checkpoint(folder, trained.state)


def test_nested_json_without_end_is_refused(folder):
    (folder / "state.json").write_text("[" * 100_000)
    with pytest.raises(UserError, match=r"state\.json is damaged"):
        read_state(folder)


@pytest.mark.parametrize(
    ("file", "name", "tensor"),
    [
        ("random", "rng", torch.zeros(5)),
        ("generator_optimiser", "999/step", torch.tensor(1.0)),
        ("generator_optimiser", "-1/step", torch.tensor(1.0)),
        ("generator_optimiser", "0/exp_avg", torch.zeros(3)),
        ("generator_optimiser", "0/exp_avg", None),
        ("ema", "conv.bias", torch.zeros(8, dtype=torch.int8)),
        ("ema", "conv.bias", torch.full((8,), float("nan"))),
        ("ema", "conv.bias", None),
        ("discriminator", "conv.bias", torch.zeros(3)),
    ],
)
def test_tampered_tensors_do_not_fit(folder, trained, file, name, tensor):
    tensors = load_file(folder / f"{file}.safetensors")
    assert name in tensors or "9" in name or "-" in name
    tensors = {key: value for key, value in tensors.items() if key != name}
    save_file(tensors if tensor is None else tensors | {name: tensor}, folder / f"{file}.safetensors")
    state = read_state(folder)
    state["sha256"][f"{file}.safetensors"] = digest((folder / f"{file}.safetensors").read_bytes())
    (folder / "state.json").write_text(json.dumps(state))
    with pytest.raises(UserError, match="does not fit this training"):
        load_checkpoint(folder, trained.state)


def test_weights_open_with_safetensors_alone(folder, trained):
    weights = load_file(folder / "ema.safetensors")
    for name, tensor in trained.state.ema.state_dict().items():
        assert torch.equal(weights[name], tensor)


def test_loading_never_unpickles(folder, trained, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    monkeypatch.setattr(torch, "load", refuse)
    load_checkpoint(folder, trained.state)


def test_a_pickle_in_place_of_weights_is_refused(folder, trained):
    torch.save(trained.state.ema.state_dict(), folder / "ema.safetensors")
    state = read_state(folder)
    state["sha256"]["ema.safetensors"] = digest((folder / "ema.safetensors").read_bytes())
    (folder / "state.json").write_text(json.dumps(state))
    with pytest.raises(UserError, match=r"ema.safetensors is damaged"):
        load_checkpoint(folder, trained.state)


@pytest.mark.parametrize(
    "name", ["generator", "ema", "discriminator", "generator_optimiser", "discriminator_optimiser", "random"]
)
@pytest.mark.parametrize("harm", ["cut", "flip", "remove"])
def test_a_damaged_part_is_named(folder, trained, name, harm):
    path = folder / f"{name}.safetensors"
    data = path.read_bytes()
    if harm == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif harm == "flip":
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    else:
        path.unlink()
    with pytest.raises(UserError, match=f"{name}.safetensors (is damaged|cannot be read)"):
        load_checkpoint(folder, trained.state)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is damaged"),
        ("[]", "not a checkpoint's state"),
        ('{"format": "dermvtt-checkpoint", "version": 1}', "was written by another version of this tool"),
    ],
)
def test_a_state_that_is_not_one_is_refused(folder, text, message):
    (folder / "state.json").write_text(text)
    with pytest.raises(UserError, match=message):
        read_state(folder)


def test_a_folder_without_state_is_no_checkpoint(tmp_path):
    with pytest.raises(UserError, match=r"is no checkpoint: .*state.json cannot be read"):
        read_state(tmp_path)


def test_weights_of_another_width_do_not_fit(folder, trained, begin):
    wider = begin("wider", "fmap_max=16")
    with pytest.raises(UserError, match="does not fit this training"):
        load_checkpoint(folder, wider.state)


def test_the_random_state_is_the_one_saved(folder, trained):
    expected = torch.randn(5, generator=trained.state.rng)
    other = new_state(trained.family, 9, 9, torch.device("cpu"))
    load_checkpoint(folder, other)
    assert torch.equal(torch.randn(5, generator=other.rng), expected)


def test_only_the_newest_are_kept(trained):
    stage = trained.family.stage(0)
    for seen in (7, 1000, 90):
        trained.state.images_seen = seen
        save_checkpoint(trained.run, trained.state, trained.origin, stage)
    assert [int(path.name) for path in checkpoints(trained.run)] == [1000, 90, 32, 7]
    keep_the_best(trained.run, trained.state, 2)
    assert [int(path.name) for path in checkpoints(trained.run)] == [1000, 90]


def test_the_best_is_kept_and_linked(trained):
    stage = trained.family.stage(0)
    for seen, swd in ((100, 9.0), (200, 5.0), (300, 7.0), (400, 8.0)):
        trained.state.images_seen = seen
        measured = Best(seen, 16, swd)
        trained.state.best = measured if measured.beats(trained.state.best) else trained.state.best
        save_checkpoint(trained.run, trained.state, trained.origin, stage)
        keep_the_best(trained.run, trained.state, 1)
    assert [int(path.name) for path in checkpoints(trained.run)] == [400, 200]
    best = trained.run / "checkpoints" / "best"
    assert read_state(best)["images_seen"] == 200 and read_state(best)["best"]["swd"] == 5.0
    load_checkpoint(best, trained.state)
    assert trained.state.best == Best(200, 16, 5.0)


def test_a_higher_resolution_beats_a_smaller_distance():
    assert Best(1, 32, 50.0).beats(Best(0, 16, 1.0))
    assert not Best(1, 16, 1.0).beats(Best(0, 32, 50.0))
    assert Best(1, 16, 1.0).beats(Best(0, 16, 2.0)) and not Best(1, 16, 2.0).beats(Best(0, 16, 2.0))


def test_a_state_that_lacks_a_part_is_refused(folder):
    state = json.loads((folder / "state.json").read_text())
    del state["sha256"], state["stage"]
    (folder / "state.json").write_text(json.dumps(state))
    with pytest.raises(UserError, match=r"state.json is damaged: stage: Field required"):
        read_state(folder)


def test_an_interrupted_write_leaves_no_checkpoint(trained, monkeypatch):
    trained.state.images_seen = 99
    monkeypatch.setattr("training.checkpoint.digest", lambda data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_checkpoint(trained.run, trained.state, trained.origin, trained.family.stage(0))
    assert [path.name for path in (trained.run / "checkpoints").iterdir()] == ["000000032"]
