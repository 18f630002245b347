"""The mix folder's manifest: the only thing the two halves of the product share. Imports no torch.

A mix folder is ``manifest.json`` beside ``images/``. Every image has a random id, so that neither its name
nor its place in the list tells whether it is real, and a file that all images share the size of.
"""

import errno
import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

MANIFEST = "manifest.json"
IMAGES = "images"

Truth = Literal["real", "fake"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RealProvenance(_Strict):
    """Where a real image came from: a row of a dataset's ``index.csv``, and its diagnosis if that has one."""

    dataset: Sha256
    index: int = Field(ge=0)
    diagnosis: str | None = Field(default=None, min_length=1, max_length=200)


class FakeProvenance(_Strict):
    """What draws a fake again: a generator and the seed of its latent vector."""

    generator: Sha256
    family: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    latent_seed: int = Field(ge=0)


class FileProvenance(_Strict):
    """An image that was made elsewhere: which file it was, by its bytes and its place among those given.

    ``family`` says what kind of generator drew a fake; a real has none.
    """

    file_sha256: Sha256
    index: int = Field(ge=0)
    family: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,31}$")


class MixImage(_Strict):
    """One image of a mix."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    file: str
    sha256: Sha256
    truth: Truth
    provenance: RealProvenance | FakeProvenance | FileProvenance

    @model_validator(mode="after")
    def _consistent(self) -> "MixImage":
        # The name is derived from the id, so a manifest can never point outside its own folder.
        if self.file != f"{IMAGES}/{self.id}.png":
            raise ValueError(f"file must be {IMAGES}/{self.id}.png, not {self.file!r}")
        if (getattr(self.provenance, "family", None) is None) != (self.truth == "real"):
            raise ValueError(f"the provenance does not fit the truth {self.truth!r}")
        return self

    @property
    def source(self) -> str:
        """``real``, or the family of the generator that drew the image."""
        return getattr(self.provenance, "family", None) or "real"


class Manifest(_Strict):
    """What a mix holds and how it was drawn.

    ``drawn`` says that the images derive from computer-drawn phantoms, not from photographs: every page of a
    study made from such a mix says so.
    """

    format: Literal["dermvtt-mix"] = "dermvtt-mix"
    version: Literal[1] = 1
    tool_version: str
    resolution: int = Field(gt=0, le=4096)
    drawn: bool
    seed: int = Field(ge=0)
    configuration: dict[str, Any] = {}
    images: list[MixImage] = Field(min_length=1)

    @model_validator(mode="after")
    def _no_doubles(self) -> "Manifest":
        ids = [image.id for image in self.images]
        if len(set(ids)) != len(ids):
            doubled = next(identity for identity in ids if ids.count(identity) > 1)
            raise ValueError(f"the image id {doubled} stands twice")
        return self

    def count(self, truth: Truth) -> int:
        """How many images of the mix have this truth."""
        return sum(image.truth == truth for image in self.images)


class MixError(ValueError):
    """A mix folder that is not what its manifest says; the message names the file."""


def digest(data: bytes) -> str:
    """Lower-case hexadecimal SHA-256 of ``data``."""
    return hashlib.sha256(data).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Read and validate ``folder/manifest.json``; raise ``MixError`` saying what is wrong in which field."""
    path = folder / MANIFEST
    try:
        return Manifest.model_validate_json(_bytes(path))
    except OSError as error:
        raise MixError(f"{path} cannot be read ({error.strerror}). Is {folder} a mix folder?") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise MixError(f"{path}: {where}: {first['msg']}") from error


def _bytes(path: Path) -> bytes:
    """A regular file's bytes; anything else, as a pipe, might never end."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    return path.read_bytes()


def read_images(folder: Path, manifest: Manifest) -> Iterator[tuple[MixImage, bytes]]:
    """Yield each image of the mix with its bytes, verified; raise ``MixError`` naming a bad file.

    A missing, unreadable, altered or extra file is refused: a mix is taken whole or not at all.
    """
    expected = {image.file for image in manifest.images}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    present.discard(MANIFEST)
    for name in sorted(expected - present):
        raise MixError(f"{folder / name} is missing, though {MANIFEST} lists it.")
    for name in sorted(present - expected):
        raise MixError(f"{folder / name} is not listed in {MANIFEST}. Remove it, or make the mix again.")
    for image in manifest.images:
        try:
            data = _bytes(folder / image.file)
        except OSError as error:
            raise MixError(f"{folder / image.file} cannot be read ({error.strerror}).") from error
        if digest(data) != image.sha256:
            raise MixError(
                f"{folder / image.file} is not the file that {MANIFEST} lists: its sha256 differs."
            )
        yield image, data
