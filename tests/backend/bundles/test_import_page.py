"""A bundle by the browser: the same checks as by command, each refusal said, and nothing kept of it."""

import io
import zipfile
from contextlib import closing
from sqlite3 import connect as open_sqlite

import pytest
import sqlalchemy as sa

from backend.app import connect
from backend.database import sessions
from backend.database.sessions import Database
from backend.database.tables import Image, Study
from backend.routes.middleware.limits import allowance
from backend.settings import Settings
from backend.storage import ImageStore
from backend.studies.exports import write_export
from tests.backend.bundles.packing import edit, packed, put, repacked, spoil
from tests.backend.conftest import hidden

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
ADDRESS = "/admin/bundles/import"


@pytest.fixture
def bundle(rated):
    return packed(rated)


@pytest.fixture
def there(rated, admin, application, make_url, tmp_path):
    """The admin's browser now shows another installation: without a study, but with her account."""
    url = make_url("sqlite")
    other = Database(url)
    with rated.database.read() as old, other.write() as new:
        for name in ("admins", "admin_sessions"):
            table = sa.Table(name, sa.MetaData(), autoload_with=other.engine)
            new.execute(sa.insert(table), [dict(row) for row in old.execute(sa.select(table)).mappings()])
    settings = Settings(
        data_dir=tmp_path / "there", database_url=url, secret_key=rated.settings.secret.decode()
    )
    before = application.state.database
    connect(application, settings)
    before.close()
    yield other
    other.close()


def send(client, data, **fields):
    form = {"csrf": hidden(client.get("/admin/bundles").text, "csrf")} | fields
    return client.post(ADDRESS, data=form, files={"bundle": ("study.zip", data, "application/zip")})


def counted(database, table):
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table))


def test_a_study_is_taken_in_once_and_gives_the_same(admin, there, rated, bundle):
    assert "/admin/bundles" in admin.get("/admin").text
    reply = send(admin, bundle)
    assert (reply.status_code, reply.headers["location"]) == (303, "/admin/studies/1")
    page = admin.get("/admin/studies/1").text
    assert "Skin" in page
    assert "closed" in page
    written = [io.BytesIO(), io.BytesIO()]
    for database, out in zip((there, rated.database), written, strict=True):
        write_export(database, 1, "ratings", "csv", out)
    assert written[0].getvalue() == written[1].getvalue()
    again = send(admin, bundle)
    assert again.status_code == 200
    assert 'Already here, as study 1: <a href="/admin/studies/1">Skin</a>. Nothing was changed.' in again.text
    assert counted(there, Study) == 1
    with there.read() as session:
        assert session.scalar(sa.text("SELECT by_admin FROM events WHERE kind = 'imported'")) != ""


def flipped(data):
    """One bit of the first image's pixels."""
    at = data.index(b"IDAT") + 20
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def bomb(files):
    files["codebook.md"] = bytes(5_000_000)


REFUSED = {
    "no zip": (lambda _: b"PK\x03\x04 and no more", 422, "This is no zip file, or a damaged one."),
    "cut off": (lambda data: data[: len(data) // 2], 422, "This is no zip file, or a damaged one."),
    "damaged": (flipped, 422, "is damaged: Bad CRC-32"),
    "a wrong checksum": (
        lambda data: repacked(data, dict, lambda held: held["files"]["codebook.md"].update(sha256="0" * 64)),
        422,
        "Codebook.md is not what the bundle&#39;s manifest says: it was altered or damaged.",
    ),
    "newer": (
        lambda data: repacked(data, dict, lambda held: held.update(schema_revision="9999")),
        422,
        "Install the newer one here first.",
    ),
    "a bomb": (lambda data: repacked(data, bomb), 422, "would unpack to a size that no study has."),
    "a way out": (
        lambda data: repacked(data, put("../../etc/passwd", b"x")),
        422,
        "a file that no bundle has",
    ),
    "an altered answer": (
        lambda data: repacked(data, edit("ratings", b'"answer": "real"', b'"answer": "fake"')),
        409,
        "do not give the ratings.csv",
    ),
    "another picture": (lambda data: repacked(data, spoil), 422, "is not the image that its name says."),
    "nothing": (lambda _: b"", 422, "Please choose the zip of a study."),
}


def test_what_is_refused_is_said_and_leaves_nothing(admin, there, bundle, application):
    for what, (change, status, said) in REFUSED.items():
        reply = send(admin, change(bundle))
        assert reply.status_code == status, (what, reply.text)
        assert said in reply.text, (what, reply.text)
        assert "othing was imported" in reply.text, what
        assert 'role="alert"' in reply.text or status == 409
    assert (counted(there, Study), counted(there, Image)) == (0, 0)
    assert list(ImageStore(application.state.settings.images_dir).iterate()) == []


def test_who_is_no_admin_or_has_no_form_brings_nothing(browse, admin, there, bundle):
    stranger = browse()
    assert stranger.get("/admin/bundles").headers["location"] == "/admin/login"
    reply = stranger.post(ADDRESS, files={"bundle": ("x.zip", bundle)})
    assert reply.headers["location"] == "/admin/login"
    assert send(admin, bundle, csrf="of another site").status_code == 409
    assert counted(there, Study) == 0


def test_it_may_be_large_but_not_without_bound_and_may_take_its_time(admin, there, bundle, application):
    largest = application.state.settings
    application.state.settings = largest.model_copy(update={"max_upload_mb": 1})
    padded = io.BytesIO(bundle + bytes(1 << 20))
    reply = send(admin, padded)
    assert (reply.status_code, "more than the 1 MB" in reply.text) == (422, True)
    assert counted(there, Study) == 0
    application.state.settings = largest
    assert zipfile.is_zipfile(io.BytesIO(bundle))
    assert not allowance(ADDRESS).timed
    assert allowance("/admin/bundles").timed
    assert not allowance("/admin/mixes/12/audit").timed  # minutes, and nobody can stop its thread
    assert allowance("/admin/mixes/12/delete").timed


def test_a_database_that_is_busy_is_not_taken_for_a_bad_bundle(
    admin, there, bundle, application, monkeypatch
):
    monkeypatch.setattr(sessions, "LONGEST_WAIT_S", 0.1)
    application.state.database.close()
    connect(application, application.state.settings)
    with closing(open_sqlite(there.engine.url.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        reply = send(admin, bundle)
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
    assert send(admin, bundle).status_code == 303
