"""The networks against the paper's Table 2, the fade-in, the loss and the schedule."""

import pytest
import torch
from torch import nn

from training.draws import Draws
from training.networks.family import Stage
from training.networks.layers import double, halve, pixel_norm
from training.networks.losses import gradient_penalty
from training.networks.pgan import PGAN, Discriminator, Generator, PganSettings, fade, feature_maps


def parameters(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    return Generator(16, 8, 64, 16), Discriminator(16, 64, 16)


def test_full_width_has_the_parameters_of_table_2():
    with torch.device("meta"):
        generator, critic = Generator(1024, 512, 8192, 512), Discriminator(1024, 8192, 512)
    # Table 2, in thousands: 4 x 4 has 4.2 M + 2.4 M; then 4.7 M three times, 1.8 M, 443 k, 111 k, 28 k, 7 k.
    assert round(parameters(generator.first) / 1e6, 1) == 4.2
    assert round(parameters(generator.conv) / 1e6, 1) == 2.4
    pairs = [[round(parameters(conv) / 1e3) for conv in block.children()] for block in generator.blocks]
    wide = [2360, 2360]
    assert pairs == [wide, wide, wide, [1180, 590], [295, 148], [74, 37], [18, 9], [5, 2]]
    other_colours = sum(parameters(layer) for layer in generator.to_rgb[:-1])
    assert (parameters(generator) - other_colours) / 1e6 == pytest.approx(23.1, abs=0.05)
    other_colours = sum(parameters(layer) for layer in critic.from_rgb[:-1])
    assert (parameters(critic) - other_colours) / 1e6 == pytest.approx(23.1, abs=0.05)
    # With the colour layers of every resolution.
    assert (parameters(generator), parameters(critic)) == (23_079_115, 23_087_249)


def test_feature_maps_halve_from_where_they_are_fewer_than_the_most():
    assert [feature_maps(2**power, 8192, 512) for power in range(2, 11)] == [512] * 4 + [256, 128, 64, 32, 16]


@pytest.mark.parametrize("resolution", [4, 8, 16])
def test_one_pair_of_networks_serves_every_resolution(networks, resolution):
    generator, critic = networks
    images = generator(torch.randn(3, 8), resolution)
    assert images.shape == (3, 3, resolution, resolution)
    assert critic(images).shape == (3,)


def test_latents_are_normalised(networks):
    latents = torch.randn(2, 8)
    torch.testing.assert_close(networks[0](latents, 8), networks[0](7 * latents, 8))


def test_the_generators_features_are_normalised(networks):
    seen = []
    hook = networks[0].blocks[0].register_forward_hook(lambda module, inputs, output: seen.append(output))
    networks[0](torch.randn(2, 8), 8)
    hook.remove()
    torch.testing.assert_close(seen[0], pixel_norm(seen[0]))


def test_a_generator_fades_from_the_lower_resolution_to_the_higher(networks):
    generator, latents = networks[0], torch.randn(2, 8)
    lower, higher = double(generator(latents, 8)), generator(latents, 16)
    torch.testing.assert_close(generator(latents, 16, alpha=0.0), lower)
    torch.testing.assert_close(generator(latents, 16, alpha=0.3), 0.7 * lower + 0.3 * higher)


def test_a_critic_fades_in_its_newest_layers(networks):
    critic, images = networks[1], torch.randn(4, 3, 16, 16)
    torch.testing.assert_close(critic(images, alpha=0.0), critic(halve(images)))
    between = critic(images, alpha=0.5)
    assert not torch.allclose(between, critic(images)) and not torch.allclose(between, critic(halve(images)))


def test_reals_fade_as_the_fakes_do():
    reals = torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(fade(reals, 0.25), 0.75 * double(halve(reals)) + 0.25 * reals)
    assert fade(reals, 1.0) is reals


def test_the_penalty_of_a_linear_critic_in_closed_form():
    weights = torch.randn(3, 4, 4)
    penalty = gradient_penalty(
        lambda images: (images * weights).sum((1, 2, 3)),
        torch.randn(5, 3, 4, 4),
        torch.randn(5, 3, 4, 4),
        torch.rand(5),
    )
    torch.testing.assert_close(penalty, (weights.norm() - 1).square())


def test_the_penalty_is_taken_between_reals_and_fakes():
    points = []

    def critic(images):
        points.append(images.detach())
        return images.square().sum((1, 2, 3))

    reals, fakes = torch.zeros(6, 3, 2, 2), torch.ones(6, 3, 2, 2)
    penalty = gradient_penalty(critic, reals, fakes, torch.rand(6))
    shares = points[0].amax((1, 2, 3))
    torch.testing.assert_close(points[0], shares.view(6, 1, 1, 1).expand(6, 3, 2, 2))
    assert len(set(shares.tolist())) == 6 and shares.min() >= 0 and shares.max() < 1
    # The gradient of the sum of squares is 2x, of norm 2 share sqrt(12).
    torch.testing.assert_close(penalty, (2 * shares * 12**0.5 - 1).square().mean())


def test_the_penaltys_own_gradient_by_finite_differences():
    torch.manual_seed(1)
    # A smooth critic: the gradient of a leaky one jumps, and differences across a jump mean nothing.
    layers = nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(16, 1)
    critic = nn.Sequential(*layers).double()
    reals, fakes = torch.randn(2, 5, 3, 4, 4, dtype=torch.float64)
    weight = layers[0].weight

    def penalty():
        return gradient_penalty(critic, reals, fakes, torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9]))

    penalty().backward()
    place, step = (2, 1, 1, 0), 1e-5
    values = []
    for sign in (1, -1):
        weight.data[place] += sign * step
        values.append(penalty().item())
        weight.data[place] -= sign * step
    assert weight.grad[place].item() == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-6)


