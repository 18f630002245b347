"""Acknowledged means committed: servers are killed under load, and every answer is there once."""

import random
import threading
import time
from urllib.parse import urlsplit

import pytest

from tests.backend.faults.raters import await_more, browsers_of, check, rating
from tests.browser.serving import launch

KILLS = 3


class Servers:
    """Real server processes on one database, each at an address of its own that it keeps."""

    def __init__(self, settings, log, count):
        self.settings, self.log = settings, log
        self.running = [launch(settings, log) for _ in range(count)]

    def addresses(self):
        return [urlsplit(address).netloc for _, address in self.running]

    def kill(self, which):
        """SIGKILL, and start anew."""
        process, address = self.running[which]
        process.kill()
        process.wait(timeout=20)
        self.running[which] = launch(self.settings, self.log, port=urlsplit(address).port)

    def stop(self):
        for process, _ in self.running:
            process.terminate()
        for process, _ in self.running:
            process.wait(timeout=30)


@pytest.mark.parametrize(("study", "count"), [("sqlite", 1), ("postgresql", 2)], indirect=["study"])
def test_no_acknowledged_answer_is_lost_and_none_is_doubled(study, count, tmp_path):
    settings, tokens, keys = study
    servers, moments = Servers(settings, tmp_path / "server.log", count), random.Random(7)
    browsers = browsers_of(tokens, keys, servers.addresses(), threading.Event())
    try:
        with rating(browsers) as running:
            for number in range(KILLS):
                await_more(browsers, running)
                time.sleep(moments.uniform(0, 0.5))
                servers.kill(number % count)
            await_more(browsers, running)
    finally:
        servers.stop()
    assert sum(one.failed for one in browsers) >= KILLS  # the killing was felt
    check(settings, tokens, browsers)
