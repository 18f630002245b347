"""The ``swd`` command's work: two sources to a distance, and how it is told."""

import ctypes
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.measure.images import Images, of_one_size, open_images
from training.measure.pyramid import levels_of
from training.measure.swd import SlicedWasserstein, swd
from training.parallel import interruptible
from training.progress import progress

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Measured:
    """A distance, between what, and the device that computed it."""

    found: SlicedWasserstein
    a: Images
    b: Images
    device: str


def measure(a: Path, b: Path, images: int, seed: int, repeats: int, device: str) -> Measured:
    """Measure the SWD of two sources with ``images`` images each, or as many as both have.

    Says on stderr what it did differently from what was asked, and shows progress there. Raises ``UserError``
    where a source cannot be read or compared.
    """
    computing = gpu(device)
    first, second = open_images(a, device), open_images(b, device)
    first, second = of_one_size(first, second)
    levels_of(first.resolution)
    for given, used in ((a, first), (b, second)):
        if used.reduced_from:
            _say(
                f"{given}: reduced from {used.reduced_from} x {used.reduced_from} to {first.resolution} x "
                f"{first.resolution}, the other's size."
            )
    used = min([images, *(each.count for each in (first, second) if each.count is not None)])
    if used < images:
        _say(f"{used:,} images of each are compared, not {images:,}: there are no more.")
    with interruptible("no distance was measured"):
        found = swd(first, second, used, seed, repeats, computing, progress)
    return Measured(found, first, second, computing.type if computing else "cpu")


def gpu(name: str) -> "torch.device | None":
    """The GPU of this name, or None for the CPU; ``auto`` is a GPU where there is one.

    Raises ``UserError`` where it cannot be used.
    """
    if name == "cpu" or (name == "auto" and not _has_driver()):
        return None
    from training.device import pick_device  # noqa: PLC0415 - imports torch, which takes two seconds

    device = pick_device(name)
    return None if device.type == "cpu" else device


def as_document(measured: Measured) -> dict[str, Any]:
    """The SWD JSON of ``docs/contracts.md``."""
    found = measured.found
    return {
        "levels": {str(level): value for level, value in found.levels.items()},
        "mean": found.mean,
        "images": found.images,
        "seed": found.seed,
        "repeats": found.repeats,
        "spread": found.spread,
        "level_spread": found.level_spread and {str(k): value for k, value in found.level_spread.items()},
        "a": _described(measured.a),
        "b": _described(measured.b),
        "device": measured.device,
        "tool_version": version("dermvtt"),
    }


def as_table(measured: Measured) -> str:
    """The distance as an aligned table: a line for each level, and the mean."""
    found = measured.found
    rows = [
        (f"{k} x {k}", value, found.level_spread and found.level_spread[k])
        for k, value in found.levels.items()
    ]
    rows.append(("mean", found.mean, found.spread))
    spread = f"{'spread':>10}" if found.spread is not None else ""
    lines = [f"{'level':<12}{'SWD':>10}{spread}"]
    lines += [
        f"{name:<12}{value:>10.3f}" + ("" if sd is None else f"{sd:>10.3f}") for name, value, sd in rows
    ]
    seeds = (
        f"seed {found.seed}"
        if found.repeats == 1
        else f"seeds {found.seed} to {found.seed + found.repeats - 1}"
    )
    return "\n".join([*lines, f"{found.images:,} images of each, {seeds}, x 1000"])


def _described(images: Images) -> dict[str, Any]:
    return {
        "name": images.name,
        "kind": images.kind,
        "count": images.count,
        "digest": images.digest,
        "resolution": images.reduced_from or images.resolution,
    }


def _has_driver() -> bool:
    """Whether there may be a GPU: without a driver PyTorch, two seconds' import, need not look for one."""
    if sys.platform not in ("linux", "win32") or Path("/dev/kfd").exists():  # AMD's
        return True
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _say(line: str) -> None:
    print(line, file=sys.stderr)
