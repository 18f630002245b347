"""Where answers are handed in: those that wait are stored together, each acknowledged after the commit.

A commit waits for the disk. While one is on its way others come in, and the next commit takes them all along:
the busier the server, the more of them share one wait for the disk.
"""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

from backend.database.outages import outage_of
from backend.database.sessions import Database
from backend.studies.recording import Parcel, Receipt, record
from backend.studies.refusals import Busy, Unknown

log = logging.getLogger("dermvtt.desk")

MOST_TOGETHER = 64
"""Parcels in one transaction: the last of them waits for the work on all."""
MOST_WAITING = 5_000
"""Parcels that may wait; a browser that is turned away keeps its answers and sends them again."""

Outcome = Receipt | Unknown


@dataclass(frozen=True, slots=True)
class Waiting:
    """A parcel, and where its outcome is awaited."""

    parcel: Parcel
    future: asyncio.Future[Outcome]


class Desk:
    """Takes parcels from any event loop or thread and stores them in one thread of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[Waiting] = []
        self._guard = Lock()
        self._working = False
        self._clerk = ThreadPoolExecutor(1, thread_name_prefix="desk")

    async def hand_in(self, parcel: Parcel) -> Receipt:
        """Store a parcel; when this returns, what its receipt names as saved is on disk.

        Raises ``Unknown`` for a wrong link, ``Busy`` where too many wait, and what the database raised.
        """
        outcome = await self._leave(parcel)
        if isinstance(outcome, Unknown):
            raise outcome
        return outcome

    def close(self) -> None:
        """Store what waits, then stop."""
        self._clerk.shutdown(wait=True)

    def _leave(self, parcel: Parcel) -> asyncio.Future[Outcome]:
        one = Waiting(parcel, asyncio.get_running_loop().create_future())
        with self._guard:
            if len(self._waiting) >= MOST_WAITING:
                raise Busy("Too many answers are coming in at once. Please try again in a moment.")
            self._waiting.append(one)
            if not self._working:
                self._working = True
                self._clerk.submit(self._work)
        return one.future

    def _work(self) -> None:
        while True:
            with self._guard:
                batch = self._waiting[:MOST_TOGETHER]
                del self._waiting[:MOST_TOGETHER]
                if not batch:
                    self._working = False
                    return
            self._store(batch)

    def _store(self, batch: Sequence[Waiting]) -> None:
        try:
            with self._database.write() as session:
                outcomes = record(session, [one.parcel for one in batch])
        except Exception as error:
            if len(batch) == 1 or outage_of(error):
                self._fail(batch, error)
                return
            # Whatever it was that one of them ran into: the others must not fail with it.
            log.info("storing %d parcels one by one: %s", len(batch), type(error).__name__)
            for one in batch:
                self._store([one])
            return
        _tell(batch, outcomes)

    def _fail(self, batch: Sequence[Waiting], error: Exception) -> None:
        if outage_of(error):
            # Whoever waits would run into the same, each lot after the lot before: they come back instead.
            with self._guard:
                batch = [*batch, *self._waiting]
                self._waiting.clear()
        _tell(batch, [error] * len(batch))


def _tell(batch: Sequence[Waiting], outcomes: Sequence[Outcome | Exception]) -> None:
    """Give each its outcome: in its own event loop, and all of a loop in one go, as each call wakes it up."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[Waiting, Outcome | Exception]]] = {}
    for one, outcome in zip(batch, outcomes, strict=True):
        loops.setdefault(one.future.get_loop(), []).append((one, outcome))
    for loop, told in loops.items():
        try:
            loop.call_soon_threadsafe(_settle, told)
        except RuntimeError:
            log.debug("nobody waits any more: the event loop has ended")


def _settle(told: Sequence[tuple[Waiting, Outcome | Exception]]) -> None:
    for one, outcome in told:
        if one.future.done():
            continue  # its request was given up; it is stored all the same
        if isinstance(outcome, Exception) and not isinstance(outcome, Unknown):
            one.future.set_exception(outcome)
        else:
            one.future.set_result(outcome)
