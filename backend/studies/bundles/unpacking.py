"""Taking a bundle in: everything is verified first, then all of it is there, or nothing."""

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.database import bundles, events, plans
from backend.database.bundle_rows import row_of
from backend.database.bundles import Numbers, Table
from backend.database.outages import outage_of
from backend.database.sessions import Database
from backend.database.tables import Study
from backend.storage import ImageStore
from backend.studies import lifecycle, mixes
from backend.studies.bundles import older
from backend.studies.bundles.manifest import IMAGE, RATINGS, Manifest, table_file
from backend.studies.bundles.reading import lines, opened
from backend.studies.exports import EXPORTS, FORMATS
from backend.studies.exports.sheets import packets
from backend.studies.refusals import Conflict, Invalid

SAME = ("sha256", "truth", "source", "provenance")
"""What must agree in an image that is here already."""


@dataclass(frozen=True)
class Taken:
    """The study of a bundle; ``new`` is false where it had been here already, and nothing was changed."""

    study_id: int
    title: str
    new: bool


def take_in(database: Database, store: ImageStore, file: BinaryIO, *, by: str = "") -> Taken:
    """Import a bundle as a closed study without any link. Raises ``Invalid`` and leaves nothing behind."""
    with opened(file) as (packed, manifest):
        study = _one_study(packed)
        with database.read() as session:
            there = bundles.same_study(session, study)
        if there is not None:
            return Taken(there, manifest.title, new=False)
        # By the files' names, which are known to be digests: rows may hold whatever somebody made up.
        pictures = {found[1] for name in packed.namelist() if (found := IMAGE.fullmatch(name))}
        with mixes.undone(database, store, pictures):
            _keep_pictures(packed, store)
            try:
                with database.write() as session:
                    taken = _insert(session, packed, manifest, by)
            except DBAPIError as error:
                if outage_of(error):
                    raise
                raise Invalid(f"the bundle's rows do not fit together: {str(error.orig).strip()}") from error
        # Who deletes a mix may have removed bytes that both have, just before this one was there.
        for sha256 in pictures:
            if not store.exists(sha256):
                store.put(packed.read(f"images/{sha256}.png"))
        return taken


def _one_study(packed: zipfile.ZipFile) -> Mapping[str, Any]:
    found = list(_rows(packed, bundles.TABLES["studies"]))
    if len(found) != 1:
        raise Invalid(f"a bundle holds one study, not {len(found)}.")
    return found[0]


def _rows(packed: zipfile.ZipFile, table: Table) -> Iterator[dict[str, Any]]:
    name = table_file(table.name)
    if table.name in older.CHANGED and older.of_one_mix(packed):
        found = (older.line_of(table.name, line) for line in lines(packed, table_file("studies")))
    elif name in packed.NameToInfo:
        found = lines(packed, name)
    else:
        return
    for number, line in enumerate(found, start=1):
        try:
            row = row_of(table, line)
        except ValueError as error:
            raise Invalid(f"{name}, line {number}: {error}.") from error
        yield row


def _keep_pictures(packed: zipfile.ZipFile, store: ImageStore) -> None:
    """Keep the images, once all of them are known to be what a mix may hold."""
    sides = {row["id"]: row["resolution"] for row in _rows(packed, bundles.TABLES["mixes"])}
    for keep in (False, True):
        sizes: dict[int, int] = {}
        for row in _rows(packed, bundles.TABLES["images"]):
            name = f"images/{row['sha256']}.png"
            if row["mix_id"] not in sides or name not in packed.NameToInfo:
                raise Invalid(f"the bundle lacks {name}, or the mix that it is of.")
            data = packed.read(name)
            if hashlib.sha256(data).hexdigest() != row["sha256"]:
                raise Invalid(f"{name} is not the image that its name says.")
            if problem := mixes.encoding_problem(data, sides[row["mix_id"]]):
                raise Invalid(f"{name} {problem}.")
            if sizes.setdefault(row["mix_id"], len(data)) != len(data):
                raise Invalid(
                    f"{name} has another size than others of its mix: that could tell real from fake."
                )
            if keep:
                store.put(data)


def _insert(session: Session, packed: zipfile.ZipFile, manifest: Manifest, by: str) -> Taken:
    numbers = {name: Numbers() for name in bundles.TABLES}
    held: dict[int, Mapping[str, Any]] = {}
    for name, table in bundles.TABLES.items():
        count = 0
        for some in packets(_rows(packed, table), bundles.AT_ONCE):
            count += len(some)
            given = [_linked(table, row, numbers) for row in some]  # type: ignore[arg-type]
            for old, new in zip(some, _put(session, table, given, held, manifest), strict=True):
                if new is not None:
                    numbers[name].add(old["id"], new)  # type: ignore[call-overload]
        # A table that older bundles lack is not counted in them.
        if count != manifest.counts.get(name, count if name in older.CHANGED else 0):
            raise Invalid(f"{table_file(name)} has {count} rows, and not what the bundle's manifest says.")
    session.flush()
    session.expire_all()
    plans.refresh(session)
    study = lifecycle.get_study(session, numbers["studies"][_only(packed)])
    _require_same(session, packed, manifest, study)
    details = {"tool_version": manifest.tool_version, "made_at": manifest.made_at.isoformat()}
    details["events"] = manifest.counts.get("events", 0)
    events.add(session, study.id, "imported", by=by, **details)
    lifecycle.release_results(session, study, by=by)
    return Taken(study.id, study.title, new=True)


