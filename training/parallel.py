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
from typing import TypeVar

from training.errors import Interrupted, UserError

Task = TypeVar("Task")
Result = TypeVar("Result")

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
    # Spawned, not forked: a fork copies threads' locks (the progress bar's) in whatever state they are.
    context = multiprocessing.get_context("spawn")
    lifeline, held = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, initializer=_end_with, initargs=(lifeline,))
    # Workers are started within `submit`. A thread of its own does that, since no signal's handler can break
    # into it half-way, and leaves them SIGINT blocked: Ctrl-C reaches them too, but one alone is to answer.
    starter = ThreadPoolExecutor(1, initializer=_block_interrupt)

    def submit(task: Task) -> "Future[Future[Result]]":
        return starter.submit(pool.submit, function, task)

    try:
        yield from _in_order(submit, tasks, workers * AHEAD)
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process died, most likely for want of memory. Try again with fewer --workers."
        ) from error
    except BaseException:
        held.close()  # whatever stopped us: the workers need not finish what they are at
        raise
    finally:
        starter.shutdown()
        pool.shutdown(cancel_futures=True)
        held.close()
        lifeline.close()


def _in_order(
    submit: "Callable[[Task], Future[Future[Result]]]", tasks: Iterable[Task], ahead: int
) -> Iterator[Result]:
    pending: deque[Future[Future[Result]]] = deque()
    for task in tasks:
        pending.append(submit(task))
        if len(pending) >= ahead:
            yield pending.popleft().result().result()
    while pending:
        yield pending.popleft().result().result()


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


def _end_with(lifeline: Connection) -> None:
    """Start a thread that ends this worker when the pipe's other end closes, be it by its parent's death."""

    def watch() -> None:
        lifeline.poll(None)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
