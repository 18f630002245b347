"""A trained generator, from a run, a checkpoint or an exported file: always the same one, by its digest.

The exported file is safetensors: the averaged generator's weights and, as metadata under one key, a JSON
document of all that drawing from them needs. A generator's digest is the SHA-256 of that file's bytes.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from training.batches import to_bytes
from training.checkpoint import FORMAT_VERSION, STATE, checkpoints, read_state, read_tensors
from training.device import enough_memory
from training.errors import UserError
from training.files import new_file
from training.manifest import digest
from training.networks import Family, Stage, family_named
from training.settings import SMALLEST, check

KEY = "dermvtt"
FORMAT = "dermvtt-generator"
COPIED = ("family", "configuration", "seed", "dataset", "drawn", "images_seen", "stage", "tool_version")


class _About(BaseModel):
    """What an exported file says of its generator, as far as drawing needs it."""

    family: str
    configuration: dict[str, Any]
    dataset: str
    drawn: bool
    images_seen: int
    stage: Stage


@dataclass(frozen=True)
class TrainedGenerator:
    """A generator ready to draw; ``dataset`` is the digest of its training's, ``drawn`` if of phantoms."""

    family: Family
    module: nn.Module
    stage: Stage
    device: torch.device
    digest: str
    dataset: str
    drawn: bool
    images_seen: int

    @property
    def resolution(self) -> int:
        """Width and height of what it draws, in pixels."""
        return self.stage.resolution

    def draw(self, latent_seed: int) -> NDArray[np.uint8]:
        """The image of a latent seed: uint8 (R, R, 3), RGB.

        Drawn alone, since in a batch the same latents may round to other pixels.
        """
        return self.draw_latents(self.latents(latent_seed))

    def latents(self, latent_seed: int) -> Tensor:
        """The latents of a latent seed: float32 (1, K), on the CPU."""
        return self.family.latents(1, torch.Generator().manual_seed(latent_seed))

    @torch.no_grad()
    def draw_latents(self, latents: Tensor) -> NDArray[np.uint8]:
        """The image of latents (1, K): uint8 (R, R, 3), RGB."""
        images = self.family.images(self.module, latents.to(self.device), self.stage)
        return to_bytes(images)[0]

    @torch.no_grad()
    def draw_batch(self, latent_seeds: Sequence[int]) -> NDArray[np.uint8]:
        """The images of latent seeds, drawn together for statistics: uint8 (n, R, R, 3), RGB.

        Faster than one by one, but a pixel may differ by a grey level from ``draw``'s: libraries compute a
        batch's sums in another order than a single image's.
        """
        latents = torch.cat([self.latents(seed) for seed in latent_seeds])
        return to_bytes(self.family.images(self.module, latents.to(self.device), self.stage))


def export_bytes(source: Path) -> bytes:
    """The exported file of a run (its newest checkpoint), a checkpoint, or an exported file, which is itself.

    Raises ``UserError`` where ``source`` is none of them or is damaged.
    """
    if source.is_file():
        return source.read_bytes()
    if not source.is_dir():
        raise UserError(f"{source} does not exist. Give a run's folder, a checkpoint's, or an exported file.")
    folder = source
    if not (source / STATE).exists():
        found = checkpoints(source)
        if not found:
            raise UserError(
                f"{source} is neither a run with a checkpoint, nor a checkpoint, nor an exported file."
            )
        folder = found[0]
    document = read_state(folder)
    about = {"format": FORMAT, "version": FORMAT_VERSION} | {key: document[key] for key in COPIED}
    # One key only: safetensors writes several in no fixed order, and the bytes must not vary.
    return save(read_tensors(folder, "ema.safetensors", document), {KEY: json.dumps(about, sort_keys=True)})


def export(source: Path, out: Path) -> str:
    """Write the exported file and return its digest; raise ``UserError`` where ``out`` exists."""
    if out.exists():
        raise UserError(f"{out} already exists. Choose another --out, or remove it first.")
    data = export_bytes(source)
    _read_about(source, data)
    with new_file(out) as partial:
        partial.write_bytes(data)
    return digest(data)


def load_generator(source: Path, device: torch.device) -> TrainedGenerator:
    """The averaged generator of a run, a checkpoint or an exported file; raise ``UserError`` without one."""
    data = export_bytes(source)
    about = _read_about(source, data)
    kind = family_named(about.family)
    family = kind(check(kind.Settings, about.configuration))
    stage = about.stage
    grown = SMALLEST <= stage.resolution <= family.settings.resolution and stage.resolution.bit_count() == 1
    if not (grown and 0 < stage.alpha <= 1):
        raise UserError(f"{source} is damaged: its generator cannot be at {stage}.")
    with enough_memory():
        module = family.generator()
    try:
        module.load_state_dict(load(data))
    except (RuntimeError, SafetensorError) as error:
        raise UserError(f"{source} does not hold the generator that it describes: {error}") from error
    return TrainedGenerator(
        family=family,
        module=module.to(device).requires_grad_(False).eval(),
        stage=stage,
        device=device,
        digest=digest(data),
        dataset=about.dataset,
        drawn=about.drawn,
        images_seen=about.images_seen,
    )


def _read_about(source: Path, data: bytes) -> _About:
    """The JSON document in a safetensors file's header (8 bytes of length, little endian, then JSON)."""
    try:
        (length,) = struct.unpack_from("<Q", data)
        about: dict[str, Any] = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][KEY])
        known = about["format"] == FORMAT and about["version"] == FORMAT_VERSION
    except (struct.error, ValueError, KeyError, TypeError, OverflowError) as error:
        raise UserError(f"{source} is not a generator exported by dermvtt-train export.") from error
    if not known:
        raise UserError(f"{source} was written by another version of this tool.")
    try:
        return _About.model_validate(about)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{source} is damaged: {where}: {first['msg']}.") from error
