"""Everything of a training that must survive it, in a folder that is whole or not there.

``checkpoints/000012000/`` holds safetensors (weights, optimisers, random state) and ``state.json``; loading
one runs no code from it. The folder's name is the number of images seen.
"""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.optim import Adam

from training.errors import NotWritten, UserError
from training.files import PARTIAL, new_folder
from training.manifest import digest
from training.networks import Stage
from training.state import MODULES, OPTIMISERS, Best, Origin, State, first_of, origin_from

CHECKPOINTS = "checkpoints"
SAMPLES = "samples"
BEST = "best"
STATE = "state.json"
NUMBER = re.compile(r"[0-9]+", re.ASCII)
FORMAT = "dermvtt-checkpoint"
FORMAT_VERSION = 3
"""Of checkpoints and of exported generators; a change of what the networks hold raises it."""
DAMAGED = ".damaged"
"""After the name of a checkpoint that was passed over when its run was resumed."""


class _Document(BaseModel):
    """``state.json``, as far as it must be trusted."""

    images_seen: int = Field(ge=0)
    stage: Stage
    metrics: dict[str, Any]
    best: Best | None
    tool_version: str
    sha256: dict[str, str]


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
            "best": asdict(state.best) if state.best else None,
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
            _load_weights(getattr(state, name), tensors[f"{name}.safetensors"])
        for name in OPTIMISERS:
            _load_moments(getattr(state, name), tensors[f"{name}.safetensors"])
        state.rng.set_state(tensors["random.safetensors"]["rng"])
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise UserError(f"{folder} does not fit this training: {error}") from error
    state.images_seen = document["images_seen"]
    state.phase = document["stage"]["phase"]
    state.metrics = document["metrics"]
    state.best = Best(**document["best"]) if document["best"] else None


def read_state(folder: Path) -> dict[str, Any]:
    """The checkpoint's ``state.json``; raise ``UserError`` where there is none of this tool's."""
    path = folder / STATE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{folder} is no checkpoint: {path} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged: {error}. Use another checkpoint.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UserError(f"{path} is not a checkpoint's state.")
    if document.get("version") != FORMAT_VERSION:
        raise UserError(f"{path} was written by another version of this tool.")
    try:
        _Document.model_validate_json(json.dumps(document), strict=True)
        origin_from(document)
    except ValidationError as error:
        raise UserError(f"{path} is damaged: {first_of(error)}. Use another checkpoint.") from error
    # Another name would be another place in the order of checkpoints.
    named = folder.resolve().name.removesuffix(DAMAGED)
    if NUMBER.fullmatch(named) and int(named) != document["images_seen"]:
        raise UserError(f"{path} is of {document['images_seen']} images, its folder's name of {named}.")
    return document


def origin_of(folder: Path) -> Origin:
    """What the checkpoint's training was made of."""
    return origin_from(read_state(folder))


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
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if NUMBER.fullmatch(path.name) and path.is_dir()]
    return sorted(found, key=lambda path: int(path.name), reverse=True)


def keep_the_best(run: Path, state: State, count: int) -> None:
    """Remove all but the newest ``count`` checkpoints and the best, which the link ``best`` leads to."""
    found = checkpoints(run)
    best = state.best.images_seen if state.best else None
    for folder in found[count:]:
        if int(folder.name) != best:
            shutil.rmtree(folder)
    for folder in found:
        if int(folder.name) == best:
            _link(run / CHECKPOINTS / BEST, folder.name)


def set_aside(folder: Path) -> None:
    """Rename a damaged checkpoint, so that it is no longer taken for the newest."""
    aside = folder.with_name(folder.name + DAMAGED)
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)


def tidy(run: Path) -> None:
    """Remove what a process that was killed left half written; no other may be writing."""
    for place in (run, run / CHECKPOINTS, run / SAMPLES):
        for path in place.glob(f"*{PARTIAL}*"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _link(link: Path, target: str) -> None:
    fresh = link.with_name(f"{link.name}{PARTIAL}")
    fresh.unlink(missing_ok=True)
    try:
        fresh.symlink_to(target, target_is_directory=True)
        fresh.replace(link)
    except OSError as error:
        raise NotWritten(f"{link} could not be written: {error.strerror or error}.") from error


def _load_weights(module: nn.Module, tensors: dict[str, Tensor]) -> None:
    for name, expected in module.state_dict().items():
        found = tensors[name]
        if found.dtype != expected.dtype or not bool(found.isfinite().all()):
            raise ValueError(f"{name} is not finite {expected.dtype}")
    module.load_state_dict(tensors)


def _load_moments(optimiser: Adam, tensors: dict[str, Tensor]) -> None:
    moments = _unflatten(tensors)
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    for index, entry in moments.items():
        if not 0 <= index < len(weights) or entry.keys() != {"step", "exp_avg", "exp_avg_sq"}:
            raise ValueError(f"moments of weight {index}")
        shapes = [entry["exp_avg"].shape, entry["exp_avg_sq"].shape]
        if shapes != [weights[index].shape] * 2 or entry["step"].shape:
            raise ValueError(f"moments of weight {index} have another shape than it")
        if {tensor.dtype for tensor in entry.values()} != {torch.float32}:
            raise ValueError(f"moments of weight {index} are not float32")
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": moments, "param_groups": groups})
    _lay_out_as_weights(optimiser)


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
