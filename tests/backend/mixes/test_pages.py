"""Mixes by the admin's pages: uploaded, built, looked at, audited, deleted."""

import pytest
import sqlalchemy as sa

from backend.database.tables import Image, Mix
from backend.operations.check import findings
from backend.storage import ImageStore
from backend.studies.mixes import delete_mix, import_mix
from backend.studies.refusals import Conflict
from tests.backend.conftest import hidden
from tests.backend.mixes.conftest import picture, zip_of_folder, zipped

only_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


def token(client):
    return hidden(client.get("/admin/mixes").text, "csrf")


def upload(client, data, name="skin.zip", **fields):
    form = {"csrf": token(client)} | fields
    return client.post("/admin/mixes/upload", data=form, files={"mix": (name, data, "application/zip")})


@pytest.fixture
def other(make_mix):
    """The zip of a mix that is not imported yet, and larger than any form may be."""
    return zip_of_folder(make_mix(6, 6, seed=7, side=256), "mix/")


def test_a_mix_is_uploaded_looked_at_audited_and_deleted(admin, world, other):
    assert len(other) > 1 << 20
    store = ImageStore(world.settings.images_dir)
    before = set(store.iterate())
    reply = upload(admin, other)
    assert (reply.status_code, reply.headers["location"]) == (303, "/admin/mixes/2")
    page = admin.get("/admin/mixes/2").text
    assert "skin" in page
    assert (page.count("<img"), page.count('loading="lazy"'), page.count("truth-fake")) == (12, 12, 6)
    fakes = admin.get("/admin/mixes/2?source=pgan").text
    assert (fakes.count("truth-real"), fakes.count("truth-fake")) == (0, 6)
    with world.database.read() as session:
        image = session.scalar(sa.select(Image).where(Image.mix_id == 2))
    served = admin.get(f"/admin/mixes/2/images/{image.public_id}.png")
    assert served.content == store.get(image.sha256)
    assert "Not audited yet" in page
    assert admin.post("/admin/mixes/2/audit", data={"csrf": token(admin)}).status_code == 303
    audited = admin.get("/admin/mixes/2").text
    assert "Audit again" in audited
    assert all(channel in audited for channel in ("metadata", "noise", "spectrum"))
    assert admin.post("/admin/mixes/2/delete", data={"csrf": token(admin)}).status_code == 303
    assert admin.get("/admin/mixes/2").status_code == 404
    assert set(store.iterate()) == before
    assert findings(world.database, store) == []


def test_a_mix_in_use_stays(admin, world):
    reply = admin.post("/admin/mixes/1/delete", data={"csrf": token(admin)})
    assert reply.status_code == 409
    assert "used by study 1 (Skin)" in reply.text
    assert "Delete the mix" not in admin.get("/admin/mixes/1").text
    assert findings(world.database, ImageStore(world.settings.images_dir)) == []


def test_bytes_that_another_mix_has_too_stay(world, make_mix, tmp_path):
    import json
    import shutil

    store = ImageStore(world.settings.images_dir)
    copy = shutil.copytree(world.mix_folder, tmp_path / "copy")
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"seed": 99}))
    twin = import_mix(world.database, store, copy).mix
    assert delete_mix(world.database, store, twin.id) == "copy"
    assert findings(world.database, store) == []
    with pytest.raises(Conflict):
        delete_mix(world.database, store, 1)


def test_bytes_that_are_removed_while_a_mix_is_taken_in_are_put_back(world, make_mix, monkeypatch):
    """Whoever deletes a mix finds that nobody has them, just before the new mix is registered."""
    store, folder = ImageStore(world.settings.images_dir), make_mix(2, 2, seed=5)
    from backend.studies import mixes

    register = mixes._register

    def late(*arguments):
        for path in (folder / "images").iterdir():
            store.remove(mixes.digest(path.read_bytes()))
        return register(*arguments)

    monkeypatch.setattr(mixes, "_register", late)
    import_mix(world.database, store, folder)
    assert findings(world.database, store) == []


@only_sqlite
def test_a_mix_is_built_from_two_zips(admin, world):
    reals = {f"{number}.png": picture(number, size=(70, 70)) for number in range(3)}
    fakes = {f"{number}.jpg": picture(number + 10, "JPEG", size=(64, 80)) for number in range(2)}
    files = {"reals": ("r.zip", zipped(reals)), "fakes": ("f.zip", zipped(fakes))}
    form = {"csrf": token(admin), "resolution": "64", "family": "stylegan3", "name": "Mine"}
    reply = admin.post("/admin/mixes/build", data=form, files=files)
    assert reply.headers["location"] == "/admin/mixes/2", reply.text
    page = admin.get("/admin/mixes/2").text
    assert "3 reals and 2 fakes, 64 × 64" in page
    assert "stylegan3" in page
    reply = admin.post("/admin/mixes/build", data=form | {"family": "No!"}, files=files)
    assert (reply.status_code, "small letters" in reply.text) == (422, True)


@only_sqlite
def test_what_cannot_be_taken_in_is_said_and_nothing_is_kept(admin, world, make_mix):
    folder = make_mix(seed=8)
    spoilt = zipped({"manifest.json": (folder / "manifest.json").read_bytes()})
    for data, name, said in (
        (b"<html>", "page.zip", "page.zip is no zip"),
        (spoilt, "../../x.zip", "is missing"),
        (zipped({"../manifest.json": b"{}"}), "a\x00b\n.zip", "leads out"),
    ):
        reply = upload(admin, data, name)
        assert (reply.status_code, said in reply.text) == (422, True), reply.text
    assert "Please choose" in admin.post("/admin/mixes/upload", data={"csrf": token(admin)}).text
    store = ImageStore(world.settings.images_dir)
    assert findings(world.database, store) == []
    with world.database.read() as session:
        assert session.scalar(sa.select(sa.func.count(Mix.id))) == 1


@only_sqlite
def test_uploads_are_for_admins_and_of_a_bounded_size(admin, browse, world, application, other):
    stranger = browse()
    reply = stranger.post("/admin/mixes/upload", files={"mix": ("x.zip", other)})
    assert reply.headers["location"] == "/admin/login"
    forged = admin.post("/admin/mixes/upload", data={"csrf": "x"}, files={"mix": ("x.zip", other)})
    assert forged.status_code == 409
    application.state.settings = world.settings.model_copy(update={"max_upload_mb": 1})
    reply = upload(admin, other)
    assert (reply.status_code, "more than the 1 MB" in reply.text) == (422, True)
    assert admin.post("/admin/studies", content=b"x" * (2 << 20)).status_code == 413
    with world.database.read() as session:
        key = session.scalar(sa.select(Image.public_id).limit(1))
    for address in ("", "/1", f"/1/images/{key}.png"):
        assert stranger.get(f"/admin/mixes{address}").headers["location"] == "/admin/login"
