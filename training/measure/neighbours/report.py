"""The report's documents: everything in full precision as JSON, and a table with a row for each sample."""

import csv
import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from training.dataset import Dataset
from training.export import TrainedGenerator
from training.measure.neighbours.examine import Examined, Found
from training.measure.neighbours.heldout import HeldOut
from training.measure.neighbours.nearest import MEASURES

COLUMNS = (
    "latent_seed",
    "stands_out",
    "suspicion",
    *(
        f"{measure}_{what}"
        for measure in MEASURES
        for what in ("index", "file", "mirrored", "flipped", "distance", "ratio")
    ),
)


def document(
    generator: TrainedGenerator,
    dataset: Dataset,
    selected: int,
    held_out: HeldOut,
    seeds: list[int],
    examined: Examined,
    configuration: dict[str, Any],
) -> dict[str, Any]:
    """What ``neighbours.json`` says; ``selected`` of the dataset's images fit the training's selection."""
    compared = "the selection's images" if generator.where else "all images"
    where = {column: list(values) for column, values in generator.where.items()}
    ours = bool((held_out.own >= 0).all())
    return {
        "format": "dermvtt-neighbours",
        "version": 1,
        "tool_version": version("dermvtt"),
        "generator": {
            "digest": generator.digest,
            "family": generator.family.name,
            "resolution": generator.resolution,
            "images_seen": generator.images_seen,
            "dataset": generator.dataset,
            "drawn": generator.drawn,
        },
        "dataset": {
            "digest": dataset.digest,
            "count": dataset.count,
            "where": where,
            "selected": selected,
        },
        "held_out": {
            "dataset": held_out.dataset.digest,
            "count": len(held_out.rows),
            "where": where if ours else {},
            "compared_with": f"{compared} of other lesions" if ours else compared,
        },
        "configuration": configuration,
        "trained_on_this_dataset": generator.dataset == dataset.digest,
        "verdict": asdict(examined.verdict),
        "comparisons": [asdict(each) for each in examined.comparisons],
        "samples": [
            {"latent_seed": seed, **_row(found, dataset)}
            for seed, found in zip(seeds, examined.samples, strict=True)
        ],
        "held_outs": [
            {"index": row, "file": held_out.dataset.index[row]["file"], **_row(found, dataset)}
            for row, found in zip(held_out.rows, examined.held_outs, strict=True)
        ],
    }


def write_documents(folder: Path, said: dict[str, Any]) -> None:
    """Write ``neighbours.json`` and ``neighbours.csv``, the latter with the nearest image alone."""
    text = json.dumps(said, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "neighbours.json").write_text(text + "\n", encoding="utf-8")
    with (folder / "neighbours.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for sample in said["samples"]:
            row = [sample["latent_seed"], "; ".join(sample["stands_out"]), sample["suspicion"]]
            for measure in MEASURES:
                first = sample[measure]["nearest"][0]
                flips = (str(first[flip]).lower() for flip in ("mirrored", "flipped"))
                row += [first["index"], first["file"], *flips, first["distance"], sample[measure]["ratio"]]
            table.writerow(row)


def _row(found: Found, dataset: Dataset) -> dict[str, Any]:
    row: dict[str, Any] = {"stands_out": found.stands_out, "suspicion": found.suspicion}
    for measure, near in found.nears.items():
        places = zip(near.rows, near.distances, near.mirrored, near.flipped, strict=True)
        row[measure] = {
            "ratio": near.ratio,
            "nearest": [
                {
                    "index": at,
                    "file": dataset.index[at]["file"],
                    "distance": distance,
                    "mirrored": mirrored,
                    "flipped": flipped,
                }
                for at, distance, mirrored, flipped in places
            ],
        }
    return row
