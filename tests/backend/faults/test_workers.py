"""Several processes behind one address: one is killed, the others go on, and it is replaced."""

import os
import re
import signal
import socket
import threading
import time
import urllib.request
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.backend.faults.raters import await_more, browsers_of, check, rating
from tests.browser.serving import launch

STARTED = re.compile(r"Started server process \[(\d+)\]")


def free_pair() -> int:
    """A port that is free, and the next one with it."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first, suppress(OSError):
            number = first.getsockname()[1]
            socket.create_server(("127.0.0.1", number + 1)).close()
            return number


@pytest.mark.parametrize("study", ["postgresql"], indirect=True)
def test_a_worker_is_killed_under_load_and_replaced(study, tmp_path):
    settings, tokens, keys = study
    log = tmp_path / "server.log"
    port = free_pair()
    process, address = launch(settings, log, DERMVTT_WORKERS="2", DERMVTT_METRICS_PORT=str(port))
    browsers = browsers_of(tokens, keys, [urlsplit(address).netloc], threading.Event())
    try:
        first = STARTED.findall(log.read_text())
        assert len(first) == 2
        for own in (port, port + 1):
            with urllib.request.urlopen(f"http://127.0.0.1:{own}/metrics") as reply:
                assert b"dermvtt" in reply.read()
        with rating(browsers) as running:
            await_more(browsers, running)
            os.kill(int(first[0]), signal.SIGKILL)
            await_more(browsers, running)
            ends = time.monotonic() + 60
            while len(STARTED.findall(log.read_text())) < 3:
                assert time.monotonic() < ends
                time.sleep(0.05)
            await_more(browsers, running)
        assert f"worker {first[0]} ended (-9): replaced" in log.read_text()
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0
    check(settings, tokens, browsers)
    for number in STARTED.findall(log.read_text()):
        with pytest.raises(ProcessLookupError):
            os.kill(int(number), 0)


@pytest.mark.parametrize("study", ["sqlite"], indirect=True)
def test_workers_end_when_their_supervisor_is_killed(study, tmp_path):
    settings, _, _ = study
    log = tmp_path / "server.log"
    process, _ = launch(settings, log, DERMVTT_WORKERS="2")
    assert "SQLite has one writer" in log.read_text()
    process.kill()
    process.wait(timeout=30)
    ends = time.monotonic() + 60
    while log.read_text().count("Finished server process") < 2:
        assert time.monotonic() < ends
        time.sleep(0.05)
