"""Whether a server can do its work: each part is asked, all within a time that does not depend on them."""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from threading import Event, Lock, Thread

log = logging.getLogger("dermvtt.readiness")

LONGEST_S = 3.0
OK, STOPPING, SILENT, FAILED = "ok", "shutting down", "does not answer", "failed"

Check = Callable[[], str]
"""Says ``ok``, or in a few words, without addresses or secrets, what is wrong; may never end, or raise."""


class Readiness:
    """The parts that a server needs, and whether it has been asked to stop."""

    def __init__(self, checks: Mapping[str, Check], longest: float = LONGEST_S) -> None:
        self._checks = checks
        self._longest = longest
        self._asked: dict[str, Future[str]] = {}
        self._guard = Lock()
        self._stopping = Event()

    def stop(self) -> None:
        """From now on the server is not ready; may be called from a signal's handler."""
        self._stopping.set()

    def parts(self) -> dict[str, str]:
        """Each part's state; every one is ``ok`` where the server is ready."""
        asked = {name: self._ask(name) for name in self._checks}
        ends = time.monotonic() + self._longest
        states = {"server": STOPPING if self._stopping.is_set() else OK}
        for name, answer in asked.items():
            try:
                states[name] = answer.result(max(0.0, ends - time.monotonic()))
            except StillWaiting:
                states[name] = SILENT
        return states

    def _ask(self, name: str) -> Future[str]:
        # One question at a time for each part: however often probes come, threads that hang do not add up.
        with self._guard:
            running = self._asked.get(name)
            if running is None or running.done():
                running = self._asked[name] = Future()
                # A daemon: a database that never answers does not keep the process from ending.
                Thread(target=self._run, args=(name, running), name=f"ready-{name}", daemon=True).start()
            return running

    def _run(self, name: str, answer: Future[str]) -> None:
        try:
            answer.set_result(self._checks[name]())
        except Exception as error:
            log.warning("%s is not ready: %s: %s", name, type(error).__name__, error)
            answer.set_result(FAILED)
