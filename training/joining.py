"""One LAPGAN of several runs that each trained some levels of its pyramid."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.errors import UserError
from training.exported import Exported
from training.networks.lapgan import LAPGAN, LapganSettings, levels_of
from training.settings import check, differences

LEVELS = "levels"
Part = tuple[Path, Exported]
"""A run's generator, and what the user called it."""


def join(parts: Sequence[Part]) -> Exported:
    """The generator whose every level has the weights of the run that trained it.

    The runs are of one configuration, but for ``levels`` and what a resumed run may change, of one seed, data
    set and selection. Where they differ in what they may, the run of the coarsest level describes the whole;
    ``images_seen`` is that of the run that saw the fewest. Raises ``UserError`` naming a difference, a level
    that none trained, or one that two did.
    """
    for source, part in parts:
        if part.about["family"] != LAPGAN.name:
            raise UserError(
                f"{source} is a generator of {part.about['family']}, and only the levels of a LAPGAN can be "
                "joined. Give one --checkpoint."
            )
        _require_equal(parts[0], (source, part))
    trained_by = _trained_by(parts)
    about = next(iter(trained_by.values()))[1].about
    about = about | {
        "configuration": about["configuration"] | {LEVELS: []},
        "images_seen": min(part.about["images_seen"] for _, part in parts),
    }
    tensors = {
        name: tensor
        for level, (_, part) in trained_by.items()
        for name, tensor in part.tensors.items()
        if name.startswith(f"{level}.")
    }
    return Exported(about, tensors)


def _require_equal(one: Part, other: Part) -> None:
    first, second = (_made_of(part.about) for _, part in (one, other))
    lines = differences(first, second)
    if lines:
        listed = "\n  ".join(lines)
        raise UserError(f"{one[0]} and {other[0]} are not levels of one generator:\n  {listed}")


def _made_of(about: dict[str, Any]) -> dict[str, Any]:
    """All that the levels of one generator have in common, as one list of settings."""
    configuration = {key: value for key, value in about["configuration"].items() if key != LEVELS}
    origin = {"seed": about.get("seed"), "dataset digest": about["dataset"], "where": about.get("where", {})}
    return configuration | origin


def _trained_by(parts: Sequence[Part]) -> dict[int, Part]:
    """The run of each level, coarsest first."""
    wanted = levels_of(_settings(parts[0][1]))
    found: dict[int, Part] = {}
    for source, part in parts:
        for level in set(_settings(part).levels) or wanted:
            if level in found:
                raise UserError(f"level {level} was trained by both {found[level][0]} and {source}.")
            found[level] = (source, part)
    missing = [str(level) for level in wanted if level not in found]
    if missing:
        raise UserError(
            f"no run trained level {', '.join(missing)}. Give a --checkpoint for each part of the pyramid "
            f"of {', '.join(map(str, wanted))}."
        )
    return {level: found[level] for level in wanted}


def _settings(part: Exported) -> LapganSettings:
    return check(LapganSettings, part.about["configuration"])
