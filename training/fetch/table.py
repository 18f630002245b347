"""The archive's table of its images, and the seven diagnoses of ISIC 2018 in it."""

import csv
from collections import Counter
from pathlib import Path

from training.errors import UserError
from training.files import new_file

CODES = {
    "Malignant melanocytic proliferations (Melanoma)": "mel",
    "Nevus": "nv",
    "Basal cell carcinoma": "bcc",
    "Solar or actinic keratosis": "akiec",
    "Squamous cell carcinoma in situ": "akiec",
    "Squamous cell carcinoma, NOS": "akiec",
    "Pigmented benign keratosis": "bkl",
    "Seborrheic keratosis": "bkl",
    "Solar lentigo": "bkl",
    "Lichen planus like keratosis": "bkl",
    "Dermatofibroma": "df",
    "Benign soft tissue proliferations - Vascular": "vasc",
}
"""ISIC 2018's codes (Codella et al. 2019) by the names in the archive's ``diagnosis_1`` to ``diagnosis_5``.

For HAM10000 alone: its ``akiec`` are actinic keratoses and intraepithelial carcinomas, and the archive has
the latter as squamous cell carcinomas without a subtype; in other collections that name means other tumours
too.
"""
_LEVELS = tuple(f"diagnosis_{level}" for level in range(5, 0, -1))


def image_ids(table: Path) -> list[str]:
    """Return the ids of the images that the client's table lists; ``UserError`` where it is no such table."""
    _, rows = _read(table)
    return [row["isic_id"] for row in rows]


def add_codes(table: Path) -> Counter[str]:
    """Add the column ``diagnosis`` with ISIC 2018's code to the table, and count the codes.

    The archive's own columns stay as they are. An image whose diagnosis is none of the seven has an empty
    cell; a table that has a ``diagnosis`` already is left alone.
    """
    columns, rows = _read(table)
    if "diagnosis" in columns:
        return Counter(row["diagnosis"] for row in rows)
    for row in rows:
        row["diagnosis"] = code_of(row)
    with new_file(table) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*columns, "diagnosis"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return Counter(row["diagnosis"] for row in rows)


def code_of(row: dict[str, str]) -> str:
    """Return the code of one image's row, by the most specific of its diagnoses that has one, or ``""``."""
    codes = (CODES.get(row.get(level) or "") for level in _LEVELS)
    return next((code for code in codes if code), "")


def _read(table: Path) -> tuple[list[str], list[dict[str, str]]]:
    with table.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, columns = list(reader), list(reader.fieldnames or ())
    if "isic_id" not in columns:
        raise UserError(
            f"{table} has no column isic_id: isic-cli was stopped while it wrote it. Run it again."
        )
    return columns, rows
