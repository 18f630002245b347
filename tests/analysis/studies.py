"""Ratings that a study could have given, drawn from a seed: everything recorded, in three groups."""

import numpy as np

from backend.analysis.ratings import RatingRow, RatingsTable

GROUPS = {"ED": 3, "DLE": 3, "GP": 2}
REALS, FAKES = 50, 30
SOURCES = ("pgan", "dcgan")
DIAGNOSES = ("mel", "nv", "bcc")


def full_rows(seed: int = 1) -> list[RatingRow]:
    """Eight raters, 80 images of two generators and three diagnoses, and every optional column."""
    random = np.random.default_rng(seed)
    hard = random.normal(0, 0.7, REALS + FAKES)
    rows = []
    for group, size in GROUPS.items():
        for number in range(1, size + 1):
            skill = random.normal(0.5, 0.4)
            order = random.permutation(REALS + FAKES) + 1
            for image in range(REALS + FAKES):
                rows.append(_row(random, group, number, image, int(order[image]), skill - hard[image]))
    return rows


def full_table(seed: int = 1) -> RatingsTable:
    return RatingsTable.from_rows(full_rows(seed))


def _row(random, group, number, image, position, ease):
    truth = "real" if image < REALS else "fake"
    other = {"real": "fake", "fake": "real"}
    right = random.random() < 1 / (1 + np.exp(-ease))
    answer = truth if right else other[truth]
    changed = random.random() < 0.06
    missing = random.random() < 0.01
    twice, otherwise = image % 8 == number % 8, (image + number) % 5 == 0
    return RatingRow(
        rater=f"{group}{number}",
        group=group,
        image=f"image{image:02d}",
        truth=truth,
        answer="" if missing else answer,
        study="1",
        source="real" if truth == "real" else SOURCES[image % 2],
        position=str(position),
        first_answer="" if missing else other[answer] if changed else answer,
        revisions="" if missing else str(int(changed)),
        confidence="" if missing else str(random.integers(1, 4) + 2 * right),
        response_ms="" if missing else f"{1000 * random.lognormal(1.0 - position / 200, 0.5):.1f}",
        answered_at="",
        diagnosis=DIAGNOSES[image % 3] if truth == "real" else "",
        repeat_position=str(REALS + FAKES + image) if twice else "",
        repeat_answer="" if not twice else other[answer] if otherwise else answer,
    )
