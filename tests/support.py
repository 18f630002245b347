"""Plain values and files that tests and benchmarks share."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from backend.database import plans
from backend.database.columns import Base
from backend.database.sessions import Database
from backend.database.tables import Image, Mix, Presentation, Rater, Rating, Study, StudyMix
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
    mix_id: int = 1


def consent(world: World, name: str = "ED1", **form: str) -> None:
    """Agree to take part, in English."""
    with world.database.write() as session:
        rater = admit(session, world.link[name])
        begin(session, world.link[name], told(rater.study, "en", str), form=form)


def everything(world, without=()):
    """All rows of all tables, or of all but some."""
    with world.database.read() as session:
        return {
            table.name: sorted(map(repr, session.execute(sa.select(table))))
            for table in Base.metadata.tables.values()
            if table.name not in without
        }


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


def fill(database: Database, raters: int, images: int, number: int = 0) -> int:
    """Put a study of ``raters`` x ``images`` ratings straight into the tables; returns its number.

    For what is asked of a study's size alone: its images are rows without a picture. ``number`` tells the
    mixes of several such studies apart.
    """
    began = datetime(2026, 1, 1, tzinfo=UTC)
    reals = images // 2
    with database.write() as session:
        mix = Mix(
            name="large",
            manifest_sha256=f"{number:064x}",
            resolution=16,
            drawn=False,
            reals=reals,
            fakes=images - reals,
            imported_at=began,
        )
        session.add(mix)
        session.flush()
        shown = [
            Image(
                mix_id=mix.id,
                public_id=f"{i:032x}",
                sha256=f"{i:064x}",
                truth="real" if i < reals else "fake",
                source="real" if i < reals else "pgan",
                provenance={"dataset": "0" * 64, "index": i, "diagnosis": "nv"},
            )
            for i in range(images)
        ]
        study = Study(title="Large", groups=["ED"], seed="s", state="open", created_at=began)
        session.add_all([study, *shown])
        session.flush()
        session.add(StudyMix(study_id=study.id, mix_id=mix.id, position=1))
        people = [
            Rater(
                study_id=study.id,
                number=one,
                name=f"ED{one}",
                group="ED",
                created_at=began,
                consented_at=began,
                consent_version="0" * 64,
            )
            for one in range(1, raters + 1)
        ]
        session.add_all(people)
        session.flush()
        first = (session.scalar(sa.select(sa.func.max(Presentation.id))) or 0) + 1
        pairs = (
            (rater.id, place, image.id) for rater in people for place, image in enumerate(shown, start=1)
        )
        while some := list(islice(pairs, 10_000)):
            ids = range(first, first + len(some))
            first += len(some)
            orders = [
                {"id": at, "rater_id": rater, "image_id": image, "position": place, "key": f"{at:x}"}
                for at, (rater, place, image) in zip(ids, some, strict=True)
            ]
            session.execute(sa.insert(Presentation), orders)
            session.execute(sa.insert(Rating), [_rating(at, began) for at in ids])
        if database.engine.dialect.name == "postgresql":
            session.execute(sa.text(f"ALTER SEQUENCE presentations_id_seq RESTART WITH {first}"))
            # As the server does by itself in a minute: planned for empty tables, a query looks at all pairs.
            plans.refresh(session)
        return study.id


def _rating(at: int, began: datetime) -> dict[str, object]:
    return {
        "presentation_id": at,
        "answer": "real" if at % 3 else "fake",
        "submission": f"{at:x}",
        "response_ms": 1000.125 + at % 977,
        "hidden_ms": 0.0,
        "response_clock": "browser",
        "answered_at": began + timedelta(seconds=at),
        "received_at": began + timedelta(seconds=at, milliseconds=3),
    }
