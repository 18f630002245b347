"""A folder of photographs to a dataset folder, by all cores and in memory that does not grow with it."""

import csv
import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path

import PIL

from training.dataset import (
    DESCRIPTION,
    IMAGES,
    INDEX,
    INDEX_COLUMNS,
    Description,
    Findings,
    Joined,
    content_digest,
)
from training.errors import UserError
from training.files import new_folder
from training.parallel import cores, interruptible, ordered_map
from training.prepare.metadata import Metadata, keys_for, read_metadata
from training.prepare.sources import Sources, find_sources, names_mask, on_one_line
from training.prepare.store import PixelStore
from training.prepare.worker import DEFAULTS, Options, Outcome, read_chunk
from training.progress import progress

METADATA = "metadata.csv"
CHUNK = 8
"""Files a worker is given at a time, at most: enough to make the hand-over cheap."""


def prepare(
    source: Path,
    out: Path,
    options: Options = DEFAULTS,
    *,
    metadata: Path | None = None,
    find_metadata: bool = True,
    workers: int | None = None,
) -> Description:
    """Make the dataset folder ``out`` of all images in the tree ``source``, sorted by their paths.

    ``metadata`` is a CSV file to join; without it a ``metadata.csv`` at the top of ``source`` is taken,
    unless ``find_metadata`` is false. What is written does not depend on ``workers`` (as many as there are
    cores without it). Raises ``UserError``, with ``out`` left unwritten, where a file is bad and not to be
    skipped, the metadata do not fit, or ``out`` exists or cannot be written.
    """
    _check_out(source, out)
    sources = find_sources(source)
    table = _metadata(source, sources, metadata, find_metadata)
    with interruptible(f"nothing was written to {out}"), new_folder(out) as folder:
        work = _Preparation(source, folder, sources, table, options)
        work.run(workers or cores())
        return work.finish()


class _Preparation:
    """One run: outcomes come in the files' order, and each kept image takes the next place in the store."""

    def __init__(self, root: Path, folder: Path, sources: Sources, table: Metadata, options: Options) -> None:
        self.root, self.folder, self.sources, self.table, self.options = root, folder, sources, table, options
        self.keys = keys_for(table, sources.images)
        self.bad, self.masks = dict(sources.bad), list[str]()
        self.duplicates, self.first = dict[str, str](), dict[str, str]()
        self.pixels, self.drawn = list[bytes](), 0

    def run(self, workers: int) -> None:
        """Decode every file and write pixels and index; raise ``UserError`` with all bad files."""
        files = self.sources.images
        size = max(1, min(CHUNK, len(files) // (4 * workers)))
        chunks = [(at, files[at : at + size]) for at in range(0, len(files), size)]
        store = PixelStore(self.folder / IMAGES, len(files), self.options.resolution)
        task = partial(read_chunk, self.root, store.path, self.options)
        # A process takes as long to start as some dozen images take to decode.
        results = ordered_map(task, chunks, max(1, min(workers, len(files) // CHUNK)))
        with (
            progress("Preparing", len(files)) as advance,
            (self.folder / INDEX).open("w", encoding="utf-8", newline="") as index,
            closing(results),
        ):
            rows = csv.writer(index, lineterminator="\n")
            rows.writerow([*INDEX_COLUMNS, *self.table.columns])
            for slot, outcome in enumerate(_each(results)):
                if self._wanted(outcome):
                    rows.writerow(self._row(outcome))
                    store.keep(slot)
                advance(1)
        self._refuse_bad()
        store.finish()

    def finish(self) -> Description:
        """Write ``dataset.json``."""
        done = Description(
            tool_version=version("dermvtt"),
            pillow_version=PIL.__version__,
            resolution=self.options.resolution,
            count=len(self.pixels),
            drawn=self.drawn,
            digest=content_digest(self.options.resolution, self.pixels),
            configuration=asdict(self.options),
            metadata=_joined(self.table),
            findings=Findings(
                bad=self.bad, masks=self.masks, duplicates=self.duplicates, ignored=self.sources.ignored
            ),
        )
        (self.folder / DESCRIPTION).write_text(done.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return done

    def _wanted(self, outcome: Outcome) -> bool:
        if outcome.reason is not None:
            self.bad[outcome.file] = outcome.reason
            return False
        if outcome.mask or names_mask(outcome.file):
            self.masks.append(outcome.file)
            if not self.options.keep_masks:
                return False
        first = self.first.setdefault(outcome.sha256, outcome.file)
        if first != outcome.file:
            self.duplicates[outcome.file] = first
            return self.options.keep_duplicates
        return True

    def _row(self, outcome: Outcome) -> list[object]:
        number = len(self.pixels)
        self.pixels.append(outcome.pixels)
        self.drawn += outcome.drawn
        own = [
            number,
            outcome.file,
            outcome.sha256,
            outcome.width,
            outcome.height,
            str(outcome.drawn).lower(),
        ]
        return own + self.table.join(outcome.file, self.keys.get(outcome.file))

    def _refuse_bad(self) -> None:
        listed = "".join(f"\n  {on_one_line(file)}: {reason}" for file, reason in sorted(self.bad.items()))
        if self.bad and not self.options.skip_bad:
            raise UserError(
                f"{len(self.bad)} of the files in {self.root} cannot become images:{listed}\n"
                "Mend or remove them, or leave them out with --skip-bad. Nothing was written."
            )
        if not self.pixels:
            masks = f" {len(self.masks)} segmentation masks were left out." if self.masks else ""
            raise UserError(f"no image of {self.root} is left. Nothing was written.{masks}{listed}")


def _each(chunks: Iterator[list[Outcome]]) -> Iterator[Outcome]:
    for chunk in chunks:
        yield from chunk


def _check_out(source: Path, out: Path) -> None:
    if out.exists():
        raise UserError(f"{out} already exists. Choose another --out, or remove it first.")
    if out.resolve().is_relative_to(source.resolve()):
        raise UserError(f"--out {out} lies inside {source}, among the photographs. Choose a place beside it.")


def _metadata(source: Path, sources: Sources, given: Path | None, find: bool) -> Metadata:
    path = given
    if path is None and find and METADATA in sources.ignored:
        path = source / METADATA
    if path is None:
        return Metadata()
    if path.resolve().is_relative_to(source.resolve()):
        inside = path.resolve().relative_to(source.resolve()).as_posix()
        sources.images = [file for file in sources.images if file != inside]
        sources.ignored = [file for file in sources.ignored if file != inside]
    try:
        return read_metadata(path)
    except UserError as error:
        if given:
            raise
        raise UserError(
            f"{error} (Found beside the images; --no-metadata prepares them without it.)"
        ) from error


def _joined(table: Metadata) -> Joined | None:
    if table.path is None:
        return None
    return Joined(
        file=table.path.name,
        sha256=hashlib.sha256(table.path.read_bytes()).hexdigest(),
        columns=table.columns,
        images_without_row=table.missed,
        rows_without_image=table.unused,
    )
