"""Writing a bundle: a zip of one snapshot, in constant memory."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from backend.database import bundles, schema
from backend.database.sessions import Database
from backend.storage import ImageLost, ImageStore
from backend.studies.bundles.manifest import CODEBOOK, FORMAT, MANIFEST, RATINGS, Manifest, Member, table_file
from backend.studies.exports import EXPORTS, FORMATS, codebook
from backend.studies.lifecycle import get_study
from backend.studies.refusals import Conflict

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""Of every file of a bundle: when it was packed stands in the manifest."""


def write_bundle(database: Database, store: ImageStore, study_id: int, out: BinaryIO) -> Manifest:
    """Write a study with everything of it into a zip.

    Links and admins' accounts stay behind; raters go by their pseudonyms. Raises ``Conflict`` for an image
    that is lost or altered.
    """
    schema.require_current(database.engine)  # what a later program stored would be left out without a word
    files: dict[str, Member] = {}
    counts: dict[str, int] = {}
    with database.snapshot() as session, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        study = get_study(session, study_id)
        for name, table in bundles.TABLES.items():
            with _member(packed, files, table_file(name)) as file:
                counts[name] = _write_rows(file, bundles.rows(session, table, study_id))
        for sha256 in _pictures(session, study_id):
            with _member(packed, files, f"images/{sha256}.png", compress=False) as file:
                file.write(_picture(store, sha256))
        with _member(packed, files, RATINGS) as file:
            FORMATS["csv"].write(EXPORTS["ratings"].sheet("ratings", session, study), file)
        with _member(packed, files, CODEBOOK) as file:
            file.write(codebook().encode())
        manifest = Manifest(
            format=FORMAT,
            tool_version=version("dermvtt"),
            schema_revision=schema.head(),
            made_at=datetime.now(UTC),
            study=study.id,
            title=study.title,
            counts=counts,
            files=files,
        )
        packed.writestr(_info(MANIFEST), manifest.model_dump_json(indent=1))
    return manifest


def _write_rows(file: BinaryIO, rows: Iterator[Any]) -> int:
    count = 0
    for row in rows:
        file.write(json.dumps(dict(row), ensure_ascii=False, default=datetime.isoformat).encode() + b"\n")
        count += 1
    return count


def _pictures(session: Session, study_id: int) -> list[str]:
    return sorted({row["sha256"] for row in bundles.rows(session, bundles.TABLES["images"], study_id)})


def _picture(store: ImageStore, sha256: str) -> bytes:
    try:
        return store.get(sha256)
    except ImageLost as error:
        raise Conflict(
            f"the image {sha256} of the study is lost or altered in the image store. Bring it back from a "
            "backup, or import the mix folder again."
        ) from error


def _info(name: str, *, compress: bool = True) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, LONG_AGO)
    info.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    info.external_attr = 0o644 << 16
    return info


@contextmanager
def _member(
    packed: zipfile.ZipFile, files: dict[str, Member], name: str, *, compress: bool = True
) -> Iterator[BinaryIO]:
    """A file of the bundle to write; when it is whole, its size and SHA-256 are noted in ``files``."""
    with packed.open(_info(name, compress=compress), "w", force_zip64=True) as inner:
        told = _Told(inner)
        yield told  # type: ignore[misc]
        files[name] = Member(size=told.size, sha256=told.digest.hexdigest())


class _Told(io.RawIOBase):
    """What is written goes on to a file, counted and digested."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self._inner = inner
        self.size, self.digest = 0, hashlib.sha256()

    def writable(self) -> bool:
        """It takes bytes, and only that."""
        return True

    def write(self, data: Any) -> int:
        """Pass all of it on."""
        self._inner.write(data)
        self.size += len(data)
        self.digest.update(data)
        return len(data)
