"""A zip of a mix folder, laid out as that folder: only what a mix holds, by names that are known."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO

from backend.intake.archives import Archive, shown
from backend.studies.refusals import Invalid
from training.manifest import IMAGES, MANIFEST

OF_A_MIX = re.compile(rf"{re.escape(MANIFEST)}|{IMAGES}/[0-9a-f]{{32}}\.png")


@contextmanager
def unpacked_mix(file: IO[bytes], label: str) -> Iterator[Path]:
    """The mix folder of a zip, for as long as the block lasts. It may lie in a folder of the zip.

    Raises ``Invalid``, naming the file, for whatever does not belong to a mix.
    """
    archive = Archive(file, label)
    names = archive.names()
    manifests = [name for name in names if PurePosixPath(name).name == MANIFEST]
    if len(manifests) != 1:
        how = "The zip of a mix has one; make the mix with: dermvtt-train mix, or dermvtt build-mix"
        raise Invalid(f"{label} holds {len(manifests)} files named {MANIFEST}. {how}")
    prefix = manifests[0].removesuffix(MANIFEST)
    for name in names:
        if not (name.startswith(prefix) and OF_A_MIX.fullmatch(name.removeprefix(prefix))):
            raise Invalid(f"{label}: {shown(name)} is no part of a mix. Pack the mix folder alone.")
    with TemporaryDirectory(prefix="dermvtt-mix-") as parent:
        folder = Path(parent) / "mix"
        (folder / IMAGES).mkdir(parents=True)
        for name in names:
            (folder / name.removeprefix(prefix)).write_bytes(archive.read(name))
        try:
            yield folder
        except Invalid as error:  # it names a file of a folder that nobody has seen
            raise Invalid(str(error).replace(str(folder), label)) from error
