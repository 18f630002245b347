"""The families of generators, by the name that commands, checkpoints and mixes know them by."""

from difflib import get_close_matches

from training.errors import UserError
from training.networks.dcgan import DCGAN
from training.networks.family import Family, Stage
from training.networks.lapgan import LAPGAN
from training.networks.pgan import PGAN

FAMILIES: dict[str, type[Family]] = {family.name: family for family in (PGAN, DCGAN, LAPGAN)}

__all__ = ["FAMILIES", "Family", "Stage", "family_named"]


def family_named(name: str) -> type[Family]:
    """The family of this name; raise ``UserError`` with the nearest one otherwise."""
    if name not in FAMILIES:
        near = get_close_matches(name, FAMILIES, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(FAMILIES)}."
        raise UserError(f"unknown family {name!r}. {hint}")
    return FAMILIES[name]