def _only(packed: zipfile.ZipFile) -> int:
    return _one_study(packed)["id"]


def _linked(table: Table, row: dict[str, Any], numbers: Mapping[str, Numbers]) -> dict[str, Any]:
    """A row whose references are to the rows as they are here."""
    linked = dict(row)
    for name, other in bundles.MAY_BE_GONE.get(table.name, {}).items():
        linked[name] = numbers[other].get(linked[name]) if linked.get(name) is not None else None
    for column in table.columns:
        for key in column.foreign_keys:
            old, other = linked.get(column.name), key.column.table.name
            if old is None or key.column.name != "id":
                continue
            try:
                linked[column.name] = numbers[other][old]
            except KeyError as error:
                raise Invalid(
                    f"a row of {table.name} refers to {other} {old}, which is not there."
                ) from error
    return linked


def _put(
    session: Session,
    table: Table,
    given: list[dict[str, Any]],
    held: dict[int, Mapping[str, Any]],
    manifest: Manifest,
) -> list[int | None]:
    """Insert rows, or find those that are here already; their numbers here, in the same order."""
    if table.name == "studies":
        plain = [_without_number(row) | {"state": "closed"} for row in given]
        return [bundles.insert_study(session, row, manifest.study) for row in plain]
    if table.name == "mixes":
        return [_mix(session, row, held) for row in given]
    if table.name == "images":
        return [_image(session, row, held) for row in given]
    if table.name == "events":
        for row in given:
            if row["study_id"] is None:
                raise Invalid("a row of events is of no study.")
            told = {name: row[name] for name in ("kind", "rater_id", "details", "at")}
            try:
                events.adopt(session, row["study_id"], **told)
            except ValueError as error:  # a number that JSON has none for
                raise Invalid(f"a row of events: {error}.") from error
        return [None] * len(given)
    if table.name == "consent_texts":
        for row in given:
            _consent(session, row)
        return [None] * len(given)
    new = bundles.insert_rows(session, table, [_without_number(row) for row in given])
    return [*new] if new else [None] * len(given)


def _without_number(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


def _mix(session: Session, row: dict[str, Any], held: dict[int, Mapping[str, Any]]) -> int:
    """A mix is the same by its manifest: then its images must be the same, too."""
    number, images = bundles.mix_here(session, row["manifest_sha256"])
    if number is not None:
        held[number] = images
        return number
    return bundles.insert_rows(session, bundles.TABLES["mixes"], [_without_number(row)])[0]


def _image(session: Session, row: dict[str, Any], held: Mapping[int, Mapping[str, Any]]) -> int:
    if row["mix_id"] not in held:
        return bundles.insert_rows(session, bundles.TABLES["images"], [_without_number(row)])[0]
    here = held[row["mix_id"]].get(row["public_id"])
    if here is None or any(getattr(here, one) != row[one] for one in SAME):
        raise Invalid(f"the image {row['public_id']} is another one here, in a mix of the same manifest.")
    return here.id


def _consent(session: Session, row: dict[str, Any]) -> None:
    """A text is kept under its SHA-256, once for all studies."""
    if hashlib.sha256(row["text"].encode()).hexdigest() != row["version"]:
        raise Invalid(f"a text that raters agreed to is not the one that its version {row['version']} names.")
    if not bundles.has_consent(session, row["version"]):
        bundles.insert_rows(session, bundles.TABLES["consent_texts"], [row])


def _require_same(session: Session, packed: zipfile.ZipFile, manifest: Manifest, study: Study) -> None:
    """The study must give the very ratings that the bundle holds, but for the study's number."""
    sheet = EXPORTS["ratings"].sheet("ratings", session, study)
    at = [one.name for one in sheet.columns].index("study")
    rows = ([*row[:at], manifest.study, *row[at + 1 :]] for row in sheet.rows)
    with tempfile.TemporaryFile() as file:
        FORMATS["csv"].write(replace(sheet, rows=rows), file)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256")
    if digest.hexdigest() != manifest.files[RATINGS].sha256:
        raise Conflict(f"the bundle's tables do not give the {RATINGS} that is in it: nothing was imported.")
