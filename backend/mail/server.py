"""The mail server: one connection for many mails."""

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from urllib.parse import parse_qsl, unquote

from backend.settings import Settings, mail_server
from training.errors import UserError

TIMEOUT_S = 30.0


class Refused(Exception):  # noqa: N818 - an answer, if an unwelcome one
    """The server will never take this mail; the message says why."""


class Failed(Exception):  # noqa: N818
    """The mail did not go out this time; ``unreachable`` where no other would either."""

    def __init__(self, reason: str, *, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.unreachable = unreachable


class Server:
    """Sends mails, over a connection that is made with the first."""

    def __init__(self, settings: Settings, timeout_s: float = TIMEOUT_S) -> None:
        if not settings.mail_is_set:
            raise UserError("no mail server is set. Set DERMVTT_SMTP_URL and DERMVTT_MAIL_FROM.")
        self._parts = mail_server(settings.smtp_url.get_secret_value())
        self._timeout = timeout_s
        self._connection: smtplib.SMTP | None = None

    def send(self, mail: EmailMessage) -> None:
        """Hand a mail over; raises ``Refused`` or ``Failed``. When it returns, the server has taken it."""
        try:
            if self._connection is None:
                self._connection = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise Failed(f"the mail server cannot be used: {_told(error)}", unreachable=True) from error
        try:
            self._connection.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _answer(code, text) from error
        except smtplib.SMTPResponseException as error:
            self.close()
            raise _answer(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self.close()
            if isinstance(error, ValueError):
                raise Refused(f"the mail cannot be written: {error}") from error
            raise Failed(f"the connection to the mail server was lost: {_told(error)}") from error

    def close(self) -> None:
        """Take leave of the server, if it is there."""
        if self._connection is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._connection.quit()
            self._connection.close()
        self._connection = None

    def _connect(self) -> smtplib.SMTP:
        parts, safe = self._parts, ssl.create_default_context()
        host = parts.hostname or ""
        if parts.scheme == "smtps":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                host, parts.port or 465, timeout=self._timeout, context=safe
            )
        else:
            connection = smtplib.SMTP(host, parts.port or 587, timeout=self._timeout)
        try:
            if parts.scheme == "smtp" and dict(parse_qsl(parts.query)).get("tls") != "none":
                connection.starttls(context=safe)
            if parts.username:
                connection.login(unquote(parts.username), unquote(parts.password or ""))
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def connected(settings: Settings, timeout_s: float = TIMEOUT_S) -> Iterator[Server]:
    """The settings' mail server for the length of a block."""
    server = Server(settings, timeout_s)
    try:
        yield server
    finally:
        server.close()


def _answer(code: int, text: bytes | str) -> Exception:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    told = f"the mail server answered {code} {' '.join(shown.split())}"[:500]
    return Refused(told) if code >= 500 else Failed(told)


def _told(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
