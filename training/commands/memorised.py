"""Commands that look for memorised training images."""

import json
from pathlib import Path
from typing import Annotated

import typer

from training.commands.checkpoint import Checkpoint


def neighbours(
    checkpoint: Checkpoint,
    data: Annotated[Path, typer.Option(help="Dataset folder that the generator was trained on.")],
    out: Annotated[Path, typer.Option(help="New folder for the report; it shows real images.")],
    held_out: Annotated[
        Path | None, typer.Option(help="Dataset folder with reals that training did not see.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many samples.")] = 64,
    reals: Annotated[int, typer.Option(min=1, help="How many held-out reals at most, one a lesion.")] = 256,
    seed: Annotated[int, typer.Option(min=0, help="Which samples and which reals.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print neighbours.json, not the verdict.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda: what draws the samples.")] = "auto",
) -> None:
    """Did it memorise? Compare samples and held-out reals with the training images nearest to them.

    A generator trained with --where is compared with the images of that selection alone. Without --held-out
    a real is compared with all of these of other lesions than its own.

    Example: dermvtt-train neighbours --checkpoint runs/pgan --data data/photos --out reports/neighbours
    """
    from training.dataset import open_dataset
    from training.device import pick_device
    from training.export import load_generator
    from training.measure.neighbours import neighbours as find_neighbours
    from training.measure.neighbours import told

    said = find_neighbours(
        load_generator(checkpoint, pick_device(device)),
        open_dataset(data),
        open_dataset(held_out) if held_out else None,
        count=count,
        reals=reals,
        seed=seed,
        out=out,
    )
    print(json.dumps(said, indent=2, ensure_ascii=False) if as_json else told(said))
