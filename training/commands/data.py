"""Commands that make datasets."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from training.fetch.terms import COLLECTION


def fetch(
    out: Annotated[
        Path, typer.Option(help="Folder for the images; one that was interrupted is gone on with.")
    ],
    collection: Annotated[
        int, typer.Option(min=1, help="The ISIC Archive's number of a public collection.")
    ] = (COLLECTION),
    limit: Annotated[
        int | None, typer.Option(min=1, help="The first so many images; all without it.")
    ] = None,
    patience: Annotated[
        float, typer.Option(min=1, help="Seconds after which to give up when nothing arrives.")
    ] = 600,
) -> None:
    """Fetch photographs from the ISIC Archive with its own client: the training images of ISIC 2018 Task 3.

    Says under which licence they come and what to cite, then fetches what is not here yet, decodes every
    image, and names the folder --out when all are whole. Run again, it goes on where it was interrupted.
    The 10,015 images of collection 66 take about 3 GB.

    Example: dermvtt-train fetch --out photos/isic2018
    """
    from training.fetch.folder import fetch as fetch_folder

    fetch_folder(out, collection, limit, patience)


def prepare(
    source: Annotated[Path, typer.Argument(help="Folder of photographs, searched to any depth.")],
    out: Annotated[Path, typer.Option(help="Dataset folder to make; it must not exist.")],
    resolution: Annotated[int, typer.Option(min=4, max=4096, help="Width and height in pixels.")] = 256,
    metadata: Annotated[
        Path | None, typer.Option(help="CSV file to join; without it SOURCE/metadata.csv if there is one.")
    ] = None,
    no_metadata: Annotated[bool, typer.Option("--no-metadata", help="Join no metadata.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one a core without it.")] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out and list files that are broken or no images.")
    ] = False,
    allow_upsampling: Annotated[
        bool, typer.Option("--allow-upsampling", help="Enlarge images smaller than the resolution.")
    ] = False,
    keep_masks: Annotated[
        bool, typer.Option("--keep-masks", help="Keep what looks like a segmentation mask.")
    ] = False,
    keep_duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Keep files whose bytes are those of an earlier file.")
    ] = False,
) -> None:
    """Make a dataset of square RGB images from a folder of JPEG, PNG, TIFF, BMP or WebP files.

    Each image is turned upright, laid on white where transparent, cropped to its largest centred square and
    downsampled. A file that is broken or no image stops the command with the list of all such files.

    Example: dermvtt-train prepare photos --out data/photos-256 --resolution 256
    """
    from training.prepare import Options
    from training.prepare import prepare as make_dataset
    from training.prepare.report import report

    options = Options(resolution, allow_upsampling, skip_bad, keep_masks, keep_duplicates)
    done = make_dataset(
        source, out, options, metadata=metadata, find_metadata=not no_metadata, workers=workers
    )
    print("\n".join(report(done, out)), file=sys.stderr)


def phantom(
    out: Annotated[Path, typer.Option(help="New folder for the images and their metadata.csv.")],
    count: Annotated[int, typer.Option(min=1, help="How many images.")] = 400,
    seed: Annotated[int, typer.Option(min=0, help="The set: the same seed draws the same images.")] = 0,
    size: Annotated[int, typer.Option(min=32, help="Width and height in pixels.")] = 256,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one a core without it.")] = None,
) -> None:
    """Draw dermoscopic phantoms: computer-drawn images, free of any licence, for trying everything out.

    Example: dermvtt-train phantom --out photos/phantoms --count 400 --seed 0
    """
    from training.phantom import draw_folder

    draw_folder(out, count, seed, size, workers)
