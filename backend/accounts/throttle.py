"""Guessing at log-ins is slowed down, for whoever guesses, on all servers together.

An attempt counts as failed before its password is looked at, and is given back when it was right: so a
hundred guesses at once are no more than a hundred one after the other. A browser in which an admin has
logged in before is counted by itself: strangers who guess at her address cannot keep her out of it.
"""

import hashlib
import ipaddress
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from backend.database import attempts
from backend.database.sessions import Database
from backend.studies.refusals import Refused

FREE = 5
"""So many failures in a row cost nothing."""
FREE_OF_A_CLIENT = 20
"""A client may be a whole clinic behind one address."""
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(minutes=15)
"""After a wait is over, and no failure since."""
SKEW = timedelta(minutes=1)
"""Servers' clocks may differ by so much; a failure further in the future is a clock that was wrong."""
IPV6_OF_A_CLIENT = 64
"""Bits: who has an address of version 6 has all those that begin alike."""

Guesser = Mapping[str, int]
"""Under which keys somebody's failures are counted, each with how many are free; the first is her own."""


class TooManyAttempts(Refused):
    """Whoever logs in must wait for ``seconds``. Said alike whether the account exists or not."""

    def __init__(self, seconds: int) -> None:
        minutes = math.ceil(seconds / 60)
        wait = f"{seconds} seconds" if seconds < 60 else f"{minutes} minute{'s' if minutes > 1 else ''}"
        super().__init__(f"Too many failed log-ins. Please wait {wait} and try again.")
        self.seconds = seconds


def stranger(email: str, client: str) -> Guesser:
    """Who guesses at an address from a browser that has not logged in with it, at some network address."""
    return _keys(address=(email.strip().lower(), FREE), client=(_network(client), FREE_OF_A_CLIENT))


def known_browser(number: str) -> Guesser:
    """A browser in which the account has been logged in before."""
    return _keys(browser=(number, FREE))


def logged_in_already(email: str) -> Guesser:
    """An admin who is asked for her password, or for a code, although she is logged in."""
    return _keys(admin=(email, FREE))


def begin_attempt(database: Database, guesser: Guesser) -> None:
    """Count an attempt as failed; raise ``TooManyAttempts`` where it must wait."""
    with database.write() as session:
        now = datetime.now(UTC)
        held = attempts.lock(session, guesser, now)
        for key, free in guesser.items():
            one = held[key]
            if _is_over(one.count, one.last_at, now, free):
                one.count = 0
            wait = _wait(one.count, free)
            # A failure just now may be later than `now`: of one who held the row, or of another server.
            if wait and one.last_at + wait > now:
                raise TooManyAttempts(math.ceil((one.last_at + wait - now).total_seconds()))
        for one in held.values():
            one.count, one.last_at = one.count + 1, now
        attempts.forget(session, before=now - 2 * (LONGEST_WAIT + FORGOTTEN_AFTER), after=now + SKEW)


def give_back(database: Database, guesser: Guesser, *, whole: bool) -> None:
    """The attempt was right. After a ``whole`` log-in what is her own begins anew; the client does not, or
    who has an account could guess at others in between.
    """
    with database.write() as session:
        attempts.take_back(session, guesser)
        if whole:
            attempts.clear(session, next(iter(guesser)))


def _is_over(count: int, last_at: datetime, now: datetime, free: int) -> bool:
    return last_at > now + SKEW or now > last_at + _wait(count, free) + FORGOTTEN_AFTER


def _wait(count: int, free: int) -> timedelta:
    """How long after the last of so many failures: doubled with each, up to the longest."""
    beyond = count - free
    return min(FIRST_WAIT * 2 ** min(beyond, 10), LONGEST_WAIT) if beyond >= 0 else timedelta(0)


def _network(client: str) -> str:
    try:
        version = ipaddress.ip_address(client).version
    except ValueError:
        return client
    return str(ipaddress.ip_network(f"{client}/{IPV6_OF_A_CLIENT}", strict=False)) if version == 6 else client


def _keys(**given: tuple[str, int]) -> Guesser:
    # Hashed: what was typed into the field of the address may be a password.
    return {
        hashlib.sha256(f"{kind}:{value}".encode("utf-8", "replace")).hexdigest(): free
        for kind, (value, free) in given.items()
        if value or kind == "address"
    }
