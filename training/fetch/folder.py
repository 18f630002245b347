"""A folder of a collection's photographs: fetched in as many goes as it takes, under its name when whole."""

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from training.errors import UserError
from training.fetch.client import LEFTOVER, LOG, Collection, Ended, ask, download, last_words, require_client
from training.fetch.images import Arrivals, image_names, keep_whole, stems
from training.fetch.table import add_codes, image_ids
from training.fetch.terms import COLLECTION, TERMS_FILE, terms, terms_with_texts
from training.files import PARTIAL, new_file
from training.parallel import interruptible
from training.progress import progress

TABLE = "metadata.csv"
RECORD = "fetched.json"
PATIENCE_S = 600.0
"""Longer than the client needs to page through a large collection of which nearly all is here already."""


def fetch(
    out: Path, collection: int = COLLECTION, limit: int | None = None, patience: float = PATIENCE_S
) -> None:
    """Make the folder ``out`` of a collection's images, their table, their licence and citation.

    All work happens in ``out`` with ``.partial`` after its name, where an interrupted go is taken up again;
    it is renamed when as many images as the archive counts are there and each decodes. ``limit`` takes the
    archive's first so many; ``patience`` is for how many seconds nothing may arrive. A folder that is whole
    already is checked without a connection, and left as it is. Raises ``UserError``; what was fetched
    stays.
    """
    print(terms(collection), file=sys.stderr)
    folder = out.with_name(f"{out.name}.partial")
    wanted = {"collection": collection, "limit": limit}
    with (
        _told(folder),
        interruptible(f"what was fetched is in {folder}; the same command goes on from there"),
    ):
        if out.exists():
            _require_same(out, wanted)
            if _is_whole(out):
                print(f"{out} is whole already.", file=sys.stderr)
                return
            print(f"{out} is not whole any more. Fetching what it lacks ...", file=sys.stderr)
            out.rename(folder)
        require_client()
        found = ask(collection)
        with _alone_in(folder, wanted):
            _complete(folder, found, limit, patience)
            folder.rename(out)
    print(f"{out}: whole.", file=sys.stderr)


def _complete(folder: Path, collection: Collection, limit: int | None, patience: float) -> None:
    count = min(collection.images, limit or collection.images)
    here = keep_whole(folder, image_names(folder))
    _require_space(folder, collection, count, here)
    what = f"Collection {collection.number}, {collection.name!r}"
    print(f"{what}: {count} images, {len(here)} of them here already.", file=sys.stderr)
    with progress("Downloading", max(0, count - len(here))) as advance:
        ended = download(collection, count, folder, patience, Arrivals(folder, len(here), advance))
    _tidy(folder)
    here |= keep_whole(folder, image_names(folder) - here)
    _require_all(folder, here, count, ended, patience)
    _finish(folder, collection)


def _require_all(folder: Path, here: set[str], count: int, ended: Ended, patience: float) -> None:
    listed = set(image_ids(folder / TABLE)) if ended.code == 0 else set()
    missing = len(listed - stems(here))
    if len(listed) == count and not missing:
        return
    _require_writable(folder)
    if ended.stalled:
        why = f"nothing has arrived for {patience:g} seconds"
    elif ended.code:
        why = f"isic-cli failed ({last_words(folder) or f'exit code {ended.code}'})"
    elif missing:
        why = f"{missing} did not arrive whole"
    else:
        why = f"the archive listed {len(listed)} only"
    raise UserError(
        f"{len(here)} of {count} images are here: {why}. Run the same command again: it fetches only what is "
        f"missing. The images are in {folder}, and what isic-cli said is in {folder / LOG}."
    )


def _finish(folder: Path, collection: Collection) -> None:
    licences = folder / "licenses"
    with new_file(folder / TERMS_FILE) as file:
        file.write_text(terms_with_texts(collection.number, licences), encoding="utf-8")
    # Its texts are in the file above; among the photographs they would be taken for broken ones.
    shutil.rmtree(licences, ignore_errors=True)
    if collection.number == COLLECTION:
        codes = add_codes(folder / TABLE)
        counts = ", ".join(f"{code or 'none of the seven'} {count}" for code, count in codes.most_common())
        print(f"diagnosis: {counts}", file=sys.stderr)
    (folder / LOG).unlink()


def _is_whole(out: Path) -> bool:
    table = out / TABLE
    return table.exists() and set(image_ids(table)) <= stems(keep_whole(out, image_names(out)))


def _require_space(folder: Path, collection: Collection, count: int, here: set[str]) -> None:
    size = collection.size * count // max(1, collection.images)
    needed = size - sum((folder / name).stat().st_size for name in here)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{folder} needs {needed / 1e9:.1f} GB more, and its disk has {free / 1e9:.1f} GB left. Make "
            "room, or choose an --out on another disk."
        )


def _require_writable(folder: Path) -> None:
    """Write a megabyte and take it away again: the client does not tell that a disk is full."""
    with new_file(folder / ".room") as probe:
        probe.write_bytes(bytes(2**20))
    (folder / ".room").unlink()


@contextmanager
def _alone_in(folder: Path, wanted: dict[str, int | None]) -> Iterator[None]:
    """Open a folder to fetch into, new or begun for the same images, for this process alone."""
    if folder.exists() and any(folder.iterdir()):
        _require_same(folder, wanted)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        record = {**wanted, "isic_cli": version("isic-cli"), "tool_version": version("dermvtt")}
        with new_file(folder / RECORD) as file:
            file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, folder)
        _tidy(folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(f"another command is fetching into {folder}. Wait for it, or end it.") from None


def _require_same(folder: Path, wanted: dict[str, int | None]) -> None:
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        same = all(record[name] == value for name, value in wanted.items())
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(
            f"{folder} exists, and was not made by this command. Choose another --out, or remove it."
        ) from None
    if not same:
        limit = f" --limit {record['limit']}" if record["limit"] else ""
        raise UserError(
            f"{folder} holds another choice of images: --collection {record['collection']}{limit}. "
            "Choose another --out, or remove it."
        )


def _tidy(folder: Path) -> None:
    """Remove what a killed client, or a killed command of ours, was just writing."""
    for pattern in (f"{LEFTOVER}*", f"*{PARTIAL}*"):
        for leftover in folder.glob(pattern):
            leftover.unlink(missing_ok=True)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = os.fsdecode(error.filename) if error.filename else folder
        raise UserError(f"{where}: {error.strerror or error}. What was fetched before stays.") from error
