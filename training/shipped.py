"""The generators that come with DermVTT, each beside its model card: ``shipped:NAME`` for a checkpoint."""

from difflib import get_close_matches
from pathlib import Path

from training.errors import UserError

GENERATORS = Path(__file__).parent / "generators"
SUFFIX = ".safetensors"
PREFIX = "shipped:"


def shipped_names() -> list[str]:
    """The names of the shipped generators, sorted."""
    return sorted(path.stem for path in GENERATORS.glob(f"*{SUFFIX}"))


def shipped(name: str) -> Path:
    """The exported file of a shipped generator; raise ``UserError`` with the nearest name otherwise."""
    names = shipped_names()
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(names)}."
        raise UserError(f"no generator {name!r} comes with DermVTT. {hint}")
    return GENERATORS / f"{name}{SUFFIX}"


def model_card(name: str) -> Path:
    """The model card of a shipped generator, Markdown; raise ``UserError`` as ``shipped`` does."""
    return shipped(name).with_suffix(".md")


def located(source: Path) -> Path:
    """Where a checkpoint lies that the user named: ``shipped:NAME`` is a shipped one, any other a path."""
    written = str(source)
    return shipped(written.removeprefix(PREFIX)) if written.startswith(PREFIX) else source
