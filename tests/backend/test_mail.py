"""Mail to raters through a real SMTP server: to whom, how often, and what a failure leaves behind."""

import email.policy
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from pydantic import SecretStr

from backend.database.tables import Message, Person
from backend.mail import queue
from backend.mail.queue import ABANDONED, send_all
from backend.settings import Settings, load_settings
from backend.studies import editing, lifecycle, privacy
from backend.studies.invitations import invite, revoke
from backend.studies.options import StudyTexts
from backend.studies.people import identity
from backend.studies.rating import submit
from backend.studies.refusals import Invalid
from tests.support import consent
from training.errors import UserError


class Inbox:
    """What the server took; ``answers`` refuses by recipient, ``breaks`` ends the connection instead."""

    def __init__(self):
        self.mails, self.answers, self.breaks = [], {}, False

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.breaks:
            server.transport.abort()
            return "421 gone"
        self.mails.append(message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


class Server(Controller):
    """At a port that the system chooses."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def inbox():
    box = Inbox()
    controller = Server(box, hostname="127.0.0.1", port=0)
    controller.start()
    box.port = controller.port
    yield box
    controller.stop()


@pytest.fixture
def mailing(world, inbox):
    """A world with ED3 (German) and ED4, who have addresses, and settings with the server."""
    with world.database.write() as session:
        for who in (identity(email="a@example.org", language="de"), identity(email="b@example.org")):
            one = invite(session, 1, "ED", who=who)[0]
            world.link[one.name] = one.token
    world.settings = using(world.settings, inbox.port)
    return world


def using(settings, port, host="127.0.0.1"):
    url = SecretStr(f"smtp://{host}:{port}?tls=none")
    return settings.model_copy(update={"smtp_url": url, "mail_from": "Team <team@example.org>"})


def write(world, kind="invitation", interval=3.0):
    with world.database.write() as session:
        return queue.write(session, 1, kind, interval)


def send(world, settings=None, timeout_s=10.0):
    result = send_all(world.database, settings or world.settings, timeout_s)
    return result.sent, result.failed, result.waiting


def messages(world):
    with world.database.read() as session:
        return session.scalars(sa.select(Message).order_by(Message.id)).all()


def recipients(inbox):
    return [mail["to"] for mail in inbox.mails]


def change(world, **values):
    with world.database.write() as session:
        session.execute(sa.update(Message).values(**values))


def test_invitations_go_once_in_the_raters_language_with_a_link_that_works(mailing, inbox, browser):
    assert write(mailing) == 2
    assert write(mailing) == 0
    assert send(mailing) == (2, 0, 0)
    assert send(mailing) == (0, 0, 0)
    assert [mail["subject"] for mail in inbox.mails] == ["Einladung: Skin", "Invitation: Skin"]
    text = inbox.mails[0].get_content()
    link = text.split("/r/")[1].split()[0]
    assert "Guten Tag" in text
    assert inbox.mails[0].get_content_type() == "text/plain"
    for token in (link, mailing.link["ED3"]):  # the one handed out before works too
        assert browser.get(f"/r/{token}").status_code == 200
    assert browser.get(f"/r/{link}/privacy").status_code == 200
    assert [one.state for one in messages(mailing)] == ["sent", "sent"]


def test_reminders_go_to_who_has_not_finished_and_not_too_often(mailing, inbox):
    assert write(mailing, "reminder") == 2
    send(mailing)
    assert write(mailing, "reminder") == 0
    change(mailing, sent_at=datetime.now(UTC) - timedelta(days=3, minutes=1))
    consent(mailing, "ED3")
    with mailing.database.write() as session:
        submit(session, mailing.link["ED3"], leave_unanswered=True)
    assert write(mailing, "reminder") == 1
    send(mailing)
    assert recipients(inbox) == ["a@example.org", "b@example.org", "b@example.org"]
    with pytest.raises(Invalid):
        write(mailing, "advertisement")


@pytest.mark.parametrize("what", ["submitted", "revoked", "opted out", "anonymised", "closed"])
def test_who_is_out_meanwhile_gets_no_mail_that_waited(mailing, inbox, browser, what):
    write(mailing)
    if what == "submitted":
        consent(mailing, "ED3")
    with mailing.database.write() as session:
        if what == "submitted":
            submit(session, mailing.link["ED3"], leave_unanswered=True)
        elif what == "revoked":
            revoke(session, 1, "ED3")
        elif what == "anonymised":
            privacy.anonymise(session, 1, "ED3")
        elif what == "closed":
            lifecycle.set_state(session, 1, "closed")
    if what == "opted out":
        page = f"/r/{mailing.link['ED3']}/mail"
        assert "<button" in browser.get(page).text
        browser.post(page)
        assert "<button" not in browser.get(page).text
    sent = send(mailing)
    assert recipients(inbox) == ([] if what == "closed" else ["b@example.org"])
    assert sent[0] == len(inbox.mails)
    if what != "closed":
        assert write(mailing, "reminder", 0.0) == 1  # nor a later one


def test_a_refused_address_fails_with_the_servers_words_and_the_others_go(mailing, inbox, admin):
    inbox.answers["a@example.org"] = "550 no such mailbox"
    write(mailing)
    assert send(mailing) == (1, 1, 0)
    assert send(mailing) == (0, 0, 0)
    assert "550 no such mailbox" in admin.get("/admin/studies/1/raters").text
    inbox.answers["a@example.org"] = "451 later"
    assert write(mailing, "again") == 1
    assert send(mailing) == (0, 0, 1)
    for _ in range(4):
        result = send(mailing)
    assert result == (0, 1, 0)  # not for ever
    assert messages(mailing)[0].attempts == 5


def test_a_lost_connection_keeps_the_mail_for_the_next_run(mailing, inbox):
    inbox.breaks = True
    write(mailing)
    assert send(mailing) == (0, 0, 2)
    assert {one.state for one in messages(mailing)} == {"queued"}
    assert "lost" in messages(mailing)[0].reason
    inbox.breaks = False
    assert send(mailing) == (2, 0, 0)


def test_a_server_that_is_not_there_or_does_not_answer_keeps_all_mails(mailing):
    write(mailing)
    with silent() as port:
        assert send(mailing, using(mailing.settings, port), timeout_s=0.3) == (0, 0, 1)
    assert send(mailing, using(mailing.settings, port)) == (0, 0, 1)
    assert {one.state for one in messages(mailing)} == {"queued"}
    assert "cannot be used" in messages(mailing)[0].reason
    assert send(mailing) == (2, 0, 0)


@contextmanager
def silent():
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_sender_that_died_leaves_a_mail_that_is_sent_again_and_only_then(mailing, inbox, monkeypatch):
    write(mailing)

    class DyingError(Exception):
        pass

    def die(*_):
        raise DyingError

    with monkeypatch.context() as patched, pytest.raises(DyingError):
        patched.setattr(queue, "_mark", die)
        send(mailing)  # the server took it; that it did was never written down
    assert send(mailing) == (1, 0, 0)  # the other one: who knows whether the first sender lives
    first = messages(mailing)[0]
    assert (first.state, first.attempts) == ("sending", 1)
    with mailing.database.write() as session:
        session.get(Message, first.id).tried_at = datetime.now(UTC) - ABANDONED - timedelta(seconds=1)
    assert send(mailing) == (1, 0, 0)
    assert recipients(inbox) == ["a@example.org", "b@example.org", "a@example.org"]
    assert messages(mailing)[0].attempts == 2


def test_two_who_write_or_send_at_once_write_and_send_each_mail_once(mailing, inbox):
    with mailing.database.write() as session:
        for number in range(6):
            invite(session, 1, "DLE", who=identity(email=f"c{number}@example.org"))
    writers = [threading.Thread(target=write, args=(mailing, "reminder")) for _ in range(3)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    assert len(messages(mailing)) == 8
    threads = [threading.Thread(target=send, args=(mailing,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send(mailing)  # what one passed over while the other held it
    assert len(recipients(inbox)) == len(set(recipients(inbox))) == 8


def test_a_title_or_an_address_adds_no_header(mailing, inbox):
    with mailing.database.write() as session:
        title = "A\nBcc: evil@example.org\r\nX: y"
        editing.change_texts(session, 1, "en", StudyTexts(title=title))
        editing.change_texts(session, 1, "de", StudyTexts(title=title))
        # Past the rule that refuses it.
        session.execute(
            sa.update(Person).where(Person.email == "a@example.org").values(email="a@x.org\nBcc: b@x.org")
        )
    for address in ("a@x.org\nBcc: b@x.org", "a@x.org,b@x.org", "a b@x.org", "x@y", "ä@x.org", "A <a@x.org>"):
        with pytest.raises(Invalid):
            identity(email=address)
    write(mailing)
    assert send(mailing) == (1, 1, 0)
    mail = inbox.mails[0]
    assert mail["subject"] == "Invitation: A Bcc: evil@example.org X: y"
    assert (mail["bcc"], mail["x"], mail["to"]) == (None, None, "b@example.org")


def test_by_command_and_by_the_page(mailing, inbox, dermvtt, admin, application, monkeypatch):
    application.state.settings = mailing.settings
    path, csrf = "/admin/studies/1/raters", admin.get("/admin").text.split('name="csrf" value="')[1][:64]
    assert admin.post(f"{path}/mail", data={"csrf": csrf, "what": "invitation"}).status_code == 303
    assert len(inbox.mails) == 2
    assert "2 sent, 0 waiting, 0 failed" in admin.get(path).text
    assert admin.post(f"{path}/mail", data={"csrf": csrf, "what": "reminder"}).status_code == 422
    monkeypatch.setenv("DATABASE_URL", mailing.settings.database_url)
    assert "no mail server is set" in dermvtt("mail", "send")[2]
    monkeypatch.setenv("DERMVTT_SMTP_URL", f"smtp://127.0.0.1:{inbox.port}?tls=none")
    monkeypatch.setenv("DERMVTT_MAIL_FROM", "team@example.org")
    monkeypatch.setenv("DERMVTT_MAIL_INTERVAL_DAYS", "0")
    assert dermvtt("mail", "write", "--study", 1, "--reminder")[1].startswith("2 mails wait.")
    assert dermvtt("mail", "send")[1] == "2 sent, 0 failed, 0 still waiting.\n"
    assert len(inbox.mails) == 4


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp://x:pw@h?tls=maybe", "smtp://u:hidden@h:port"])
def test_an_address_of_a_mail_server_that_cannot_be_is_refused_without_its_password(monkeypatch, url):
    monkeypatch.setenv("DERMVTT_SMTP_URL", url)
    with pytest.raises(UserError, match="DERMVTT_SMTP_URL must look like") as refused:
        load_settings()
    assert "hidden" not in str(refused.value)
    assert "hidden" not in repr(Settings(smtp_url=SecretStr("smtp://u:hidden@h")))
