"""Passwords that cost little: what a hash costs is not what these tests are about."""

import pytest
from argon2 import PasswordHasher

from backend.accounts import passwords


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch):
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords.nobodys_hash.cache_clear()
    yield
    passwords.nobodys_hash.cache_clear()
