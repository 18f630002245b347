"""Each layer against an independent calculation of its formula."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from training.networks.layers import (
    EqualizedConv2d,
    EqualizedLinear,
    EqualizedUpConv2d,
    double,
    halve,
    minibatch_stddev,
    pixel_norm,
)


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_convolution_scales_its_weights_by_hes_constant(kernel):
    layer = EqualizedConv2d(6, 5, kernel)
    x = torch.randn(2, 6, 7, 7)
    scaled = layer.weight * math.sqrt(2 / (6 * kernel * kernel))
    torch.testing.assert_close(layer(x), functional.conv2d(x, scaled, padding=(kernel - 1) // 2))


def test_an_upsampling_convolution_is_doubling_and_then_convolution():
    plain, fused = EqualizedConv2d(6, 5, 3), EqualizedUpConv2d(6, 5)
    fused.load_state_dict(plain.state_dict())
    fused.bias.data.normal_()
    plain.bias.data.copy_(fused.bias.data)
    x, y = (torch.randn(2, 6, 5, 5, generator=torch.Generator().manual_seed(3)) for _ in range(2))
    x.requires_grad_()
    y.requires_grad_()
    results = plain(double(x)), fused(y)
    torch.testing.assert_close(results[1], results[0])
    for result in results:
        result.square().sum().backward()
    torch.testing.assert_close(y.grad, x.grad)
    torch.testing.assert_close(fused.weight.grad, plain.weight.grad, rtol=1e-4, atol=1e-4)


def test_a_linear_layer_scales_by_its_gain():
    layer = EqualizedLinear(8, 3, gain=1.0)
    layer.bias.data.fill_(0.5)
    x = torch.randn(4, 8)
    torch.testing.assert_close(layer(x), x @ layer.weight.T / math.sqrt(8) + 0.5)


def test_weights_are_standard_normal_and_biases_zero():
    torch.manual_seed(0)
    layer = EqualizedConv2d(64, 64, 3)
    assert layer.weight.std().item() == pytest.approx(1, abs=0.01)
    assert layer.weight.mean().item() == pytest.approx(0, abs=0.02)
    assert not layer.bias.any()


def test_a_deep_stack_keeps_the_signals_variance():
    torch.manual_seed(0)
    x = torch.randn(64, 256)
    for _ in range(8):
        x = functional.relu(EqualizedLinear(256, 256)(x))
    assert 0.5 < x.square().mean().item() < 2


def test_adam_moves_every_weight_by_the_same_share_of_its_standard_deviation():
    # The point of the equalised rate: one step of Adam is one learning rate, whatever the layer's fan-in.
    for inputs in (4, 400):
        layer = EqualizedLinear(inputs, 3)
        before = layer.weight.detach().clone()
        optimiser = torch.optim.Adam(layer.parameters(), lr=0.01, betas=(0.0, 0.99))
        layer(torch.randn(5, inputs)).sum().backward()
        optimiser.step()
        torch.testing.assert_close(
            (layer.weight - before).abs(), torch.full_like(before, 0.01), rtol=1e-3, atol=0
        )


def test_pixel_norm_by_hand():
    x = np.random.default_rng(0).normal(size=(2, 5, 3, 4))
    expected = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-8)
    np.testing.assert_allclose(pixel_norm(torch.from_numpy(x)).numpy(), expected, rtol=1e-6)


def test_pixel_norm_puts_latents_on_the_hypersphere():
    norms = pixel_norm(100 * torch.randn(10, 32)).norm(dim=1)
    torch.testing.assert_close(norms, torch.full((10,), math.sqrt(32)))


@pytest.mark.parametrize(("count", "group"), [(8, 4), (4, 4), (6, 3), (2, 2), (1, 1), (5, 1)])
def test_minibatch_stddev_by_a_loop(count, group):
    x = np.random.default_rng(count).normal(size=(count, 3, 4, 4))
    result = minibatch_stddev(torch.from_numpy(x)).numpy()
    np.testing.assert_array_equal(result[:, :3], x)
    groups = count // group
    for image in range(count):
        members = x[[other for other in range(count) if other % groups == image % groups]]
        assert len(members) == group
        statistic = np.sqrt(members.var(axis=0) + 1e-8).mean()
        np.testing.assert_allclose(result[image, 3], statistic, rtol=1e-5)


def test_doubling_repeats_and_halving_averages():
    x = torch.arange(4.0).view(1, 1, 2, 2)
    assert double(x)[0, 0].tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    assert halve(x).item() == 1.5
    torch.testing.assert_close(halve(double(x)), x)
