"""Mixes with one planted leak each, otherwise fair."""

import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from backend.audit.measure import measure
from backend.audit.reading import read_mix
from backend.audit.report import Audit, Configuration, audit
from training.encode import encode_png

SIDE, REALS, FAKES = 64, 24, 20
TIME_STAMP = 946_684_800

Encode = Callable[[np.ndarray, bool], bytes]


def scenes(count: int, seed: int = 0, side: int = SIDE) -> list[np.ndarray]:
    """Pictures with coarse and fine detail, uint8 (side, side, 3), all from one source."""
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(count):
        coarse = gaussian_filter(random.normal(size=(side, side, 3)), (6, 6, 0)) * 300
        fine = gaussian_filter(random.normal(size=(side, side, 3)), (0.7, 0.7, 0)) * 12
        drawn.append(np.clip(np.rint(140 + coarse + fine), 0, 255).astype(np.uint8))
    return drawn


def plain(pixels: np.ndarray, fake: bool) -> bytes:
    """The contract's encoder, whatever the truth."""
    return encode_png(pixels)


def by_pillow(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def decoded(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.fixture
def plant(tmp_path) -> Callable[..., Path]:
    """Write a mix whose images are encoded knowing their truth."""

    def write(encode: Encode = plain, *, name: str = "mix", seed: int = 0, suffix: str = ".png") -> Path:
        folder = tmp_path / name
        (folder / "images").mkdir(parents=True)
        random = np.random.default_rng([seed, 1])
        truths = random.permutation([False] * REALS + [True] * FAKES)
        listed = []
        for fake, pixels in zip(truths, scenes(REALS + FAKES, seed), strict=True):
            file = f"images/{random.bytes(16).hex()}{suffix}"
            (folder / file).write_bytes(encode(pixels, bool(fake)))
            os.utime(folder / file, (TIME_STAMP, TIME_STAMP))
            listed.append({"file": file, "truth": "fake" if fake else "real"})
        listed.sort(key=lambda image: image["file"])
        (folder / "manifest.json").write_text(json.dumps({"images": listed}))
        return folder

    return write


@pytest.fixture
def audited() -> Callable[..., Audit]:
    """Audit a mix folder."""

    def run(folder: Path, permutations: int = 999) -> Audit:
        mix = read_mix(folder)
        return audit(mix, measure(mix.images, lambda: None), Configuration(0, permutations, 0.05))

    return run


@pytest.fixture
def dermvtt(dermvtt) -> Callable[..., tuple[int, str, str]]:
    """The same without the control sequences that a progress display writes to a terminal."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code, out, err = dermvtt(*arguments)
        return code, out, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", err)

    return run
