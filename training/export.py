"""A trained generator, from a run, a checkpoint or an exported file: always the same one, by its digest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.batches import to_bytes
from training.checkpoint import STATE, checkpoints, read_state, read_tensors
from training.device import enough_memory
from training.errors import UserError
from training.exported import Exported, of_checkpoint, read_about, read_exported, read_weights
from training.files import new_file
from training.joining import join
from training.manifest import digest
from training.networks import Family, Stage, family_named
from training.selection import Where
from training.settings import SMALLEST, check
from training.shipped import located


@dataclass(frozen=True)
class TrainedGenerator:
    """A generator ready to draw; ``dataset`` is the digest of its training's, ``drawn`` if of phantoms.

    ``where`` is the selection of that dataset's images that it was trained on, empty for all of them.
    """

    family: Family
    module: nn.Module
    stage: Stage
    device: torch.device
    digest: str
    dataset: str
    drawn: bool
    images_seen: int
    where: Where

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


def read_generator(source: Path) -> Exported:
    """The averaged generator of a run (its newest checkpoint), a checkpoint, or an exported file.

    ``shipped:NAME`` is one that comes with DermVTT. Raises ``UserError`` where ``source`` is none of them or
    is damaged.
    """
    place = located(source)
    if place.is_file():
        return read_exported(source, place.read_bytes())
    if not place.is_dir():
        raise UserError(f"{source} does not exist. Give a run's folder, a checkpoint's, or an exported file.")
    folder = place
    if not (place / STATE).exists():
        found = checkpoints(place)
        if not found:
            raise UserError(
                f"{source} is neither a run with a checkpoint, nor a checkpoint, nor an exported file."
            )
        folder = found[0]
    document = read_state(folder)
    return of_checkpoint(document, read_tensors(folder, "ema.safetensors", document))


def export_bytes(source: Path, *, half: bool = False) -> bytes:
    """The exported file of what ``read_generator`` reads, with ``half`` in half precision.

    That of an exported file is itself. Raises ``UserError`` as ``read_generator`` does.
    """
    place = located(source)
    if place.is_file() and not half:
        return place.read_bytes()
    generator = read_generator(source)
    return (generator.halved() if half else generator).to_bytes()


def export(sources: Sequence[Path], out: Path, *, half: bool = False) -> str:
    """Write the exported file of a generator, or of the levels of one joined, and return its digest.

    Raises ``UserError`` where ``out`` exists, or several ``sources`` are not all levels of one generator.
    """
    if out.exists():
        raise UserError(f"{out} already exists. Choose another --out, or remove it first.")
    if len(sources) == 1:
        data = export_bytes(sources[0], half=half)
        read_exported(sources[0], data)  # also its weights: a damaged file is not passed on
    else:
        generator = join([(source, read_generator(source)) for source in sources])
        data = (generator.halved() if half else generator).to_bytes()
    with new_file(out) as partial:
        partial.write_bytes(data)
    return digest(data)


def load_generator(source: Path, device: torch.device) -> TrainedGenerator:
    """The generator that ``read_generator`` reads, ready to draw in float32 whatever its file holds.

    Raises ``UserError`` where there is none, or where only a part of it has been trained.
    """
    data = export_bytes(source)
    about = read_about(source, data)
    kind = family_named(about.family)
    family = kind(check(kind.Settings, about.configuration))
    _require_whole(source, family)
    stage = about.stage
    grown = SMALLEST <= stage.resolution <= family.settings.resolution and stage.resolution.bit_count() == 1
    if not (grown and 0 < stage.alpha <= 1):
        raise UserError(f"{source} is damaged: its generator cannot be at {stage}.")
    with enough_memory():
        module = family.generator()
    try:
        module.load_state_dict(read_weights(source, data))
    except RuntimeError as error:
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
        where=about.where,
    )


def _require_whole(source: Path, family: Family) -> None:
    if family.untrained:
        levels = ", ".join(map(str, family.untrained))
        raise UserError(
            f"{source} is a part of a generator: it did not train level {levels}. Join it with the runs that "
            f"did: dermvtt-train export --checkpoint {source} --checkpoint OTHER --out whole.safetensors"
        )
