"""A training's settings: a preset in TOML, changed on the command line, checked before any work begins."""

import json
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from training.errors import UserError

PRESETS = Path(__file__).parent / "presets"
SMALLEST = 4

Positive = Annotated[int, Field(gt=0)]


def _as_table(value: Any) -> Any:
    if type(value) is int:
        return {SMALLEST: value}
    if isinstance(value, dict):  # TOML and JSON have keys of text alone
        return {int(key) if str(key).isdecimal() else key: entry for key, entry in value.items()}
    return value


def _by_powers_of_two(table: dict[int, int]) -> dict[int, int]:
    for resolution in table:
        if resolution < SMALLEST or resolution & (resolution - 1):
            raise ValueError(f"{resolution} is no power of two from {SMALLEST} up")
    return table


ByResolution = Annotated[
    dict[Positive, Annotated[int, Field(ge=0)]],
    Field(min_length=1),
    BeforeValidator(_as_table),
    AfterValidator(_by_powers_of_two),
]
"""A number that may change with the resolution: each entry holds from its resolution upwards."""

SettingsT = TypeVar("SettingsT", bound="Settings")


def at(table: dict[int, int], resolution: int) -> int:
    """The entry that holds at ``resolution``: the one of the highest resolution not above it."""
    below = [size for size in table if size <= resolution]
    return table[max(below)] if below else table[min(table)]


class Settings(BaseModel):
    """What every family's training is told. Lengths and intervals are in images seen.

    ``ema_decay`` is the share of its old value that a weight of the averaged generator keeps in a step; with
    0 it is the generator itself. Where ``ema_warm_up`` is above 0, half of the old value is forgotten within
    that share of the images seen at the latest, so that a short run forgets its start.

    ``flip_horizontal`` and ``flip_vertical`` each show half of the real images flipped. ``loss_limit`` is
    the size of a loss that stops the training as exploded. ``threads`` is the number of CPU threads that
    compute, 0 for PyTorch's own choice; narrow networks are often faster on one, which waits for no other.

    Every ``swd_every`` images, SWD is measured between ``swd_images`` reals and fakes; 0 leaves it out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    resolution: int = 256
    images: Positive
    latent_size: int = Field(default=128, gt=0, le=8192)
    minibatch: ByResolution = {SMALLEST: 16}
    generator_rate: float = Field(default=1e-3, gt=0)
    discriminator_rate: float = Field(default=1e-3, gt=0)
    adam_betas: tuple[float, float] = (0.0, 0.99)
    adam_epsilon: float = Field(default=1e-8, gt=0)
    ema_decay: float = Field(default=0.999, ge=0, lt=1)
    ema_warm_up: float = Field(default=0.0, ge=0)
    flip_horizontal: bool = False
    flip_vertical: bool = False
    loss_limit: float = Field(default=1e6, gt=0)
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    device: str = "auto"
    threads: int = Field(default=0, ge=0, le=1024)
    checkpoint_every: Positive = 100_000
    keep_checkpoints: Positive = 3
    grid_every: Positive = 20_000
    swd_every: int = Field(default=50_000, ge=0)
    swd_images: int = Field(default=1024, ge=2)
    tensorboard: bool = True

    @model_validator(mode="after")
    def _sensible(self) -> "Settings":
        if self.resolution < SMALLEST or self.resolution & (self.resolution - 1):
            raise ValueError(f"resolution = {self.resolution} is not a power of two from {SMALLEST} up")
        if not all(self.minibatch.values()):
            raise ValueError("a minibatch needs at least one image")
        if not all(0 <= beta < 1 for beta in self.adam_betas):
            raise ValueError("adam_betas must be two numbers from 0 up to, but not including, 1")
        return self


MAY_CHANGE = {
    "images",
    "device",
    "loss_limit",
    "checkpoint_every",
    "keep_checkpoints",
    "grid_every",
    "swd_every",
    "swd_images",
    "tensorboard",
}
"""Settings that a resumed run may be given anew: the steps stay the same, but for ``device``'s rounding."""


def load(kind: type[SettingsT], family: str, preset: str, changes: Iterable[str] = ()) -> SettingsT:
    """The settings of a preset (``quick``, or a TOML file's path) with ``key=value`` changes applied.

    Raises ``UserError`` naming the setting, the file and the nearest known name.
    """
    return change(kind, _read_preset(family, preset), changes)


def change(kind: type[SettingsT], values: dict[str, Any], changes: Iterable[str]) -> SettingsT:
    """The settings ``values`` with ``key=value`` changes applied; raise ``UserError`` naming what's wrong."""
    values = dict(values)
    for text in changes:
        _merge(values, _parse_change(text))
    return check(kind, values)


def check(kind: type[SettingsT], values: dict[str, Any]) -> SettingsT:
    """Validate ``values``; raise ``UserError`` naming the first setting that is unknown or wrong."""
    for key in values:
        if key not in kind.model_fields:
            near = get_close_matches(key, kind.model_fields, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(kind.model_fields)}."
            raise UserError(f"unknown setting {key!r}. {hint}")
    try:
        # As JSON: its strict types are those of TOML, true is no 1 and "5" no 5.
        return kind.model_validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        given = f"setting {name} = {first['input']!r}: " if name else "settings: "
        raise UserError(f"{given}{message}.") from error


def as_configuration(settings: Settings) -> dict[str, Any]:
    """The settings as they stand in JSON: what ``check`` turns back into the same settings."""
    return json.loads(settings.model_dump_json())


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """One line for each setting in which two configurations differ, apart from ``MAY_CHANGE``."""
    keys = sorted((old.keys() | new.keys()) - MAY_CHANGE)
    return [f"{key}: {old.get(key)!r} -> {new.get(key)!r}" for key in keys if old.get(key) != new.get(key)]


def presets(family: str) -> list[str]:
    """The names of the presets that come with a family."""
    return sorted(path.stem.removeprefix(f"{family}-") for path in PRESETS.glob(f"{family}-*.toml"))


def _read_preset(family: str, preset: str) -> dict[str, Any]:
    path = Path(preset) if preset.endswith(".toml") else PRESETS / f"{family}-{preset}.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML: {error}.") from error
    except OSError as error:
        if preset.endswith(".toml"):
            raise UserError(f"{path} cannot be read ({error.strerror}).") from error
        near = get_close_matches(preset, presets(family), n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(presets(family))};"
        raise UserError(f"no preset {preset!r} for {family}. {hint} Or give a .toml file.") from error


def _parse_change(text: str) -> dict[str, Any]:
    key, equals, value = text.partition("=")
    if not (equals and key.strip() and value.strip()):
        raise UserError(f"--set {text!r} is not of the form key=value, as in --set minibatch.64=8.")
    try:
        return tomllib.loads(f"{key} = {value}")
    except tomllib.TOMLDecodeError:
        # A bare word is text: --set precision=float32 should not need TOML's quotes inside the shell's.
        try:
            return tomllib.loads(f"{key} = '{value.strip()}'")
        except tomllib.TOMLDecodeError as error:
            raise UserError(f"--set {text!r} cannot be read: {error}.") from error


def _merge(values: dict[str, Any], change: dict[str, Any]) -> None:
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            values[key] = values[key] | value
        elif isinstance(value, dict) and isinstance(values.get(key), int):
            values[key] = {str(SMALLEST): values[key]} | value
        else:
            values[key] = value
