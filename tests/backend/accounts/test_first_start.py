"""A server that is started where there is no admin: a link on the console, and nowhere else."""

import http.client
import re
from urllib.parse import urlencode, urlsplit

import pytest

from backend import accounts
from backend.accounts import throttle
from backend.database import dump
from backend.database.sessions import Database
from backend.operations.archive import Backup
from backend.operations.backup import back_up
from backend.operations.restore import restore
from backend.storage import open_store
from tests.backend.conftest import PASSWORD, hidden
from tests.backend.operations.deployed import deployed

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


def test_the_first_account_is_made_by_a_link_on_the_console(settings, database, tmp_path):
    log = tmp_path / "server.log"
    with deployed(settings, log, DERMVTT_WORKERS=2) as server:
        lines = [server.process.stdout.readline() for _ in range(2)]
        assert "There is no admin yet" in lines[0]
        path = urlsplit(lines[1].strip()).path
        token = re.fullmatch(r"/admin/first/([\w-]{32})", path)[1]
        page = server.get(path)
        cookie = page.getheader("set-cookie").split(";")[0]
        form = {"csrf": hidden(page.text, "csrf"), "email": "first@example.org"}
        form |= {"password": PASSWORD, "again": PASSWORD}
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        made = server.ask("POST", path, urlencode(form), **headers)
        assert (made.status, made.getheader("location")) == (http.client.SEE_OTHER, "/admin")
        assert server.get(path).status == http.client.NOT_FOUND
    assert "/admin/first/" in log.read_text()  # that it was used
    assert token not in log.read_text()
    with database.write() as session:
        assert accounts.first_link(session) == ""  # there is an admin now


def test_a_server_that_only_waited_for_its_first_admin_can_still_be_restored_into(world, make_url, tmp_path):
    back_up(world.database, open_store(world.settings), tmp_path / "backup")
    fresh = Database(make_url("sqlite"))
    with fresh.write() as session:
        accounts.first_link(session)
    throttle.begin_attempt(fresh, throttle.stranger("a@example.org", ""))
    backup = Backup(tmp_path / "backup")
    restore(fresh, open_store(world.settings), backup)
    backup.close()
    with dump.snapshot(fresh.engine) as here, dump.snapshot(world.database.engine) as there:
        for table in dump.tables():
            assert dump.checksum(here, table) == dump.checksum(there, table)
    fresh.close()
