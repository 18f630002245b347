"""Bundles as they are written, and as somebody makes them up."""

import io
import json
import zipfile
from hashlib import sha256

from backend.storage import ImageStore
from backend.studies.bundles import write_bundle
from backend.studies.exports import write_export


def csv_of(database, study, what="ratings"):
    out = io.BytesIO()
    write_export(database, study, what, "csv", out)
    return out.getvalue()


def packed(world):
    out = io.BytesIO()
    write_bundle(world.database, store_of(world), world.study.id, out)
    return out.getvalue()


def store_of(world):
    return ImageStore(world.settings.images_dir)


def repacked(data, change, manifest=lambda held: None):
    """The bundle with its files changed by name, and its manifest made to agree with them."""
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        files = {name: zipped.read(name) for name in zipped.namelist()}
    held = json.loads(files.pop("manifest.json"))
    change(files)
    held["files"] = {
        name: {"size": len(text), "sha256": sha256(text).hexdigest()} for name, text in files.items()
    }
    manifest(held)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in {**files, "manifest.json": json.dumps(held).encode()}.items():
            zipped.writestr(name, text)
    return out.getvalue()


def edit(table, old, new):
    def change(files):
        name = f"tables/{table}.jsonl"
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return change


def put(name, text):
    return lambda files: files.update({name: text})


def spoil(files):
    files.update({name: b"GIF" for name in files if name.startswith("images/")})
