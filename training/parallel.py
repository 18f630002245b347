"""Work spread over processes with its results in order, a bounded number of them at a time."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import FrameType
from typing import Generic, TypeVar

from training.errors import Interrupted, UserError

Task = TypeVar("Task")
Result = TypeVar("Result")
Kept = TypeVar("Kept")

AHEAD = 4
"""Tasks in flight for each worker: enough to keep all busy while the oldest is slow."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ordered_map(
    function: Callable[[Task], Result], tasks: Iterable[Task], workers: int
) -> Generator[Result, None, None]:
    """Yield ``function(task)`` for each task in order, computed by ``workers`` processes (1: this one).

    Memory is bounded however many tasks there are; closing the generator ends the workers. Raises
    ``UserError`` where a worker was killed.
    """
    if workers == 1:
        yield from map(function, tasks)
        return
    with _processes([workers]) as submit:
        pending: deque[Submitted] = deque()
        for task in tasks:
            pending.append(submit(0, function, task))
            if len(pending) >= workers * AHEAD:
                yield pending.popleft().result().result()
        while pending:
            yield pending.popleft().result().result()


class Team(Generic[Kept]):
    """Processes that each keep an object of their own between tasks: a share of some large whole.

    Tasks are functions that are given the kept object first. A team of one works in this process.
    """

    def __init__(self, make: Callable[[], Kept], submit: "Submit | None", size: int) -> None:
        """Use ``hired``."""
        self.size = size
        self._submit = submit
        self._make = make
        self._kept = make() if submit is None else None

    def each(self, function: Callable[..., Result], tasks: Iterable[tuple]) -> Iterator[Result]:
        """Yield ``function(kept, *task)`` for each task in order; the members take turns."""
        turns = ((task, [number % self.size]) for number, task in enumerate(tasks))
        return (answer for (answer,) in self._ask(function, turns, self.size * AHEAD))

    def all(self, function: Callable[..., Result], tasks: Iterable[tuple] = ((),)) -> Iterator[list[Result]]:
        """Yield, for each task in order, what ``function(kept, *task)`` gives of every member."""
        everyone = range(self.size)
        return self._ask(function, ((task, everyone) for task in tasks), AHEAD)

    def _ask(
        self, function: Callable[..., Result], tasks: Iterable[tuple[tuple, Iterable[int]]], ahead: int
    ) -> Iterator[list[Result]]:
        if self._submit is None:
            for task, _ in tasks:
                yield [function(self._kept, *task)]
            return
        pending: deque[list[Submitted]] = deque()
        for task, members in tasks:
            pending.append([self._submit(n, _with_kept, self._make, function, *task) for n in members])
            if len(pending) >= ahead:
                yield [answer.result().result() for answer in pending.popleft()]
        for asked in pending:
            yield [answer.result().result() for answer in asked]


@contextmanager
def hired(make: Callable[[], Kept], size: int) -> Iterator[Team[Kept]]:
    """A team of ``size`` processes, each with what ``make`` makes; they start with the first task.

    Raises ``UserError`` where a member was killed.
    """
    if size == 1:
        yield Team(make, None, 1)
        return
    with _processes([1] * size) as submit:
        yield Team(make, submit, size)


Submitted = Future[Future]
Submit = Callable[..., Submitted]


@contextmanager
def _processes(sizes: list[int]) -> Iterator[Submit]:
    """Start a pool of each size; yields what submits to the pool of a number, with a future of a future."""
    # Spawned, not forked: a fork copies threads' locks (the progress bar's) in whatever state they are.
    context = multiprocessing.get_context("spawn")
    lifeline, held = context.Pipe(duplex=False)
    pools = [ProcessPoolExecutor(size, context, _begin, (lifeline,)) for size in sizes]
    # Workers are started within `submit`. A thread of its own does that, since no signal's handler can break
    # into it half-way, and leaves them SIGINT blocked: Ctrl-C reaches them too, but one alone is to answer.
    starter = ThreadPoolExecutor(1, initializer=_block_interrupt)

    def submit(number: int, function: Callable, *arguments: object) -> Submitted:
        return starter.submit(pools[number].submit, function, *arguments)

    try:
        yield submit
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process died, most likely for want of memory. Try again with fewer --workers, where "
            "the command takes them, or with less else running."
        ) from error
    except BaseException:
        held.close()  # whatever stopped us: the workers need not finish what they are at
        raise
    finally:
        starter.shutdown()
        for pool in pools:
            pool.shutdown(cancel_futures=True)
        held.close()
        lifeline.close()


_kept: object = None
"""What this process keeps as a member of a team."""


def _with_kept(make: Callable[[], Kept], function: Callable[..., Result], *arguments: object) -> Result:
    global _kept  # noqa: PLW0603 - a pool's process has no other place that outlives a task
    if _kept is None:
        _kept = make()
    return function(_kept, *arguments)


@contextmanager
def interruptible(lost: str) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP end the block in ``Interrupted``, which says ``lost``, all tidied up."""
    main = threading.current_thread() is threading.main_thread()
    stopping = (signal.SIGTERM, signal.SIGHUP) if main else ()
    before = {number: signal.signal(number, _interrupt) for number in stopping}
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted: {lost}.") from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _block_interrupt() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _begin(lifeline: Connection) -> None:
    """Prepare a worker: one thread for its matrix products, and an end to it with its parent's.

    A thread ends it when the pipe's other end closes, be it by the parent's death.
    """
    # Read when NumPy is loaded, which the first task does. The other cores have workers of their own.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    def watch() -> None:
        lifeline.poll(None)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