def test_the_critics_loss_adds_its_terms():
    settings = PganSettings(
        resolution=4, images=10, fmap_base=8, fmap_max=4, penalty_weight=3, drift_weight=0.5
    )
    family = PGAN(settings)
    weights = torch.randn(3, 4, 4)
    reals, fakes = torch.randn(2, 6, 3, 4, 4)

    def critic(images, alpha=1.0):
        return (images * weights).sum((1, 2, 3))

    def generator(latents, resolution, alpha):
        return fakes

    stage, draws = Stage("hold 4x4", 4, 1.0, 6), Draws(torch.Generator())
    loss = family.discriminator_loss(generator, critic, reals, draws, stage)
    real, fake = critic(reals), critic(fakes)
    expected = fake.mean() - real.mean() + 3 * (weights.norm() - 1) ** 2 + 0.5 * (real**2).mean()
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(family.generator_loss(generator, critic, reals, draws, stage), -fake.mean())


def test_the_schedule_holds_and_fades_in_turn():
    settings = PganSettings(
        resolution=16, images=1000, minibatch={4: 10, 16: 5}, hold={4: 100, 8: 50}, fade={8: 40, 16: 20}
    )
    stage = PGAN(settings).stage
    assert stage(0) == Stage("hold 4x4", 4, 1.0, 10)
    assert stage(99) == Stage("hold 4x4", 4, 1.0, 10)
    assert stage(100) == Stage("fade in 8x8", 8, 0.25, 10)
    assert stage(130) == Stage("fade in 8x8", 8, 1.0, 10)
    assert stage(140) == Stage("hold 8x8", 8, 1.0, 10)
    assert stage(190) == Stage("fade in 16x16", 16, 0.25, 5)
    assert stage(210) == Stage("hold 16x16", 16, 1.0, 5)
    assert stage(10**6) == Stage("hold 16x16", 16, 1.0, 5)


def test_a_phase_of_no_length_is_left_out():
    settings = PganSettings(resolution=8, images=50, hold=0, fade=20, minibatch=10)
    stage = PGAN(settings).stage
    assert [stage(seen).phase for seen in (0, 10, 20)] == ["fade in 8x8", "fade in 8x8", "hold 8x8"]


def test_alpha_grows_in_equal_steps():
    settings = PganSettings(resolution=8, images=1000, hold=16, fade=80, minibatch=8)
    alphas = [PGAN(settings).stage(seen).alpha for seen in range(16, 96, 8)]
    assert alphas == pytest.approx([step / 10 for step in range(1, 11)])
