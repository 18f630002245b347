"""A study's raters in the admin's pages: links shown once, lists all or nothing, who they are kept apart."""

import base64
import csv
import io
import re

import pytest
import sqlalchemy as sa

from backend.database.tables import Person, Rater
from backend.studies.invitation_lists import invite_list, links_csv
from backend.studies.invitations import Invited
from backend.studies.refusals import Refused
from tests.backend.conftest import hidden

RATERS = "/admin/studies/1/raters"


def csrf(admin):
    return hidden(admin.get("/admin").text, "csrf")


def names(world):
    with world.database.read() as session:
        return session.scalars(sa.select(Rater.name).order_by(Rater.number)).all()


def test_a_list_is_invited_and_its_links_are_in_this_page_alone(admin, browse, world):
    text = "group;name;email;language\r\nED;;a@example.org;de\r\nDLE;Zoe;;\r\n"
    files = {"file": ("raters.csv", text.encode("utf-8-sig"), "text/csv")}
    page = admin.post(f"{RATERS}/list", data={"csrf": csrf(admin)}, files=files)
    table = base64.b64decode(re.search(r"base64,([\w+/=]+)", page.text).group(1)).decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [(row["name"], row["group"]) for row in rows] == [("ED3", "ED"), ("Zoe", "DLE")]
    assert page.headers["cache-control"] == "no-store"
    assert page.text.count("<svg") == 2  # a QR code each, without a style of its own
    assert "style=" not in page.text
    for row in rows:
        link = row["link"].rsplit("/", 1)[1]
        assert browse().get(f"/r/{link}").status_code == 200
        assert link not in admin.get(RATERS).text
    with world.database.read() as session:
        person = session.scalars(sa.select(Person)).one()
        assert (person.email, person.language) == ("a@example.org", "de")
    assert "a@example.org" in admin.get(RATERS).text
    for export in ("ratings", "history", "viewings", "participants"):
        assert "a@example.org" not in admin.get(f"/admin/studies/1/exports/{export}.csv").text


def test_a_list_with_mistakes_names_their_lines_and_invites_nobody(admin, world):
    before = names(world)
    rows = "group,name,email,language\nED,Zoe,,\n\nXX,,,\nED,ED1,,\nED,Zoe,,\nED,=1+1,,\nED,,a@b,\nED,,,xx\n"
    page = admin.post(f"{RATERS}/list", data={"csrf": csrf(admin), "rows": rows})
    assert page.status_code == 422
    for line in (4, 5, 6, 7, 8, 9):
        assert f"line {line}: " in page.text
    assert "line 2" not in page.text
    assert "ED,=1+1,," in page.text  # what was typed is still there
    assert names(world) == before


def test_nobody_is_invited_twice_by_one_address(admin, world):
    twice = "group,email\nED,A@example.org\nED,b@example.org\nDLE,a@Example.org\n"
    page = admin.post(f"{RATERS}/list", data={"csrf": csrf(admin), "rows": twice})
    assert "line 4: a@Example.org is the address of line 2 already" in page.text
    once = {"csrf": csrf(admin), "rows": "group,email\nED,a@example.org\n"}
    assert admin.post(f"{RATERS}/list", data=once).status_code == 200
    before = names(world)
    assert admin.post(f"{RATERS}/list", data=once).status_code == 422  # sent again: by a double click, say
    form = {"csrf": csrf(admin), "group": "DLE", "email": "A@EXAMPLE.ORG"}
    assert "is the address of the rater ED3 already" in admin.post(RATERS, data=form).text
    assert names(world) == before


def test_a_name_is_one_however_its_accents_are_written(admin, world):
    apart = {"csrf": csrf(admin), "rows": "group,name\nED,Zoe\u0308\n"}
    assert admin.post(f"{RATERS}/list", data=apart).status_code == 200
    assert "Zo\u00eb" in names(world)
    again = admin.post(RATERS, data={"csrf": csrf(admin), "group": "ED", "name": "Zoe\u0308"})
    assert "already has a rater" in again.text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "is empty"),
        ("\ufeff\r\n", "is empty"),
        ("gruppe,name\nED,\n", "'gruppe'"),
        ("group,group\nED,ED\n", "each once"),
        ("group\n", "1 to 500"),
        ("group\nED,more\n", "line 2 has 2 cells"),
        ('group,name\nED,"open\n', "is no CSV"),
        ("group\nE\x00D\n", "control character"),
        ("group,email\nED,a@example.org\rBcc: x@example.org\n", "line 3: "),
    ],
)
def test_what_is_no_list_is_refused(world, text, word):
    with pytest.raises(Refused, match=word), world.database.write() as session:
        invite_list(session, 1, text)


def test_cells_that_a_spreadsheet_would_execute_are_escaped():
    rows = links_csv([Invited("=SUM(A1)", "@x", "token")], "https://x")
    assert rows.splitlines()[1] == "'=SUM(A1),'@x,https://x/r/token"


def test_a_list_by_command_is_written_to_a_file(dermvtt, world, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", world.settings.database_url)
    (tmp_path / "in.csv").write_text("group,email\nED,a@example.org\nED,\n")
    code, out, err = dermvtt(
        "invite", "--study", 1, "--csv", tmp_path / "in.csv", "--out", tmp_path / "out.csv"
    )
    assert (code, err) == (0, "")
    assert "/r/" not in out
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert [row["name"] for row in rows] == ["ED3", "ED4"]
    (tmp_path / "in.csv").write_text("group\nXX\n")
    code, out, err = dermvtt("invite", "--study", 1, "--csv", tmp_path / "in.csv")
    assert (code, out) == (1, "")
    assert "line 2: the study has no group 'XX'" in err
