"""A mix of images that were made elsewhere: reals and fakes, each through one and the same encoder."""

import os
import random
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from backend.extras import needing
from backend.studies.refusals import Invalid
from training.files import new_folder
from training.manifest import IMAGES, MANIFEST, FileProvenance, Manifest, MixImage, Truth, digest

TIME_STAMP = 946_684_800
"""As ``training.mix``: the order of writing is nobody's business."""
FAMILY = "uploaded"
RESOLUTION = 256
MOST_IMAGES = 5_000


class Source(Protocol):
    """Files of images, by name."""

    label: str

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Each file's name, as it may be shown, and its bytes."""


def build_mix(
    reals: Source,
    fakes: Source,
    out: Path,
    *,
    resolution: int = RESOLUTION,
    family: str = FAMILY,
    seed: int | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Manifest:
    """Write the mix folder ``out`` of all the images given, cropped, resampled and encoded alike.

    ``family`` says what drew the fakes; the ``seed`` draws the images' ids. Raises ``Invalid``, naming the
    file, where one cannot be used, or is given twice, be it in another file or format.
    """
    picture, encode_png = _tools()
    chosen = random.SystemRandom().randrange(2**63) if seed is None else seed
    draw, images, seen, shown = random.Random(chosen), [], {}, {}
    sides: list[tuple[Source, Truth]] = [(reals, "real"), (fakes, "fake")]
    with new_folder(out) as partial:
        (partial / IMAGES).mkdir()
        for source, truth in sides:
            for index, (name, data) in enumerate(source.files()):
                where, original = f"{source.label}: {name}", digest(data)
                if original in seen:
                    raise Invalid(f"{where} is the same file as {seen[original]}. Remove one of them.")
                seen[original] = where
                if len(seen) > MOST_IMAGES:
                    raise Invalid(f"a mix holds {MOST_IMAGES:,} images at most. Make several mixes.")
                encoded = encode_png(picture(where, data, resolution))
                sha256 = digest(encoded)
                if sha256 in shown:
                    raise Invalid(f"{where} shows the same picture as {shown[sha256]}. Remove one of them.")
                shown[sha256] = where
                identity = draw.randbytes(16).hex()
                (partial / IMAGES / f"{identity}.png").write_bytes(encoded)
                images.append(
                    MixImage(
                        id=identity,
                        file=f"{IMAGES}/{identity}.png",
                        sha256=sha256,
                        truth=truth,
                        provenance=FileProvenance(
                            file_sha256=original, index=index, family=family if truth == "fake" else None
                        ),
                    )
                )
                advance()
            if not images or images[-1].truth != truth:
                raise Invalid(f"{source.label} holds no image. Put the {truth}s there.")
        manifest = Manifest(
            tool_version=version("dermvtt"),
            resolution=resolution,
            drawn=False,
            seed=chosen,
            configuration={
                "built_from": "files",
                "crop": "centre square",
                "resampling": "lanczos",
                "encoder": "PNG, stored, unfiltered",
            },
            images=sorted(images, key=lambda image: image.id),
        )
        text = manifest.model_dump_json(indent=2, exclude_none=True) + "\n"
        (partial / MANIFEST).write_text(text, encoding="utf-8")
        for path in [*sorted(partial.rglob("*")), partial]:
            os.utime(path, (TIME_STAMP, TIME_STAMP))
    return manifest


def _tools() -> tuple[Callable[..., object], Callable[..., bytes]]:
    with needing():
        from backend.intake.pictures import picture  # noqa: PLC0415 - reading pictures needs more than serving
        from training.encode import encode_png  # noqa: PLC0415
    return picture, encode_png
