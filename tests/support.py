"""Plain values and files that tests and benchmarks share."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from backend.database.sessions import Database
from backend.database.tables import Study
from backend.settings import Settings
from backend.studies.consent import begin, told
from backend.studies.invitations import admit
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


def consent(world: World, name: str = "ED1", **form: str) -> None:
    """Agree to take part, in English."""
    with world.database.write() as session:
        rater = admit(session, world.link[name])
        begin(session, world.link[name], told(rater.study, "en", str), form=form)


def write_mix(
    folder: Path, reals: int, fakes: int, *, drawn: bool = False, seed: int = 0, side: int = 16
) -> Path:
    """Write a mix folder of noise, ``side`` x ``side``."""
    rng = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True)
    images = []
    for index in range(reals + fakes):
        identity = rng.bytes(16).hex()
        data = encode_png(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
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
    manifest = Manifest(tool_version="0", resolution=side, drawn=drawn, seed=seed, images=images)
    (folder / "manifest.json").write_text(manifest.model_dump_json(indent=2))
    return folder
