"""Where answers are handed in: those that wait are stored together, each acknowledged after the commit.

A commit waits for the disk. While one is on its way others come in, and the next commit takes them all along:
the busier the server, the more of them share one wait for the disk.
"""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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


class Desk:
    """Takes parcels from any event loop or thread and stores them in one thread of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Parcel, Future[Outcome]]] = []
        self._guard = Lock()
        self._working = False
        self._clerk = ThreadPoolExecutor(1, thread_name_prefix="desk")

    async def hand_in(self, parcel: Parcel) -> Receipt:
        """Store a parcel; when this returns, what its receipt names as saved is on disk.

        Raises ``Unknown`` for a wrong link, ``Busy`` where too many wait, and what the database raised.
        """
        outcome = await asyncio.wrap_future(self._leave(parcel))
        if isinstance(outcome, Unknown):
            raise outcome
        return outcome

    def close(self) -> None:
        """Store what waits, then stop."""
        self._clerk.shutdown(wait=True)

    def _leave(self, parcel: Parcel) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        future.set_running_or_notify_cancel()  # who goes away meanwhile has handed it in all the same
        with self._guard:
            if len(self._waiting) >= MOST_WAITING:
                raise Busy("Too many answers are coming in at once. Please try again in a moment.")
            self._waiting.append((parcel, future))
            if not self._working:
                self._working = True
                self._clerk.submit(self._work)
        return future

    def _work(self) -> None:
        while True:
            with self._guard:
                batch = self._waiting[:MOST_TOGETHER]
                del self._waiting[:MOST_TOGETHER]
                if not batch:
                    self._working = False
                    return
            self._store(batch)

    def _store(self, batch: Sequence[tuple[Parcel, Future[Outcome]]]) -> None:
        try:
            with self._database.write() as session:
                outcomes = record(session, [parcel for parcel, _ in batch])
        except Exception as error:
            if len(batch) == 1 or outage_of(error):
                self._fail(batch, error)
                return
            # Whatever it was that one of them ran into: the others must not fail with it.
            log.info("storing %d parcels one by one: %s", len(batch), type(error).__name__)
            for one in batch:
                self._store([one])
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            future.set_result(outcome)

    def _fail(self, batch: Sequence[tuple[Parcel, Future[Outcome]]], error: Exception) -> None:
        if outage_of(error):
            # Whoever waits would run into the same, each lot after the lot before: they come back instead.
            with self._guard:
                batch = [*batch, *self._waiting]
                self._waiting.clear()
        for _, future in batch:
            future.set_exception(error)
