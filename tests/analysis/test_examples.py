"""The examples in the docstrings run, and give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import backend.analysis

MODULES = sorted(
    found.name for found in pkgutil.walk_packages(backend.analysis.__path__, f"{backend.analysis.__name__}.")
)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0
