"""A training that is killed, or runs out of disk, loses nothing that it had saved."""

import os
import random
import resource
import signal
import time

import pytest

from tests.training.test_resume import equal, everything
from training.checkpoint import CHECKPOINTS, checkpoints
from training.errors import UserError
from training.files import PARTIAL
from training.runs import resumed

OFTEN = "checkpoint_every=8"
"""A checkpoint with every step: whenever it is killed, one is being written or just was."""


def in_a_child(work):
    """Run ``work`` in a process of its own that ends with what it returns, or with 70 where it fails."""
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        code = work()
    finally:
        os._exit(code)


def trains_on(run, dataset):
    def work():
        resumed(run, "pgan", dataset, None, (), None).train(lambda tick: None)
        return 0

    return work


def wait_for(condition, process):
    """Whether the condition came true before the process ended."""
    while not condition():
        if os.waitpid(process, os.WNOHANG)[0]:
            return False
        time.sleep(0.0005)
    return True


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_moments_it_ends_as_if_never_stopped(begin, dataset, seed):
    whole = begin("whole")
    begun = time.monotonic()
    whole.train(lambda tick: None)
    took = time.monotonic() - begun  # on a fast machine there is little time to be killed in
    run = begin("run", OFTEN).run
    moments, kills = random.Random(seed), 0
    for _ in range(6):
        process = in_a_child(trains_on(run, dataset))
        due = time.monotonic() + moments.uniform(0.02, 0.6) * took
        if not wait_for(lambda due=due: time.monotonic() > due, process):
            break
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        kills += 1
    assert kills
    last = resumed(run, "pgan", dataset, None, (), None)
    last.train(lambda tick: None)
    assert equal(everything(last.state), everything(whole.state))


def test_killed_while_it_writes_a_checkpoint_it_goes_on_from_the_one_before(begin, dataset):
    whole = begin("whole")
    whole.train(lambda tick: None)
    run = begin("run", OFTEN).run
    folder = run / CHECKPOINTS
    folder.mkdir()
    interrupted = 0
    while interrupted < 3:
        process = in_a_child(trains_on(run, dataset))
        begun = set()

        def writing(begun=begun, before=2 * interrupted + 1):
            begun.update(path.name for path in folder.glob(f"*{PARTIAL}*"))
            return len(begun) > before  # one of them was left by the kill before

        if not wait_for(writing, process):
            break
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        interrupted += 1
    assert interrupted > 1 and list(folder.glob(f"*{PARTIAL}*")), "never killed while writing"
    last = resumed(run, "pgan", dataset, None, (), None)
    last.train(lambda tick: None)
    assert equal(everything(last.state), everything(whole.state))
    assert not list(folder.glob(f"*{PARTIAL}*")), "what the killed ones left half written is still there"


def test_a_full_disk_stops_with_the_last_good_checkpoint(begin, dataset, tmp_path):
    # A limit on the size of a file is what a process without privileges can set itself; the system then
    # refuses to write on, as it does on a full disk.
    trainer = begin("run", OFTEN, "grid_every=1000")
    trainer.train(lambda tick: None, lambda: trainer.state.images_seen >= 24)
    said = tmp_path / "said"

    def work():
        again = resumed(trainer.run, "pgan", dataset, None, (), None)
        said.touch()
        handle = said.open("w")
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
        try:
            again.train(lambda tick: None)
        except UserError as error:
            handle.write(str(error))
            handle.close()
            return 3
        return 0

    _, status = os.waitpid(in_a_child(work), 0)
    assert os.waitstatus_to_exitcode(status) == 3
    text = said.read_text()
    assert "could not be written: File too large" in text
    assert f"the last good checkpoint is {trainer.run / CHECKPOINTS / '000000024'}" in text
    assert "--resume" in text
    assert [int(path.name) for path in checkpoints(trainer.run)] == [24, 16, 8]
    again = resumed(trainer.run, "pgan", dataset, None, (), None)
    again.train(lambda tick: None)
    assert again.state.images_seen == 104
