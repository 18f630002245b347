"""Everything of a training that must survive it, in a folder that is whole or not there.

``checkpoints/000012000/`` holds safetensors (weights, optimisers, random state) and ``state.json``; loading
one runs no code from it. The folder's name is the number of images seen.
"""

import json
import shutil
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.optim import Adam

from training.device import enough_memory
from training.errors import UserError
from training.files import new_folder
from training.manifest import digest
from training.networks import Family, Stage
from training.settings import Settings

CHECKPOINTS = "checkpoints"
STATE = "state.json"
FORMAT = "dermvtt-checkpoint"
FORMAT_VERSION = 2
"""Of checkpoints and of exported generators; a change of what the networks hold raises it."""
MODULES = ("generator", "ema", "discriminator")
OPTIMISERS = ("generator_optimiser", "discriminator_optimiser")


@dataclass(frozen=True)
class Origin:
    """What a training is made of: two runs of one origin are the same run.

    ``dataset`` is the dataset's content digest; ``drawn`` says that its images are phantoms, not photographs.
    """

    family: str
    configuration: dict[str, Any]
    seed: int
    dataset: str
    drawn: bool


@dataclass
class State:
    """A training at one moment. ``rng`` draws latents and penalties' mixing shares, on the CPU."""

    generator: nn.Module
    ema: nn.Module
    discriminator: nn.Module
    generator_optimiser: Adam
    discriminator_optimiser: Adam
    rng: torch.Generator
    images_seen: int = 0
    phase: str = ""
    metrics: dict[str, float] = field(default_factory=dict)

    def restart_optimisers(self, settings: Settings) -> None:
        """Forget the optimisers' moments, as Karras et al. do whenever a phase begins."""
        self.generator_optimiser = _adam(self.generator, settings.generator_rate, settings)
        self.discriminator_optimiser = _adam(self.discriminator, settings.discriminator_rate, settings)


def new_state(family: Family, init_seed: int, rng_seed: int, device: torch.device) -> State:
    """A training that has seen no image yet."""
    settings = family.settings
    with enough_memory(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(init_seed)
        generator, discriminator = family.generator(), family.discriminator()
    generator, discriminator = (
        module.to(device=device, memory_format=torch.channels_last) for module in (generator, discriminator)
    )
    return State(
        generator=generator,
        ema=deepcopy(generator).requires_grad_(False).eval(),
        discriminator=discriminator,
        generator_optimiser=_adam(generator, settings.generator_rate, settings),
        discriminator_optimiser=_adam(discriminator, settings.discriminator_rate, settings),
        rng=torch.Generator().manual_seed(rng_seed),
    )


def save_checkpoint(run: Path, state: State, origin: Origin, stage: Stage) -> Path:
    """Write ``run/checkpoints/<images seen>`` and return it, in place of a damaged one that is there."""
    folder = run / CHECKPOINTS / f"{state.images_seen:09d}"
    shutil.rmtree(folder, ignore_errors=True)
    with new_folder(folder) as partial:
        digests = {}
        for name, tensors in _tensors(state).items():
            data = save(tensors)
            (partial / name).write_bytes(data)
            digests[name] = digest(data)
        document = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            **asdict(origin),
            "images_seen": state.images_seen,
            "stage": asdict(stage),
            "metrics": state.metrics,
            "tool_version": version("dermvtt"),
            "sha256": digests,
        }
        (partial / STATE).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return folder


def load_checkpoint(folder: Path, state: State) -> None:
    """Put a checkpoint into ``state``; raise ``UserError`` where it is not whole or does not fit."""
    document = read_state(folder)
    tensors = {name: read_tensors(folder, name, document) for name in document["sha256"]}
    try:
        for name in MODULES:
            getattr(state, name).load_state_dict(tensors[f"{name}.safetensors"])
        for name in OPTIMISERS:
            optimiser: Adam = getattr(state, name)
            groups = optimiser.state_dict()["param_groups"]
            moments = _unflatten(tensors[f"{name}.safetensors"])
            optimiser.load_state_dict({"state": moments, "param_groups": groups})
            _lay_out_as_weights(optimiser)
        state.rng.set_state(tensors["random.safetensors"]["rng"])
    except (KeyError, RuntimeError, ValueError) as error:
        raise UserError(f"{folder} does not fit this training: {error}") from error
    state.images_seen = document["images_seen"]
    state.phase = document["stage"]["phase"]
    state.metrics = document["metrics"]


def read_state(folder: Path) -> dict[str, Any]:
    """The checkpoint's ``state.json``; raise ``UserError`` where there is none of this tool's."""
    path = folder / STATE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{folder} is no checkpoint: {path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise UserError(f"{path} is damaged: {error}. Use another checkpoint.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UserError(f"{path} is not a checkpoint's state.")
    if document.get("version") != FORMAT_VERSION:
        raise UserError(f"{path} was written by another version of this tool.")
    return document


def origin_of(folder: Path) -> Origin:
    """What the checkpoint's training was made of."""
    document = read_state(folder)
    return Origin(**{part.name: document[part.name] for part in fields(Origin)})


def read_tensors(folder: Path, name: str, document: dict[str, Any]) -> dict[str, Tensor]:
    """The tensors of one file of a checkpoint, verified against the digest in its ``state.json``."""
    path = folder / name
    try:
        data = path.read_bytes()
        if digest(data) != document["sha256"][name]:
            raise UserError(
                f"{path} is damaged: its sha256 is not the one in {STATE}. Use another checkpoint."
            )
        return load(data)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}). Use another checkpoint.") from error
    except (KeyError, SafetensorError) as error:
        raise UserError(f"{path} is damaged ({error}). Use another checkpoint.") from error


def checkpoints(run: Path) -> list[Path]:
    """The run's checkpoints, newest first."""
    folder = run / CHECKPOINTS
    found = [path for path in folder.iterdir() if path.name.isdigit()] if folder.is_dir() else []
    return sorted(found, key=lambda path: int(path.name), reverse=True)


def keep_newest(run: Path, count: int) -> None:
    """Remove all but the newest ``count`` checkpoints."""
    for folder in checkpoints(run)[count:]:
        shutil.rmtree(folder)


def _adam(module: nn.Module, rate: float, settings: Settings) -> Adam:
    return Adam(module.parameters(), lr=rate, betas=settings.adam_betas, eps=settings.adam_epsilon)


def _lay_out_as_weights(optimiser: Adam) -> None:
    """Give the moments their weights' memory format: files keep none, and a step between two is slow."""
    for weight, entry in optimiser.state.items():
        for key, moment in entry.items():
            if moment.shape == weight.shape:
                entry[key] = torch.empty_like(weight).copy_(moment)


def _tensors(state: State) -> dict[str, dict[str, Tensor]]:
    files = {
        f"{name}.safetensors": {
            key: tensor.detach().cpu().contiguous()
            for key, tensor in getattr(state, name).state_dict().items()
        }
        for name in MODULES
    }
    for name in OPTIMISERS:
        files[f"{name}.safetensors"] = dict(_flatten(getattr(state, name).state_dict()["state"]))
    files["random.safetensors"] = {"rng": state.rng.get_state()}
    return files


def _flatten(moments: dict[int, dict[str, Tensor]]) -> Iterator[tuple[str, Tensor]]:
    for index, entry in moments.items():
        for key, tensor in entry.items():
            yield f"{index}/{key}", tensor.detach().cpu().contiguous()


def _unflatten(tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, key = name.split("/")
        moments.setdefault(int(index), {})[key] = tensor
    return moments
