"""DCGAN against the arithmetic of its architecture and its paper's settings."""

import itertools
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from training.draws import Draws
from training.errors import UserError
from training.networks.dcgan import DCGAN, DcganSettings, Discriminator, Generator, widths
from training.settings import check, load


def parameters(module):
    return sum(weight.numel() for weight in module.parameters())


@pytest.mark.parametrize(
    ("resolution", "expected"), [(64, [512, 256, 128, 64]), (256, [2048, 1024, 512, 256, 128, 64])]
)
def test_feature_maps_double_from_the_image_inwards(resolution, expected):
    assert widths(resolution, 64, 2048) == expected


def test_feature_maps_stop_at_the_most():
    assert widths(256, 64, 512) == [512, 512, 512, 256, 128, 64]


@pytest.mark.parametrize("resolution", [8, 64, 256])
@pytest.mark.parametrize("latent_size", [100, 128])
def test_parameters_follow_from_the_layers(resolution, latent_size):
    maps = widths(resolution, 64, 2048)
    with torch.device("meta"):
        generator, critic = Generator(resolution, latent_size, 64, 2048), Discriminator(resolution, 64, 2048)
    # 4 x 4 filters between neighbours, without a bias where a normalisation with two numbers a map follows.
    between = sum(16 * one * two for one, two in itertools.pairwise(maps))
    first, last = 16 * latent_size * maps[0], 16 * maps[-1] * 3 + 3
    assert parameters(generator) == first + between + 2 * sum(maps) + last
    inwards = sum(2 * count for count in maps[:-1])
    assert parameters(critic) == 16 * 3 * maps[-1] + maps[-1] + between + inwards + 16 * maps[0] + 1


@pytest.mark.parametrize("resolution", [8, 16, 64])
def test_latents_become_images_and_images_scores(resolution):
    images = Generator(resolution, 12, 4, 16)(torch.randn(3, 12))
    assert images.shape == (3, 3, resolution, resolution) and images.abs().max() <= 1
    assert Discriminator(resolution, 4, 16)(images).shape == (3,)


def test_normalisation_is_everywhere_but_at_the_ends():
    generator, critic = Generator(64, 128, 4, 64), Discriminator(64, 4, 64)
    kinds = [type(layer).__name__ for layer in generator]
    block = ["ConvTranspose2d", "BatchNorm2d", "ReLU"]
    assert kinds == ["Unflatten", *block * 4, "ConvTranspose2d", "Tanh"]
    kinds = [type(layer).__name__ for layer in critic]
    block = ["Conv2d", "BatchNorm2d", "LeakyReLU"]
    assert kinds == ["Conv2d", "LeakyReLU", *block * 3, "Conv2d", "Flatten"]
    assert {layer.negative_slope for layer in critic if isinstance(layer, nn.LeakyReLU)} == {0.2}


def test_weights_are_drawn_as_the_paper_says():
    torch.manual_seed(0)
    for module in (Generator(64, 128, 32, 512), Discriminator(64, 32, 512)):
        for layer in module:
            if isinstance(layer, nn.BatchNorm2d):
                assert layer.weight.mean().item() == pytest.approx(1, abs=0.02) and not layer.bias.any()
            elif isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and layer.weight.numel() > 10_000:
                assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
                assert layer.weight.mean().item() == pytest.approx(0, abs=0.001)


def test_the_losses_are_binary_cross_entropy_on_separate_batches():
    family = DCGAN(DcganSettings(resolution=8, images=10, latent_size=4, features=4))
    torch.manual_seed(0)
    generator, critic = family.generator(), family.discriminator()
    reals, stage = torch.randn(6, 3, 8, 8), family.stage(0)
    seen = []
    hook = critic.register_forward_hook(lambda module, inputs, output: seen.append(output.detach()))
    loss = family.discriminator_loss(generator, critic, reals, Draws(torch.Generator()), stage)
    real, fake = seen
    assert len(real) == len(fake) == 6
    expected = -functional.logsigmoid(real).mean() - functional.logsigmoid(-fake).mean()
    torch.testing.assert_close(loss, expected)
    loss = family.generator_loss(generator, critic, reals, Draws(torch.Generator()), stage)
    torch.testing.assert_close(loss, -functional.logsigmoid(seen[2]).mean())
    hook.remove()


def test_a_perfectly_unsure_discriminator_loses_two_log_two():
    family = DCGAN(DcganSettings(resolution=8, images=10, latent_size=4, features=4))
    generator, critic = family.generator(), family.discriminator()
    critic[-2].weight.data.zero_()
    draws = Draws(torch.Generator())
    loss = family.discriminator_loss(generator, critic, torch.randn(4, 3, 8, 8), draws, family.stage(0))
    assert loss.item() == pytest.approx(2 * math.log(2))


def test_the_papers_preset_has_its_numbers():
    settings = load(DcganSettings, "dcgan", "paper")
    assert (settings.resolution, settings.latent_size, settings.minibatch) == (256, 128, {4: 8})
    assert (settings.generator_rate, settings.discriminator_rate, settings.adam_betas[0]) == (2e-4, 2e-4, 0.5)
    assert settings.images == 3_000_000 * 8
    assert not (settings.flip_horizontal or settings.flip_vertical)


def test_images_of_four_pixels_are_refused():
    with pytest.raises(UserError, match="draws 8 x 8 or more"):
        check(DcganSettings, {"images": 10, "resolution": 4})
