"""A backup's files: a folder or one .tar, whole under its name or not there at all."""

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from pydantic import TypeAdapter, ValidationError

from training.errors import UserError
from training.files import new_file, new_folder

MANIFEST = "backup.json"
FORMAT = "dermvtt-backup"


@dataclass(frozen=True)
class Part:
    """One file of a backup; ``rows`` and ``columns`` of a table's."""

    bytes: int
    sha256: str
    rows: int | None = None
    columns: list[str] | None = None


@dataclass(frozen=True)
class Contents:
    """What a backup says of itself: by ``parts`` what else it must hold, file by file."""

    tool_version: str
    schema: str
    database: str
    made_at: str
    parts: dict[str, Part] = field(default_factory=dict)
    format: str = FORMAT
    version: int = 1


@contextmanager
def new_backup(out: Path) -> Iterator[Path]:
    """A folder to fill, for its owner alone; it becomes ``out``, or a .tar of that name, when all is in it.

    Raises ``UserError`` where ``out`` exists or cannot be written.
    """
    if out.suffix != ".tar":
        with new_folder(out) as folder:
            folder.chmod(0o700)
            yield folder
        return
    if out.exists() or out.is_symlink():
        raise UserError(f"{out} already exists. Choose another --out, or remove it first.")
    gathering = out.with_name(f"{out.name}.partial-files")
    if gathering.exists():
        raise UserError(f"{gathering} is of a backup that was interrupted, or that goes on. Remove it.")
    with new_file(out) as partial:
        try:
            gathering.mkdir(mode=0o700)
            yield gathering
            partial.chmod(0o600)
            with tarfile.open(partial, "w") as packed:
                for path in sorted(gathering.rglob("*")):
                    if path.is_file():
                        packed.add(path, path.relative_to(gathering).as_posix(), recursive=False)
        finally:
            shutil.rmtree(gathering, ignore_errors=True)


def add(folder: Path, name: str, chunks: Iterator[bytes]) -> Part:
    """Write one file, mode 600."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return Part(size, digest.hexdigest())


def describe(folder: Path, contents: Contents) -> None:
    """Write the manifest, last of all."""
    text = json.dumps(asdict(contents), indent=1) + "\n"
    add(folder, MANIFEST, iter([text.encode()]))


class Backup:
    """A backup that is there, in a folder or a .tar: every file is verified before anything is done."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self._tar: tarfile.TarFile | None = None
        if not where.exists():
            raise UserError(f"{where} does not exist.")
        if not where.is_dir():
            try:
                self._tar = tarfile.open(where, "r:")  # noqa: SIM115 - closed by close()
            except tarfile.TarError as error:
                raise UserError(f"{where} is neither a backup's folder nor its .tar ({error}).") from error
        try:
            self.contents = self._contents()
        except BaseException:
            self.close()
            raise

    def open(self, name: str) -> IO[bytes]:
        """One file of the backup; ``UserError`` where it is missing."""
        try:
            if self._tar is None:
                return (self.where / name).open("rb")
            file = self._tar.extractfile(name)
        except (KeyError, FileNotFoundError, tarfile.TarError) as error:
            raise self._broken(f"{name} is missing") from error
        if file is None:
            raise self._broken(f"{name} is no file")
        return file

    def verify(self) -> None:
        """Compare every file with the manifest."""
        for name, part in self.contents.parts.items():
            digest = hashlib.sha256()
            with self.open(name) as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
            if digest.hexdigest() != part.sha256:
                raise self._broken(f"{name} is not what was backed up: its SHA-256 differs")

    def close(self) -> None:
        """Close the .tar."""
        if self._tar is not None:
            self._tar.close()

    def _contents(self) -> Contents:
        with self.open(MANIFEST) as file:
            data = file.read()
        try:
            found = TypeAdapter(Contents).validate_python(json.loads(data))
        except (ValueError, ValidationError) as error:
            raise self._broken(f"{MANIFEST} cannot be read") from error
        if found.format != FORMAT or found.version != 1:
            raise UserError(f"{self.where} is no backup of this kind. Install the DermVTT that made it.")
        for name in found.parts:
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise self._broken(f"{MANIFEST} names {name!r}")
        return found

    def _broken(self, what: str) -> UserError:
        return UserError(
            f"{self.where} cannot be restored: {what}. Take another backup. Nothing was changed."
        )
