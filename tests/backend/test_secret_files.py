"""Secrets out of files."""

import pytest
from pydantic import SecretStr

from backend.settings import Settings, describe_settings, load_settings
from training.errors import UserError


@pytest.fixture
def secret(tmp_path, monkeypatch):
    def write(variable, content):
        path = tmp_path / variable
        path.write_bytes(content)
        monkeypatch.setenv(f"{variable}_FILE", str(path))
        return path

    return write


def test_every_secret_may_be_in_a_file(secret):
    secret("DATABASE_URL", b"postgresql://me:word@host/name\n")
    secrets = [name for name, field in Settings.model_fields.items() if field.annotation is SecretStr]
    assert {"secret_key", "metrics_token"} <= set(secrets)
    held = {name: f"the {name}" for name in secrets} | {"smtp_url": "smtp://me:word@host:587"}
    for name in secrets:
        secret(f"DERMVTT_{name.upper()}", f"{held[name]}\n".encode())
    settings = load_settings()
    assert settings.database == "postgresql+psycopg://me:word@host/name"
    for name in secrets:
        assert getattr(settings, name).get_secret_value() == held[name]
    described = describe_settings()
    assert "DATABASE_URL_FILE" in described
    assert "DERMVTT_SECRET_KEY_FILE" in described
    assert "DERMVTT_PORT_FILE" not in described


def test_what_cannot_be_used_is_said_without_the_secret(secret, monkeypatch, tmp_path):
    path = secret("DATABASE_URL", b"mysql://me:word@host/name")
    with pytest.raises(UserError, match="DATABASE_URL must start with sqlite") as wrong:
        load_settings()
    assert "word" not in str(wrong.value)
    for content, why in ((b"\xff", "UTF-8"), (b" \n", "empty"), (b"x" * 70_000, "too large")):
        path.write_bytes(content)
        with pytest.raises(UserError, match=why):
            load_settings()
    path.unlink()
    with pytest.raises(UserError, match="DATABASE_URL_FILE names, cannot be read: No such file"):
        load_settings()
    monkeypatch.setenv("DATABASE_URL", "sqlite:///x")
    with pytest.raises(UserError, match="both set"):
        load_settings()


@pytest.mark.parametrize("given", ["10.0.0.0/8, ::1", ""])
def test_trusted_proxies_are_addresses(monkeypatch, given):
    monkeypatch.setenv("DERMVTT_TRUSTED_PROXIES", given)
    assert load_settings().trusted_proxies == given.replace(" ", "")
    monkeypatch.setenv("DERMVTT_TRUSTED_PROXIES", "proxy")
    with pytest.raises(UserError, match="DERMVTT_TRUSTED_PROXIES must be addresses"):
        load_settings()
