"""Several server processes behind one address: started together, replaced when one dies, ended together."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from threading import Event, Thread

from backend.database.schema import require_usable
from backend.database.sessions import Database
from backend.observing import metrics
from backend.settings import Settings
from training.errors import UserError

log = logging.getLogger("dermvtt.workers")

PAUSE_S = 1.0
"""Before a worker is replaced: one that always dies at once must not keep a core busy."""
LOOKING_S = 0.5
Ready = Callable[[str], None]
Run = Callable[[Settings, socket.socket, Ready], None]

# Each starts from nothing: a copy of a running process would share its locks and its database connections.
_spawning = get_context("spawn")


def supervise(settings: Settings, listener: socket.socket, ready: Ready, run: Run) -> None:
    """Serve with ``settings.workers`` processes until interrupted; ``ready`` once all of them serve.

    Raises ``UserError`` where one cannot start.
    """
    with closing(Database(settings.database)) as database:
        require_usable(database.engine)
    if settings.database.startswith("sqlite"):
        log.warning(
            "SQLite has one writer at a time: more workers show pages faster, and store nothing faster."
        )
    crew = _Crew(settings, listener, run)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: crew.stop())
    crew.work(ready)


@dataclass
class _Worker:
    process: SpawnProcess
    sign: Connection
    serves: bool = False


class _Crew:
    def __init__(self, settings: Settings, listener: socket.socket, run: Run) -> None:
        self.stopping = Event()
        self._settings, self._listener, self._run = settings, listener, run
        self._workers: list[_Worker] = []

    def stop(self) -> None:
        """End, by a signal; asked again, let the workers end without their delay."""
        if self.stopping.is_set():
            _ask_to_end(self._workers)
        self.stopping.set()

    def work(self, ready: Ready) -> None:
        """Keep all places filled until told to stop."""
        workers = self._workers = [self._start() for _ in range(self._settings.workers)]
        told = False
        try:
            while not self.stopping.is_set():
                awaited = [one.sign for one in workers if not one.serves]
                happened = connection.wait([*(one.process.sentinel for one in workers), *awaited], LOOKING_S)
                for place, worker in enumerate(workers):
                    if worker.sign in happened:
                        worker.serves = _has_signed(worker.sign)
                    if worker.process.sentinel in happened:
                        workers[place] = self._replace(worker, told)
                if not told and all(one.serves for one in workers):
                    told = True
                    ready(self._settings.base_url)
        finally:
            _end(workers)

    def _start(self) -> _Worker:
        sign, theirs = _spawning.Pipe(duplex=False)
        arguments = (self._settings, self._listener, theirs, self._run)
        process = _spawning.Process(target=_work, args=arguments)
        process.start()
        theirs.close()
        return _Worker(process, sign)

    def _replace(self, worker: _Worker, told: bool) -> _Worker:
        worker.process.join()
        worker.sign.close()
        metrics.forget(worker.process.pid or 0)
        if not told:
            raise UserError("the server's processes cannot start; what is wrong is said above.")
        if not self.stopping.is_set():
            log.error("worker %s ended (%s): replaced", worker.process.pid, worker.process.exitcode)
            self.stopping.wait(PAUSE_S)
        return worker if self.stopping.is_set() else self._start()


def _has_signed(sign: Connection) -> bool:
    try:
        sign.recv()
    except EOFError:
        return False
    return True


def _ask_to_end(workers: list[_Worker]) -> None:
    for one in workers:
        if one.process.is_alive():
            one.process.terminate()


def _end(workers: list[_Worker]) -> None:
    _ask_to_end(workers)
    for one in workers:
        one.process.join()


def _work(settings: Settings, listener: socket.socket, sign: Connection, run: Run) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    try:
        run(settings, listener, lambda _: sign.send(True))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


def _end_with_parent() -> None:
    """A worker whose supervisor was killed would hold the address for ever."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
