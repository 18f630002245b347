"""The file of an exported generator: safetensors that say of themselves all that drawing from them needs.

Its metadata are one JSON document. A generator's digest is the SHA-256 of the file's bytes.
"""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from training.checkpoint import FORMAT_VERSION
from training.errors import UserError
from training.networks import Stage
from training.state import first_of

KEY = "dermvtt"
FORMAT = "dermvtt-generator"
COPIED = ("family", "configuration", "seed", "dataset", "drawn", "images_seen", "stage", "tool_version")


class About(BaseModel):
    """What an exported file says of its generator, as far as drawing needs it."""

    family: str
    configuration: dict[str, Any]
    dataset: str
    drawn: bool
    images_seen: int
    stage: Stage
    where: dict[str, list[str]] = {}


@dataclass(frozen=True)
class Exported:
    """An averaged generator's weights by name, and the JSON document about them."""

    about: dict[str, Any]
    tensors: dict[str, Tensor]

    def to_bytes(self) -> bytes:
        """The file: the same bytes whenever and wherever it is written."""
        # One key only: safetensors writes several in no fixed order.
        return save(self.tensors, {KEY: json.dumps(self.about, sort_keys=True)})

    def halved(self) -> "Exported":
        """The same in half precision, float16: half the bytes, and drawn from in float32 all the same.

        Raises ``UserError`` where a weight is beyond float16's range.
        """
        tensors = {
            name: tensor.half() if tensor.is_floating_point() else tensor
            for name, tensor in self.tensors.items()
        }
        lost = [name for name, tensor in tensors.items() if not tensor.isfinite().all()]
        if lost:
            raise UserError(f"{lost[0]} holds weights beyond half precision's range. Export without --half.")
        return Exported(self.about, tensors)


def of_checkpoint(document: dict[str, Any], tensors: dict[str, Tensor]) -> Exported:
    """The generator of a checkpoint, from its ``state.json`` and its averaged weights."""
    about = {"format": FORMAT, "version": FORMAT_VERSION} | {key: document[key] for key in COPIED}
    if document["where"]:
        about["where"] = document["where"]
    return Exported(about, tensors)


def read_exported(source: Path, data: bytes) -> Exported:
    """What the bytes of an exported file hold; raise ``UserError`` naming ``source`` where they are none."""
    read_about(source, data)
    return Exported(_document(source, data), read_weights(source, data))


def read_weights(source: Path, data: bytes) -> dict[str, Tensor]:
    """The weights of an exported file, as they are stored; raise ``UserError`` where they are damaged."""
    try:
        return load(data)
    except SafetensorError as error:
        raise UserError(f"{source} does not hold the generator that it describes: {error}") from error


def read_about(source: Path, data: bytes) -> About:
    """What an exported file says of its generator; raise ``UserError`` where it is damaged, or none."""
    try:
        return About.model_validate(_document(source, data))
    except ValidationError as error:
        raise UserError(f"{source} is damaged: {first_of(error)}.") from error


def _document(source: Path, data: bytes) -> dict[str, Any]:
    """The JSON document in a safetensors file's header (8 bytes of length, little endian, then JSON)."""
    try:
        (length,) = struct.unpack_from("<Q", data)
        about: dict[str, Any] = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][KEY])
        known = about["format"] == FORMAT and about["version"] == FORMAT_VERSION
    except (struct.error, ValueError, KeyError, TypeError, OverflowError) as error:
        raise UserError(f"{source} is not a generator exported by dermvtt-train export.") from error
    if not known:
        raise UserError(f"{source} was written by another version of this tool.")
    return about
