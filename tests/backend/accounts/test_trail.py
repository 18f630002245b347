"""Whatever an admin does is in the log, with who and when: by every form, every download, every command."""

import json
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa
import typer
from pydantic import SecretStr

from backend import accounts, cli
from backend.database.tables import Event
from backend.routes.admin import accounts as accounts_page
from backend.studies import audit_log, editing
from backend.studies.rating import answer_form, submit
from tests.backend.accounts.test_roles import PREVIEWED, routes
from tests.backend.bundles.packing import edit, packed, repacked
from tests.backend.conftest import ADMIN, PASSWORD, add_admin, hidden, log_in
from tests.backend.mixes.conftest import picture, zip_of_folder, zipped
from tests.support import consent

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

STUDY, OTHER = "/admin/studies/{study_id}", "b@example.org"
FIRST = "first@example.org"


class Walk:
    """An admin who sends one form after another; each must leave its event."""

    def __init__(self, world, browse):
        self.world, self.browse, self.client, self.left = world, browse, browse(), []

    def token(self, path="/admin/account"):
        return hidden(self.client.get(path).text, "csrf")

    def since(self, number):
        with self.world.database.read() as session:
            return session.scalars(sa.select(Event).where(Event.id > number).order_by(Event.id)).all()

    def last(self):
        with self.world.database.read() as session:
            return session.scalar(sa.select(sa.func.max(Event.id))) or 0

    def send(self, route, kind, by=ADMIN, at="", csrf=None, files=None, statuses=(200, 303), **form):
        """Send a form and find what it left: an event of this kind by this admin, of this moment."""
        before, began = self.last(), datetime.now(UTC)
        form["csrf"] = csrf or self.token()
        reply = self.client.post(at or route.format(**AT), data=form, files=files)
        assert reply.status_code in statuses, (route, reply.status_code, reply.text)
        found = [one for one in self.since(before) if (one.kind, one.by) == (kind, by)]
        assert found, (route, [(one.kind, one.by) for one in self.since(before)])
        assert began - timedelta(seconds=1) <= found[-1].at <= datetime.now(UTC)
        self.left.append(f"POST {route}")
        return reply


AT = {"study_id": 1, "mix_id": 1, "name": "ED1"}


def test_every_form_of_the_admins_area_leaves_its_event(world, browse, make_mix, application):
    mail = {"smtp_url": SecretStr("smtp://127.0.0.1:1?tls=none"), "mail_from": "Team <team@example.org>"}
    world.settings = world.settings.model_copy(update=mail)
    application.state.settings = world.settings
    walk = Walk(world, browse)
    secrets = [*log_in_for_the_first_time(walk), *change_own_account(walk)]
    change_accounts(walk)
    change_mixes(walk, make_mix)
    change_studies(walk)
    nothing_kept = {PREVIEWED, f"POST {STUDY}/settings/preview"}
    assert set(walk.left) == {one for one in routes() if one.startswith("POST ")} - nothing_kept
    # What is in it cannot be taken out: so nothing of raters, and nothing that opens a door.
    with world.database.read() as session:
        log = repr([(row.by, row.details) for row in session.scalars(sa.select(Event))])
        assert audit_log.verify(session).broken is None
    for secret in ("ada@", "eve@", *secrets, *world.link.values()):
        assert secret not in log


def log_in_for_the_first_time(walk):
    with walk.world.database.write() as session:
        first = f"/admin/first/{accounts.first_link(session)}"
    made = {"email": FIRST, "password": PASSWORD, "again": PASSWORD, "csrf": walk.token(first)}
    walk.send("/admin/first/{token}", "first owner made", by=FIRST, at=first, **made)
    add_admin(walk.world)
    walk.send("/admin/logout", "logged out", by=FIRST)
    csrf = walk.token("/admin/login")
    walk.send("/admin/login", "log-in failed", email=ADMIN, password="wrong", csrf=csrf, statuses=(401,))
    wrong = {"email": "my password?", "password": "x", "csrf": csrf, "statuses": (401,)}
    walk.send("/admin/login", "log-in failed", by="unknown", **wrong)
    walk.send("/admin/login", "logged in", email=ADMIN, password=PASSWORD, csrf=csrf)
    return ["my password?", PASSWORD]


