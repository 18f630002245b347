"""Several processes behind one address: one is killed, the others go on, and it is replaced."""

import os
import re
import signal
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from tests.backend.faults.raters import await_more, browsers_of, check, rating
from tests.backend.operations.test_metrics import free_port
from tests.browser.serving import launch

STARTED = re.compile(r"Started server process \[(\d+)\]")


def ready(address: str) -> bool:
    """What the process says that happens to be asked."""
    try:
        with urllib.request.urlopen(f"{address}/readyz"):
            return True
    except urllib.error.HTTPError as refused:
        refused.close()
        return False


def counted(address: str, **headers: str) -> float:
    """How many answers all processes have acknowledged, by what one of them says."""
    with urllib.request.urlopen(urllib.request.Request(f"{address}/metrics", headers=headers)) as reply:
        return float(re.search(r"^dermvtt_answers_total ([\d.]+)", reply.read().decode(), re.MULTILINE)[1])


@pytest.mark.parametrize("study", ["postgresql"], indirect=True)
def test_a_worker_is_killed_under_load_and_replaced(study, tmp_path):
    settings, tokens, keys = study
    log = tmp_path / "server.log"
    (folder := tmp_path / "tmp").mkdir()
    apart = free_port()
    metrics = {"DERMVTT_METRICS_PORT": str(apart), "DERMVTT_METRICS_TOKEN": "token", "TMPDIR": str(folder)}
    metrics |= {"DERMVTT_SHUTDOWN_DELAY": "600"}
    process, address = launch(settings, log, DERMVTT_WORKERS="2", **metrics)
    browsers = browsers_of(tokens, keys, [urlsplit(address).netloc], threading.Event())
    try:
        first = STARTED.findall(log.read_text())
        assert len(first) == 2
        with rating(browsers) as running:
            await_more(browsers, running)
            os.kill(int(first[0]), signal.SIGKILL)
            await_more(browsers, running)
            ends = time.monotonic() + 60
            while len(STARTED.findall(log.read_text())) < 3:
                assert time.monotonic() < ends
                time.sleep(0.05)
            await_more(browsers, running)
        # Whoever is asked answers for all, for the one that was killed, too.
        asked = [counted(address, Authorization="Bearer token") for _ in range(4)]
        asked.append(counted(f"http://127.0.0.1:{apart}"))
        assert len(set(asked)) == 1
        assert asked[0] >= sum(len(one.acknowledged) for one in browsers)
        assert f"worker {first[0]} ended (-9): replaced" in log.read_text()
    finally:
        process.terminate()
        while any(ready(address) for _ in range(10)):  # until both have heard it
            time.sleep(0.05)
        process.terminate()  # asked again, they do not wait for a load balancer
        assert process.wait(timeout=30) == 0
    check(settings, tokens, browsers)
    assert list(folder.iterdir()) == []
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
