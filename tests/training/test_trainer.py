"""The loop: what a step changes, what is written, and what stops it."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from training.errors import UserError
from training.trainer import seeds_of


def weights(module):
    return [weight.detach().clone() for weight in module.parameters()]


def quiet(tick):
    """Show nothing."""


def stop_after(trainer, images):
    return lambda: trainer.state.images_seen >= images


def test_a_training_writes_grids_losses_and_checkpoints(finished_run):
    assert sorted(path.name for path in (finished_run / "checkpoints").iterdir()) == [
        "000000040",
        "000000080",
        "000000104",
    ]
    grids = sorted((finished_run / "samples").iterdir())
    assert [grid.name for grid in grids] == ["000000056.png", "000000104.png"]
    for grid in grids:
        with Image.open(grid) as image:
            assert image.size == (6 * 16 + 5 * 2, 6 * 16 + 5 * 2)
    lines = [json.loads(line) for line in (finished_run / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["images_seen"] == 104 and lines[-1]["phase"] == "hold 16x16"
    assert all(np.isfinite(line["discriminator_loss"]) for line in lines)


def test_the_display_is_told_where_the_training_is(begin):
    ticks = []
    begin("run", "checkpoint_every=8").train(ticks.append)
    assert [tick.images_seen for tick in ticks] == list(range(8, 105, 8))
    assert [tick.stage.resolution for tick in ticks[:2] + ticks[-2:]] == [4, 4, 16, 16]
    assert ticks[-1].total == 104 and ticks[-1].speed > 0


def test_the_seed_decides_everything(begin):
    ends = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        trainer = begin(name, seed=seed)
        trainer.train(quiet)
        ends.append(torch.cat([weight.flatten() for weight in weights(trainer.state.ema)]))
    assert torch.equal(ends[0], ends[1]) and not torch.equal(ends[0], ends[2])


def test_weights_noise_and_grids_have_seeds_of_their_own():
    assert len({*seeds_of(0), *seeds_of(1)}) == 6


def test_a_step_trains_only_what_the_stage_uses(begin):
    trainer = begin()
    before = weights(trainer.state.generator.blocks), weights(trainer.state.generator.conv)
    trainer.train(quiet, stop_after(trainer, 8))
    after = weights(trainer.state.generator.blocks), weights(trainer.state.generator.conv)
    assert all(torch.equal(old, new) for old, new in zip(before[0], after[0], strict=True))
    assert not any(torch.equal(old, new) for old, new in zip(before[1], after[1], strict=True))


def test_the_average_keeps_its_share_each_step(begin):
    trainer = begin("run", "ema_decay=0.5")
    before = weights(trainer.state.ema)
    trainer.train(quiet, stop_after(trainer, 8))
    new = weights(trainer.state.generator)
    for old, current, average in zip(before, new, weights(trainer.state.ema), strict=True):
        torch.testing.assert_close(average, (old + current) / 2)


def test_a_young_average_forgets_sooner(begin):
    # Half-life 0.5 of 8 images seen is 4: after a step of 8 a quarter of the old value is left.
    trainer = begin("run", "ema_decay=0.999999", "ema_warm_up=0.5")
    before = weights(trainer.state.ema)
    trainer.train(quiet, stop_after(trainer, 8))
    new = weights(trainer.state.generator)
    for old, current, average in zip(before, new, weights(trainer.state.ema), strict=True):
        torch.testing.assert_close(average, old / 4 + 3 * current / 4)


def test_optimisers_start_anew_with_each_phase(begin):
    trainer = begin()
    steps = []
    trainer.train(lambda tick: None, stop_after(trainer, 32))
    state = trainer.state.generator_optimiser.state_dict()["state"]
    steps = {int(entry["step"]) for entry in state.values()}
    assert trainer.state.phase == "fade in 8x8" and steps == {1}


def test_training_brings_the_fakes_to_the_reals(begin):
    """Mean colour is the first thing learnt: after some steps at 4 x 4 it is nearer than before."""
    changes = "resolution=4", "images=640", "generator_rate=0.01", "discriminator_rate=0.01", "ema_decay=0.9"
    trainer = begin("run", *changes)
    reals = trainer.reals.batch(0, 12, 4).mean((0, 2, 3))

    def distance():
        latents = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            return (trainer.state.ema(latents, 4).mean((0, 2, 3)) - reals).norm().item()

    before = distance()
    trainer.train(quiet)
    assert distance() < 0.5 * before


def test_a_loss_that_is_no_number_stops_with_advice(begin):
    trainer = begin()

    def poison(tick):
        if tick.images_seen > 40:
            trainer.state.generator.first.weight.data.fill_(float("nan"))

    with pytest.raises(
        UserError, match=r"no longer finite.*last good checkpoint is .*000000040.*generator_rate"
    ):
        trainer.train(poison)
    assert not (trainer.run / "checkpoints" / "000000080").exists()


def test_weights_that_are_no_numbers_are_not_saved(begin):
    trainer = begin()

    def poison(tick):
        if tick.images_seen == 40:
            trainer.state.discriminator.score.bias.data.fill_(float("inf"))

    with pytest.raises(UserError, match=r"some weights are no longer finite .* there is no checkpoint yet"):
        trainer.train(poison)
    assert not (trainer.run / "checkpoints").exists()


def test_a_loss_that_explodes_stops_with_advice(begin):
    with pytest.raises(
        UserError, match=r"losses have exploded beyond loss_limit = 1e-09 \(discriminator .*generator_rate"
    ):
        begin("run", "loss_limit=1e-9").train(quiet)


@pytest.mark.parametrize("allocate", [torch.empty, np.empty])
def test_running_out_of_memory_says_what_to_lower(begin, monkeypatch, allocate):
    trainer = begin()
    # More than a process can address, so that no system grants it in the hope of less being used.
    monkeypatch.setattr(trainer.reals, "batch", lambda *_: allocate(1 << 58))
    said = r"out of memory on cpu at 4x4 .* --set minibatch\.4=4, or with a lower fmap_base and fmap_max"
    with pytest.raises(UserError, match=said):
        trainer.train(quiet)


def test_running_out_of_memory_while_drawing_keeps_what_was_trained(begin, monkeypatch):
    trainer = begin("run", "grid_every=40", "checkpoint_every=1000")
    monkeypatch.setattr("training.watch.Watch._drawn", lambda *_: torch.empty(1 << 58))
    with pytest.raises(UserError, match=r"out of memory on cpu at 8x8"):
        trainer.train(quiet)
    assert (trainer.run / "checkpoints" / "000000040").is_dir()


def test_another_failure_of_a_step_is_not_taken_for_want_of_memory(begin, monkeypatch):
    trainer = begin()
    monkeypatch.setattr(trainer.reals, "batch", lambda *_: torch.zeros(8, 5, 4, 4))
    with pytest.raises(RuntimeError, match="channels"):
        trainer.train(quiet)


def test_bfloat16_trains_too(begin):
    trainer = begin("run", "precision=bfloat16", "images=88")
    trainer.train(quiet)
    assert trainer.precision == torch.bfloat16
    assert all(torch.isfinite(weight).all() for weight in weights(trainer.state.generator))
    assert {weight.dtype for weight in weights(trainer.state.generator)} == {torch.float32}
