"""A whole study in one file: it gives the same results elsewhere, and nothing hostile comes in with it."""

import io
import zipfile

import pytest
import sqlalchemy as sa

from backend.analysis.report.serial import to_json
from backend.database import bundles, events
from backend.database.sessions import Database
from backend.database.tables import Event, Image, Invitation, Study
from backend.storage import ImageStore
from backend.studies import audit_log, lifecycle
from backend.studies.bundles import take_in, write_bundle
from backend.studies.invitations import admit, invite
from backend.studies.mixes import import_mix
from backend.studies.refusals import Conflict, Invalid, Unknown
from backend.studies.results import study_results
from backend.tokens import hash_token
from tests.backend.bundles.packing import csv_of, edit, packed, put, repacked, spoil, store_of
from tests.backend.conftest import ADMIN
from tests.support import BACKENDS

ANSWERS = 15


def results_of(database, study):
    with database.read() as session:
        return to_json(study_results(session, lifecycle.get_study(session, study)))


@pytest.mark.parametrize("other", BACKENDS)
def test_a_study_gives_the_same_elsewhere_and_back(rated, make_url, tmp_path, other):
    there, store = Database(make_url(other)), ImageStore(tmp_path / "there")
    back, home = Database(make_url("sqlite")), ImageStore(tmp_path / "back")
    assert take_in(there, store, io.BytesIO(packed(rated))).new
    again = io.BytesIO()
    write_bundle(there, store, 1, again)
    assert take_in(back, home, again).new
    for database, images in ((there, store), (back, home)):
        for what in ("ratings", "history", "viewings", "participants"):
            assert csv_of(database, 1, what) == csv_of(rated.database, 1, what)
        assert results_of(database, 1) == results_of(rated.database, 1)
        with database.read() as session:
            study = lifecycle.get_study(session, 1)
            assert (study.state, study.seed) == ("closed", rated.study.seed)
            assert study.options["confidence_levels"] == 5
            log = session.execute(sa.select(Event.kind, Event.by).order_by(Event.id)).all()
            assert ("agreed", events.ELSEWHERE) in log  # in this log, and not as if it had happened here
            assert log[-1] == ("imported", "")
            assert audit_log.verify(session).broken is None
            assert session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 0
            for token in rated.link.values():
                with pytest.raises(Unknown):
                    admit(session, token)
            for one in session.scalars(sa.select(Image.sha256)):
                assert images.get(one) == store_of(rated).get(one)
    # It goes on as any study does: the numbers that follow are free.
    with there.write() as session:
        lifecycle.set_state(session, 1, "open")
        assert invite(session, 1, "ED")[0].name == "ED3"
        assert lifecycle.create_study(session, [1], "Next").id == 2
    there.close()
    back.close()


def test_the_same_study_comes_in_once(rated, make_url, tmp_path):
    data = packed(rated)
    assert not take_in(rated.database, store_of(rated), io.BytesIO(data)).new
    other, store = Database(make_url("sqlite")), ImageStore(tmp_path / "there")
    assert [take_in(other, store, io.BytesIO(data)).new for _ in range(2)] == [True, False]
    with other.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Study)) == 1
    other.close()


def test_beside_another_study_it_has_a_number_of_its_own(rated, make_url, tmp_path):
    other, store = Database(make_url("sqlite")), ImageStore(tmp_path / "there")
    mix = import_mix(other, store, rated.mix_folder).mix  # the mix is here already: it is shared
    with other.write() as session:
        lifecycle.create_study(session, [mix.id], "Here before")
    taken = take_in(other, store, io.BytesIO(packed(rated)))
    assert (taken.study_id, taken.new) == (2, True)
    assert csv_of(other, 2, "participants") == csv_of(rated.database, 1, "participants")
    with other.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Image)) == 8
    other.close()


def test_nothing_of_links_and_accounts_travels(rated):
    with zipfile.ZipFile(io.BytesIO(packed(rated))) as zipped:
        everything = b"".join(zipped.read(name) for name in zipped.namelist()).decode("latin-1")
    assert "years" in everything
    assert ADMIN not in everything
    for token in rated.link.values():
        assert token not in everything
        assert hash_token(token) not in everything


