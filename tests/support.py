"""Plain values and files that tests and benchmarks share."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from backend.database.sessions import Database
from backend.database.tables import Study
from backend.settings import Settings
from training.encode import encode_png
from training.manifest import FakeProvenance, Manifest, MixImage, RealProvenance, digest

BACKENDS = ["sqlite", "postgresql"]


@dataclass
class World:
    """An installation with one study; ``link`` is a rater's token by name."""

    settings: Settings
    database: Database
    study: Study
    mix_folder: Path
    link: dict[str, str] = field(default_factory=dict)


def write_mix(folder: Path, reals: int, fakes: int, *, drawn: bool = False, seed: int = 0) -> Path:
    """Write a mix folder of 16 x 16 noise."""
    rng = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True)
    images = []
    for index in range(reals + fakes):
        identity = rng.bytes(16).hex()
        data = encode_png(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8))
        (folder / "images" / f"{identity}.png").write_bytes(data)
        real = RealProvenance(dataset="0" * 64, index=index)
        fake = FakeProvenance(generator="1" * 64, family="pgan", latent_seed=index)
        images.append(
            MixImage(
                id=identity,
                file=f"images/{identity}.png",
                sha256=digest(data),
                truth="real" if index < reals else "fake",
                provenance=real if index < reals else fake,
            )
        )
    images.sort(key=lambda image: image.id)
    manifest = Manifest(tool_version="0", resolution=16, drawn=drawn, seed=seed, images=images)
    (folder / "manifest.json").write_text(manifest.model_dump_json(indent=2))
    return folder
