"""Convolutions with a weight gradient of their own, against PyTorch's and against finite differences."""

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn import functional

from training.networks import convolution
from training.networks.convolution import convolve, convolve_upwards


@pytest.fixture(autouse=True, params=["planes", "products"])
def _for_all_sizes(monkeypatch, request):
    monkeypatch.setattr(convolution, "LARGE", 1)
    monkeypatch.setattr(convolution, "WIDE", 1 if request.param == "products" else 1000)


def random(*shape, dtype=torch.float32):
    tensor = torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=dtype)
    return tensor.contiguous(memory_format=torch.channels_last).requires_grad_()


def ours(x, weight, bias):
    return convolve(x, weight, bias, 1)


def published(x, weight, bias):
    return functional.conv2d(x, weight, bias, padding=1)


def published_upwards(x, weight, bias):
    return functional.conv_transpose2d(x, weight, bias, stride=2, padding=1)


@pytest.mark.parametrize(
    ("mine", "theirs", "kernel"),
    [(ours, published, (5, 4, 3, 3)), (convolve_upwards, published_upwards, (4, 5, 4, 4))],
)
def test_values_gradients_and_a_penalty_on_gradients_are_pytorchs(mine, theirs, kernel):
    found = []
    for function in (mine, theirs):
        x, weight, bias = random(3, 4, 6, 6), random(*kernel), torch.ones(5, requires_grad=True)
        y = function(x, weight, bias)
        (slope,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
        penalty = (slope.square().sum((1, 2, 3)).sqrt() - 1).square().mean()
        penalty.backward()
        found.append([y, slope, penalty, x.grad, weight.grad, bias.grad])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("function", "geometry", "kernel"),
    [
        (convolution._Convolution, (1, 1), (2, 2, 3, 3)),
        (convolution._Transposed, (2, 1), (2, 2, 4, 4)),
        (convolution._Convolution, (2, 1), (2, 2, 4, 4)),
    ],
)
def test_both_derivatives_are_those_of_finite_differences(function, geometry, kernel):
    tensors = random(1, 2, 4, 4, dtype=torch.float64), random(*kernel, dtype=torch.float64)
    assert gradcheck(lambda x, weight: function.apply(x, weight, geometry), tensors)
    assert gradgradcheck(lambda x, weight: function.apply(x, weight, geometry), tensors, fast_mode=True)


def test_other_precisions_and_filters_of_one_pixel_are_left_to_pytorch(monkeypatch):
    monkeypatch.setattr(convolution._Convolution, "forward", None)
    x, weight, bias = random(1, 2, 4, 4), random(2, 2, 3, 3), torch.zeros(2)
    convolve(x, random(2, 2, 1, 1), bias, 0)
    convolve(x.double(), weight.double(), bias.double(), 1)
    with torch.autocast("cpu", torch.bfloat16):
        assert convolve(x, weight, bias, 1).dtype == torch.bfloat16
    with pytest.raises(TypeError):
        convolve(x, weight, bias, 1)