def change_own_account(walk):
    new = "another password of my own"
    walk.send("/admin/password", "password changed", old=PASSWORD, new=new, again=new)
    walk.send("/admin/account/second-factor/begin", "second factor begun")
    with walk.world.database.read() as session:
        secret = accounts.enrolment(session, ADMIN, walk.world.settings.secret).typed
    code = pyotp.TOTP(secret).now()
    page = walk.send("/admin/account/second-factor/confirm", "second factor on", code=code)
    recovery = [line.split("<")[0] for line in page.text.split("<li><code>")[1:]]
    walk.client = walk.browse()
    log_in(walk.client, ADMIN, new)
    csrf = walk.token("/admin/login/code")
    walk.send("/admin/login/code", "logged in", code=recovery[0], csrf=csrf)
    walk.send("/admin/account/second-factor/stop", "second factor off", code=recovery[1])
    session_id = walk.client.get("/admin/account").text.split('name="session_id" value="')[1].split('"')[0]
    walk.send("/admin/account/sessions/end", "session ended", session_id=session_id)
    walk.send("/admin/account/sessions/end-others", "other sessions ended")
    return [new, secret, *recovery]


CHANGES = {
    "role": "role changed",
    "password": "password reset",
    "second-factor": "second factor reset",
    "sessions": "sessions ended",
    "deactivate": "account deactivated",
    "activate": "account activated",
    "remove": "account removed",
}


def change_accounts(walk):
    walk.send("/admin/accounts", "account made", email=OTHER, role="reader")
    for what, kind in CHANGES.items():
        walk.send("/admin/accounts/{what}", kind, at=f"/admin/accounts/{what}", email=OTHER, role="editor")
    assert set(CHANGES) == set(accounts_page.CHANGES)


def change_mixes(walk, make_mix):
    mix = {"mix": ("skin.zip", zip_of_folder(make_mix(2, 2, seed=5)), "application/zip")}
    walk.send("/admin/mixes/upload", "mix imported", files=mix)
    built = {
        name: (f"{name}.zip", zipped({f"{n}.png": picture(n + at, size=(64, 64)) for n in range(2)}))
        for name, at in (("reals", 0), ("fakes", 7))
    }
    walk.send("/admin/mixes/build", "mix imported", files=built, resolution="64")
    walk.send("/admin/mixes/{mix_id}/audit", "mix audited", at="/admin/mixes/2/audit")
    walk.send("/admin/mixes/{mix_id}/delete", "mix deleted", at="/admin/mixes/2/delete")


def change_studies(walk):
    one = "/admin/studies/1/raters"
    walk.send("/admin/studies", "study made", mix=1, title="Skin", groups="ED")
    bundle = repacked(packed(walk.world), edit("studies", b'"seed": "seed"', b'"seed": "another"'))
    walk.send("/admin/bundles/import", "imported", files={"bundle": ("study.zip", bundle, "application/zip")})
    walk.send(f"{STUDY}/mixes", "mixes changed", at="/admin/studies/2/mixes", mix=3)
    walk.send(f"{STUDY}/duplicate", "duplicated")
    walk.send(f"{STUDY}/settings", "options changed", zoom="no")
    walk.send(f"{STUDY}/raters", "invited", group="ED", email="ada@example.org")
    walk.send(f"{STUDY}/raters/list", "invited", rows="group,email\nED,eve@example.org\n")
    walk.send(f"{STUDY}/raters/mail", "mails written", what="invitation")
    walk.send(f"{STUDY}/raters/enrolment", "enrolment set", what="renew", cap=5, group="ED")
    walk.send(f"{STUDY}/raters/enrolment", "enrolment closed", what="off")
    walk.send(f"{STUDY}/raters/{{name}}/link", "link renewed", at=f"{one}/DLE1/link")
    walk.send(f"{STUDY}/raters/{{name}}/revoke", "link revoked", at=f"{one}/DLE1/revoke")
    consent(walk.world, "ED1")
    with walk.world.database.write() as session:
        submit(session, walk.world.link["ED1"], leave_unanswered=True)
    walk.send(f"{STUDY}/raters/{{name}}/reopen", "reopened")
    walk.send(f"{STUDY}/raters/{{name}}/privacy", "rater anonymised", what="anonymise")
    walk.send(f"{STUDY}/raters/{{name}}/privacy", "rater deleted", at=f"{one}/ED2/privacy", what="delete")
    walk.send(f"{STUDY}/state", "closed", state="closed")


