"""``dermvtt-train``: the training half on the command line. Arguments in, calls out; no work of its own."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from training.errors import INTERRUPTED, Interrupted, UserError

EXTRA = {"PIL", "safetensors", "torch"}
"""What the [training] extra brings: a server that only runs studies is installed without."""


class _Commands(TyperGroup):
    def invoke(self, ctx: typer.Context) -> object:
        """Run the command; Ctrl-C where none is awaited says so, which Typer would not."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted("interrupted.") from None


app = typer.Typer(
    name="dermvtt-train",
    cls=_Commands,
    help="From dermoscopic photographs to a generator and a blinded mix of real and generated images.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _commands() -> None:
    """From dermoscopic photographs to a generator and a blinded mix of real and generated images."""


@app.command()
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
    from training import prepare as preparation  # noqa: PLC0415
    from training.prepare_report import report  # noqa: PLC0415

    options = preparation.Options(resolution, allow_upsampling, skip_bad, keep_masks, keep_duplicates)
    done = preparation.prepare(
        source, out, options, metadata=metadata, find_metadata=not no_metadata, workers=workers
    )
    print("\n".join(report(done, out)), file=sys.stderr)


@app.command()
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
    from training.phantom import draw_folder  # noqa: PLC0415

    draw_folder(out, count, seed, size, workers)


@app.command()
def train(
    family: Annotated[str, typer.Argument(help="What to train: pgan.")],
    data: Annotated[Path, typer.Option(help="Dataset folder that prepare made.")],
    out: Annotated[Path, typer.Option(help="Run folder: new, or with --resume an earlier one.")],
    preset: Annotated[
        str | None, typer.Option(help="demo, quick, paper, or a .toml file; quick without it.")
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting: key=value. Repeatable.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of everything random; 0 without it.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint.")] = False,
) -> None:
    """Train a generator, writing checkpoints, sample grids and losses into the run folder.

    Ctrl-C or SIGTERM writes a checkpoint and ends with exit code 130; --resume then repeats every step that
    an uninterrupted training would have made, bit for bit on the same device and number of threads.

    Example: dermvtt-train train pgan --data data/photos-256 --preset quick --out runs/pgan --set images=50000
    """
    from training.runs import run_training  # noqa: PLC0415

    if not run_training(out, family, data, preset, changes or [], seed, resume=resume):
        raise typer.Exit(INTERRUPTED)


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Option(help="Run folder (its newest checkpoint), or a checkpoint's.")],
    out: Annotated[Path, typer.Option(help="New file, usually named .safetensors.")],
) -> None:
    """Write the averaged generator as one self-describing file, and print its digest.

    Example: dermvtt-train export --checkpoint runs/pgan --out pgan.safetensors
    """
    from training.export import export as write_export  # noqa: PLC0415

    print(write_export(checkpoint, out))


@app.command()
def sample(
    checkpoint: Annotated[Path, typer.Option(help="Run folder, checkpoint folder or exported file.")],
    out: Annotated[Path | None, typer.Option(help="New folder for PNG files and samples.json.")] = None,
    grid: Annotated[Path | None, typer.Option(help="PNG file for all images side by side.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many images.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same images.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Draw images from a trained generator.

    Example: dermvtt-train sample --checkpoint runs/pgan --count 64 --seed 0 --out samples/pgan
    """
    from training.device import pick_device  # noqa: PLC0415
    from training.export import load_generator  # noqa: PLC0415
    from training.sample import sample as draw_samples  # noqa: PLC0415

    draw_samples(load_generator(checkpoint, pick_device(device)), count, seed, out, grid)


@app.command()
def mix(
    checkpoint: Annotated[Path, typer.Option(help="Run folder, checkpoint folder or exported file.")],
    data: Annotated[Path, typer.Option(help="Dataset folder that the reals are drawn from.")],
    out: Annotated[Path, typer.Option(help="Mix folder to make; it must not exist.")],
    fakes: Annotated[int, typer.Option(min=0, help="How many generated images.")] = 30,
    reals: Annotated[int, typer.Option(min=0, help="How many real images.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Which images, and their names.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Mix real and generated images for a study, with nothing but the picture to tell them apart.

    Example: dermvtt-train mix --checkpoint runs/pgan --data data/photos --fakes 30 --reals 50 --out mixes/a
    """
    from training.dataset import open_dataset  # noqa: PLC0415
    from training.device import pick_device  # noqa: PLC0415
    from training.export import load_generator  # noqa: PLC0415
    from training.mix import mix as make_mix  # noqa: PLC0415

    make_mix(open_dataset(data), load_generator(checkpoint, pick_device(device)), fakes, reals, seed, out)
    print(f"{out}: {reals} reals and {fakes} fakes", file=sys.stderr)


def main() -> None:
    """Run the command line; a user's mistake ends in one message on stderr and exit code 1.

    Interrupted, it ends with 130.
    """
    # Before torch is loaded: its threads otherwise spin while they wait, and where another process wants the
    # cores too, training is up to ten times slower for it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        app()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(INTERRUPTED if isinstance(error, Interrupted) else 1)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in EXTRA:
            raise
        print(
            f"error: {error.name} is not installed. Install it: pip install 'dermvtt[training]'",
            file=sys.stderr,
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
