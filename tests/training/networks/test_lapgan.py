"""LAPGAN: what each level is shown, that levels do not know of each other, and sampling down the pyramid."""

import pytest
import torch
from torch.nn import functional

from training.draws import Draws
from training.errors import UserError
from training.networks.lapgan import LAPGAN, LapganSettings, levels_of, pyramid
from training.networks.pyramid import expanded
from training.runs import started
from training.settings import check, load

SMALL = {"resolution": 16, "images": 10, "latent_size": 6, "coarsest": 4, "units": 10, "maps": 3, "kernel": 3}


def parameters(module):
    return sum(weight.numel() for weight in module.parameters())


@pytest.fixture
def family():
    return LAPGAN(check(LapganSettings, SMALL))


@pytest.fixture
def networks(family):
    torch.manual_seed(0)
    return family.generator(), family.discriminator()


def test_parameters_follow_from_the_layers():
    settings = load(LapganSettings, "lapgan", "paper")
    family = LAPGAN(settings)
    assert levels_of(settings) == [8, 16, 32, 64, 128, 256]
    with torch.device("meta"):
        generator, critic = family.generator(), family.discriminator()
    pixels, units, maps = 3 * 8 * 8, 1200, 128
    coarse = 128 * units + units + units * units + units + units * pixels + pixels
    fine = (49 * 4 + 1) * maps + (49 * maps + 1) * maps + (25 * maps + 1) * 3
    assert parameters(generator) == coarse + 5 * fine
    half = units // 2
    judge = (pixels + 1) * half + (half + 1) * half + half + 1
    for size in (16, 32, 64, 128, 256):
        judge += (25 * 3 + 1) * maps + (25 * maps + 1) * maps + maps * (size // 2) ** 2 + 1
    assert parameters(critic) == judge


def test_an_image_needs_a_latent_vector_and_a_plane_of_noise_a_level(family):
    assert family.latent_length == 6 + 8 * 8 + 16 * 16
    assert family.latents(2, torch.Generator()).shape == (2, 326)


def test_samples_run_down_the_pyramid(family, networks):
    generator = networks[0]
    latents = torch.randn(2, family.latent_length)
    image = generator["4"](latents[:, :6])
    for size, noise in ((8, latents[:, 6:70]), (16, latents[:, 70:])):
        below = expanded(image)
        image = below + generator[str(size)](torch.cat([below, noise.view(2, 1, size, size)], 1))
    torch.testing.assert_close(family.images(generator, latents, family.stage(0)), image)


def test_discriminators_are_shown_the_same_low_pass_image_with_either_residual(family, networks):
    generator, critic = networks
    reals = torch.randn(5, 3, 16, 16)
    shown = {size: [] for size in ("4", "8", "16")}
    for size, level in critic.items():
        level.register_forward_hook(lambda module, inputs, output, size=size: shown[size].append(inputs[0]))
    family.discriminator_loss(generator, critic, reals, Draws(torch.Generator()), family.stage(0))
    real = pyramid(reals, 4)
    for size, (given, made) in shown.items():
        torch.testing.assert_close(given, real[int(size)])
        assert made.shape == given.shape and not torch.equal(made, given)
        if size != "4":
            # Its generator sharpened the real image of the level below: without a residual that is the blur.
            noise = torch.zeros(5, 1, int(size), int(size))
            below = expanded(real[int(size) // 2])
            silent = below + generator[size](torch.cat([below, noise], 1))
            assert (made - silent).abs().mean() < (made - given).abs().mean()


def test_the_loss_is_the_sum_over_levels(family, networks):
    generator, critic = networks
    reals, stage = torch.randn(4, 3, 16, 16), family.stage(0)
    scores = []
    for level in critic.values():
        level.register_forward_hook(lambda module, inputs, output: scores.append(output))
    loss = family.discriminator_loss(generator, critic, reals, Draws(torch.Generator()), stage)
    expected = sum(
        -functional.logsigmoid(scores[place]).mean() - functional.logsigmoid(-scores[place + 1]).mean()
        for place in (0, 2, 4)
    )
    torch.testing.assert_close(loss, expected)


def test_no_level_moves_another(family, networks):
    generator, critic = networks
    draws = Draws(torch.Generator())
    family.settings = family.settings.model_copy(update={"levels": (8,)})
    family.discriminator_loss(generator, critic, torch.randn(4, 3, 16, 16), draws, family.stage(0)).backward()
    moved = {size for size, level in critic.items() if any(w.grad is not None for w in level.parameters())}
    assert moved == {"8"} and all(weight.grad is None for weight in generator.parameters())
    family.generator_loss(generator, critic, torch.randn(4, 3, 16, 16), draws, family.stage(0)).backward()
    moved = {size for size, level in generator.items() if any(w.grad is not None for w in level.parameters())}
    assert moved == {"8"}


def test_a_level_trains_alone_as_it_does_among_the_others(dataset, tmp_path):
    preset = tmp_path / "small.toml"
    lines = [f"{key} = {value}" for key, value in (SMALL | {"images": 64, "minibatch": 8}).items()]
    preset.write_text("\n".join([*lines, "swd_every = 0", "tensorboard = false", 'device = "cpu"']))
    runs = {}
    for name, changes in (("all", ()), ("fine", ("levels=[16]",)), ("rest", ("levels=[4, 8]",))):
        trainer = started(tmp_path / name, "lapgan", dataset, str(preset), changes, 0)
        trainer.train(lambda tick: None)
        runs[name] = trainer.state
    for size, name in (("4", "rest"), ("8", "rest"), ("16", "fine")):
        for part in ("generator", "discriminator", "ema"):
            whole, alone = (getattr(runs[run], part)[size].state_dict() for run in ("all", name))
            assert all(torch.equal(whole[key], alone[key]) for key in whole)
    assert not torch.equal(runs["all"].ema["8"][0].weight, runs["fine"].ema["8"][0].weight)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"coarsest": 16}, "coarsest = 16 is not a power of two from 4 up and below resolution = 16"),
        ({"coarsest": 6}, "coarsest = 6 is not"),
        ({"kernel": 4}, "a filter needs a middle"),
        ({"maps": 0}, "at least one feature map"),
        ({"levels": [8, 32]}, r"levels: 32 is none of \[4, 8, 16\]"),
    ],
)
def test_what_is_no_pyramid_is_refused(change, message):
    with pytest.raises(UserError, match=message):
        check(LapganSettings, SMALL | change)


def test_the_papers_preset_has_its_numbers():
    settings = load(LapganSettings, "lapgan", "paper")
    assert (settings.resolution, settings.latent_size, settings.minibatch) == (256, 128, {4: 8})
    assert settings.images == 3_000_000 * 8