DOWNLOADS = {
    **{f"{STUDY}/exports/{{name}}.{{kind}}": ["/exports/ratings.csv", "/exports/events.json"]},
    **{f"{STUDY}/exports/bundle.zip": ["/exports/bundle.zip"], f"{STUDY}/results.json": ["/results.json"]},
    **{f"{STUDY}/results/{{name}}.csv": []},
    **{f"{STUDY}/results/{{name}}.tex": [], f"{STUDY}/figures/{{name}}.{{kind}}": []},
    **{f"{STUDY}/report.html": [], f"{STUDY}/report.zip": []},
    "/admin/log.{form}": ["log.csv", "log.xlsx"],
}
"""Addresses of each route that gives files away; some take seconds, and share a function with the others."""
SHOWN = {f"{STUDY}/exports/codebook.md", "/admin/mixes/{mix_id}/images/{public_id}.png"}
SHOWN |= {"/admin/account/second-factor.svg"}
"""Files that are part of a page, or the same for everybody."""


def test_every_download_leaves_its_event(world, admin):
    files = {one.split()[1] for one in routes() if one.startswith("GET ") and "." in one}
    assert files == set(DOWNLOADS) | SHOWN
    for name in ("ED1", "ED2", "DLE1"):
        consent(world, name)
        with world.database.write() as session:
            for position in range(1, 9):
                answer_form(session, world.link[name], position, "real" if position % 3 else "fake")
    for route, addresses in DOWNLOADS.items():
        for address in addresses:
            path = f"/admin/studies/1{address}" if address.startswith("/") else f"/admin/{address}"
            assert admin.get(path).status_code == 200, path
            with world.database.read() as session:
                last = session.scalars(sa.select(Event).order_by(Event.id.desc()).limit(1)).one()
            told = (last.kind, last.by, last.details["file"], last.study_id)
            study = 1 if address.startswith("/") else None
            assert told == ("downloaded", ADMIN, address.rsplit("/", 1)[-1], study), route
    journal = admin.get("/admin/studies/1").text
    assert "downloaded" not in journal  # nothing of the study changed


def test_the_log_is_shown_chosen_from_and_taken_away(world, admin):
    page = admin.get("/admin/log").text
    for told in ("study made", "invited: ED1", "mix imported: mix 1", "command line", "logged in", ADMIN):
        assert told in page
    assert "mix imported: mix 1" not in admin.get("/admin/log?study=1").text
    chosen = admin.get("/admin/log", params={"actor": ADMIN, "kind": "logged in"}).text
    assert (chosen.count("<tr>"), "invited: ED1" in chosen) == (2, False)
    consent(world, "ED1")
    rows = admin.get("/admin/log.json", params={"actor": "command line"}).json()
    kinds = ["mix imported", "study made", "invited", "invited", "invited"]
    assert [row["kind"] for row in rows] == kinds  # and not what a rater did
    assert admin.get("/admin/log.json", params={"kind": "agreed"}).json()[0]["actor"] == "ED1"
    rows = admin.get("/admin/log.json", params={"kind": "invited", "study": "1"}).json()
    assert [(row["actor"], row["kind"], row["study"]) for row in rows] == [("command line", "invited", 1)] * 3
    assert admin.get("/admin/log?page=2").status_code == 200
    assert admin.get("/admin/log?study=x").status_code == 422