HOSTILE = {
    "answer": (edit("ratings", b'"answer": "real"', b'"answer": "fake"'), "do not give"),
    "truth": (edit("images", b'"truth": "real"', b'"truth": "fake"'), "do not give"),
    "no answer": (edit("ratings", b'"answer": "real"', b'"answer": "both"'), "do not fit"),
    "type": (edit("raters", b'"number": 1', b'"number": "1"'), "no whole number"),
    "no JSON": (edit("raters", b"{", b"["), "no usable JSON"),
    "no number": (put("tables/viewings.jsonl", b'{"visible_ms": NaN}\n'), "is no number"),
    "column": (edit("studies", b"{", b'{"admin": 1, '), "not the columns"),
    "table": (put("tables/admins.jsonl", b"{}\n"), "no bundle has"),
    "above": (put("../../etc/passwd", b"x"), "no bundle has"),
    "elsewhere": (put("/etc/passwd", b"x"), "no bundle has"),
    "bomb": (put("codebook.md", bytes(5_000_000)), "no study has"),
    "less": (lambda files: files.pop("tables/raters.jsonl"), "is missing"),
    "reference": (edit("presentations", b'"rater_id": 1,', b'"rater_id": 77,'), "not there"),
    "consent": (edit("consent_texts", b'"text": "', b'"text": "No. '), "agreed to"),
    "picture": (spoil, "not the image"),
}


@pytest.fixture
def elsewhere(make_url, tmp_path):
    """An empty installation, which must be as empty afterwards."""
    database = Database(make_url("sqlite"))
    yield database, ImageStore(tmp_path / "there")
    with database.read() as session:
        for name, table in bundles.all_tables().items():
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0, name
    database.close()


def test_what_was_altered_or_made_up_is_refused_whole(rated, elsewhere):
    data = packed(rated)
    for what, (change, message) in HOSTILE.items():
        with pytest.raises((Invalid, Conflict), match=message):
            take_in(*elsewhere, io.BytesIO(repacked(data, change)))
            pytest.fail(f"{what} was taken in")


def test_damage_and_newer_versions_are_refused(rated, elsewhere):
    data = packed(rated)

    def refused(given, message):
        with pytest.raises(Invalid, match=message):
            take_in(*elsewhere, io.BytesIO(given))

    for broken in (b"", b"no zip", data[:-200], data[: len(data) // 2]):
        refused(broken, "no zip file")
    at = data.index(b"IDAT") + 20
    refused(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], "damaged|altered")
    refused(repacked(data, dict, lambda held: held.update(format=2)), "newer than this program")
    refused(repacked(data, dict, lambda held: held.update(schema_revision="9999")), "newer than this program")
    refused(repacked(data, dict, lambda held: held.update(study="one")), "not a bundle's: study")
    refused(repacked(data, dict, lambda held: held["counts"].update(raters=9)), "not what the bundle")
    wrong = {"size": len(rated_codebook(data)), "sha256": "0" * 64}
    refused(repacked(data, dict, lambda held: held["files"].update({"codebook.md": wrong})), "altered or")


def rated_codebook(data):
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        return zipped.read("codebook.md")


def test_commands_and_page(rated, admin, dermvtt, monkeypatch, tmp_path, make_url):
    monkeypatch.setenv("DATABASE_URL", rated.settings.database_url)
    monkeypatch.setenv("DERMVTT_DATA_DIR", str(rated.settings.data_dir))
    target = tmp_path / "study.zip"
    code, out, _ = dermvtt("study", "export-bundle", 1, "--out", target)
    assert (code, f"8 images, 3 raters, {ANSWERS} answers" in out) == (0, True)
    reply = admin.get("/admin/studies/1/exports/bundle.zip")
    assert reply.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(reply.content)) as one, zipfile.ZipFile(target) as two:
        assert one.namelist() == two.namelist()
        assert one.read("tables/ratings.jsonl") == two.read("tables/ratings.jsonl")
    assert "Already there, as study 1" in dermvtt("study", "import-bundle", target)[1]
    monkeypatch.setenv("DATABASE_URL", make_url("sqlite"))
    assert "Imported study 1" in dermvtt("study", "import-bundle", target)[1]
    target.write_bytes(b"x")
    code, _, err = dermvtt("study", "import-bundle", target)
    assert (code, "no zip file" in err) == (1, True)


def test_every_table_travels_or_stays_and_every_reference_can_follow():
    """Whoever adds a table or a reference decides here whether it leaves the house."""
    assert set(bundles.TABLES) | set(bundles.AT_HOME) == set(bundles.all_tables())
    assert not set(bundles.TABLES) & set(bundles.AT_HOME)
    order = list(bundles.TABLES)
    for name, table in bundles.TABLES.items():
        home = bundles.COLUMNS_AT_HOME.get(name, {})
        assert set(home) <= {column.name for column in table.columns}
        for column in table.columns:
            if column.name in home:
                assert column.nullable or column.server_default is not None
                continue
            for key in column.foreign_keys:
                other = key.column.table.name
                assert other in order[: order.index(name)], f"{name}.{column.name}"