WRITES = {
    "admin create c@example.org --role editor": "account made",
    "admin set-role c@example.org reader": "role changed",
    "admin reset-password c@example.org": "password reset",
    "admin reset-second-factor c@example.org": "second factor reset",
    "admin end-sessions c@example.org": "sessions ended",
    "admin deactivate c@example.org": "account deactivated",
    "admin activate c@example.org": "account activated",
    "admin remove c@example.org": "account removed",
    "import-mix MIX": "mix imported",
    "study create --mix 1 --title Skin --draft": "study made",
    "study mixes 2 --mix 2": "mixes changed",
    "study open 2": "opened",
    "study set 1 zoom=no": "options changed",
    "study texts 1 --language en --title Skin": "texts changed",
    "study duplicate 1": "duplicated",
    "invite --study 1 --group ED": "invited",
    "renew --study 1 ED2": "link renewed",
    "revoke --study 1 ED2": "link revoked",
    "reopen --study 1 ED1": "reopened",
    "mail write --study 1": "mails written",
    "rater anonymise --study 1 ED1 --yes": "rater anonymised",
    "rater delete --study 1 ED2 --yes": "rater deleted",
    "study close 1": "closed",
    "study archive 1": "archived",
    "privacy apply": "personal data deleted",
    "export --study 1 --out OUT/ratings.csv": "downloaded",
    "study export-bundle 1 --out OUT/study.zip": "downloaded",
    "audit export --out OUT/log.csv": "downloaded",
    "backup --out OUT/backup": "backed up",
}
ELSEWHERE = {"study import-bundle", "restore", "mail send"}
"""Tested below, and with a mail server in ``test_mail``."""
NO_TRACE = {
    *("migrate", "serve", "demo"),  # the log begins after the first; the others act by rules that are here
    *("build-mix", "audit-mix", "analyze", "plan"),  # files alone
    *("check", "admin list", "study list", "study show", "study consents", "audit verify"),  # only look
}


def commands(group, prefix=""):
    """The names of all commands."""
    for name, one in group.commands.items():
        yield from commands(one, f"{prefix}{name} ") if hasattr(one, "commands") else [f"{prefix}{name}"]


def test_every_command_that_does_something_leaves_its_event(
    world, dermvtt, make_mix, make_url, monkeypatch, tmp_path
):
    known = set(commands(typer.main.get_command(cli.app)))
    named = {name for name in known for line in WRITES if f"{line} ".startswith(f"{name} ")}
    assert named | ELSEWHERE | NO_TRACE == known
    monkeypatch.setenv("DATABASE_URL", world.settings.database)
    monkeypatch.setenv("DERMVTT_DATA_DIR", str(world.settings.data_dir))
    add_admin(world)
    consent(world, "ED1")
    with world.database.write() as session:
        submit(session, world.link["ED1"], leave_unanswered=True)
        editing.change_options(session, 1, {"retention_days": 1})
    csv = tmp_path / "raters.csv"
    csv.write_text("group,email\nED,ada@example.org\n")
    assert dermvtt("invite", "--study", 1, "--csv", csv)[0] == 0
    places = {"MIX": str(make_mix(2, 2, seed=5)), "OUT": str(tmp_path)}
    seen = world.database
    for line, kind in WRITES.items():
        if line == "privacy apply":  # what is due in a day
            _let_pass(monkeypatch, timedelta(days=2))
        words = [word.replace("OUT", places["OUT"]) for word in line.split()]
        before = _last(seen)
        code, _, err = dermvtt(*[places.get(word, word) for word in words])
        assert code == 0, (line, err)
        assert ("", kind) in _since(seen, before), line
    monkeypatch.setenv("DATABASE_URL", make_url("sqlite"))
    monkeypatch.setenv("DERMVTT_DATA_DIR", str(tmp_path / "other"))
    assert dermvtt("study", "import-bundle", tmp_path / "study.zip")[0] == 0
    assert _exported(dermvtt, tmp_path / "bundle.json")[-1]["kind"] == "imported"
    monkeypatch.setenv("DATABASE_URL", make_url("sqlite", empty=True))
    assert dermvtt("restore", tmp_path / "backup")[0] == 0
    rows = _exported(dermvtt, tmp_path / "restored.json")
    assert rows[-1]["kind"] == "restored"
    assert [row["kind"] for row in rows].count("account made") == 1
    assert dermvtt("check")[:2] == (0, "Everything is whole.\n")


def _exported(dermvtt, out):
    """The log of an installation as it is before the export."""
    assert dermvtt("audit", "export", "--out", out)[0] == 0
    rows = json.loads(out.read_text())
    assert rows[-1]["kind"] == "downloaded"
    assert dermvtt("audit", "verify")[0] == 0
    return rows[:-1]


def _let_pass(monkeypatch, time):
    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + time

    monkeypatch.setattr("backend.cli.privacy.datetime", Later)


def _last(database):
    with database.read() as session:
        return session.scalar(sa.select(sa.func.max(Event.id))) or 0


def _since(database, number):
    with database.read() as session:
        return [
            tuple(row) for row in session.execute(sa.select(Event.by, Event.kind).where(Event.id > number))
        ]
