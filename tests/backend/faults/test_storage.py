"""The storage of images is away, hangs or lies: raters are told to come back, and their answers go on."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest

from backend.database.sessions import Database
from backend.operations.check import findings
from backend.storage import ImageStore, open_store
from tests.backend.faults.line import line_to
from tests.backend.faults.raters import FORM, JSON
from tests.backend.storage.conftest import KEY, SECRET, in_bucket, s3
from tests.browser.serving import launch

__all__ = ["s3"]
MORE = 80  # than the server has threads


class Asking:
    """The raters of a study, and the server that they ask."""

    def __init__(self, address, tokens, keys):
        self.address, self.tokens, self.keys = urlsplit(address).netloc, tokens, keys

    def ask(self, path, body=None, kind=JSON, **more):
        with closing(HTTPConnection(self.address, timeout=60)) as connection:
            headers = {"Content-Type": kind, "Accept": JSON} | more
            connection.request("GET" if body is None else "POST", path, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.getheader("Retry-After"), reply.read()

    def image(self, rater, position):
        return self.ask(f"/r/{self.tokens[rater]}/images/{self.keys[rater][position]}.png")

    def in_flight(self):
        status, _, text = self.ask("/metrics", Authorization="Bearer token")
        assert status == 200
        return float(re.search(rb"^dermvtt_requests_in_flight ([\d.]+)", text, re.MULTILINE)[1])

    def answer(self, name):
        """By script and by form."""
        entry = {"id": f"script-{name}", "image": self.keys[0][1], "answer": "real"}
        status, _, text = self.ask(f"/r/{self.tokens[0]}/answers", json.dumps({"answers": [entry]}))
        assert (status, json.loads(text)["saved"]) == (200, [f"script-{name}"])
        form = urlencode({"submission": f"form-{name}", "answer": "real"})
        assert self.ask(f"/r/{self.tokens[1]}/rate/1", form, FORM)[0] == 303


@pytest.mark.parametrize("study", ["sqlite"], indirect=True)
def test_storage_that_is_away_hangs_or_lies(study, s3, tmp_path):
    settings, tokens, keys = study
    with line_to(s3.address) as (line, address):
        kept = in_bucket(tmp_path, address, f"images/{tmp_path.name}")
        store, folder = open_store(kept), ImageStore(settings.images_dir)
        for sha256 in folder.iterate():
            store.put(folder.get(sha256))
        environment = {
            "DERMVTT_IMAGES_URL": kept.images_url,
            "DERMVTT_S3_ENDPOINT": address,
            "DERMVTT_S3_KEY": KEY,
            "DERMVTT_S3_SECRET": SECRET,
            "DERMVTT_METRICS_TOKEN": "token",
        }
        process, server = launch(settings, tmp_path / "log", **environment)

        raters = Asking(server, tokens, keys)
        try:
            assert raters.image(0, 1)[0] == 200
            line.mode = "lies"
            status, _, told = raters.image(0, 2)
            assert status == 500
            assert b"PNG" not in told
            line.mode = "cut"
            assert raters.image(0, 2)[:2] == (503, "5")
            assert raters.image(0, 1)[0] == 200  # who was shown it lately is shown it again
            assert json.loads(raters.ask("/readyz")[2])["parts"]["storage"] != "ok"
            raters.answer("cut")

            line.mode = "hangs"
            with ThreadPoolExecutor(MORE) as pool:
                asked = [pool.submit(raters.image, 1, one) for one in range(1, MORE + 1)]
                ends = time.monotonic() + 30
                while raters.in_flight() < MORE - 1:
                    assert time.monotonic() < ends
                    time.sleep(0.01)
                # Not behind all those who wait for their images.
                raters.answer("hangs")
                assert 503 not in {one.result()[0] for one in asked if one.done()}
                line.mode = "through"
                line.go_on.set()
                wait(asked)
            assert {one.result()[0] for one in asked} <= {200, 503}

            assert raters.image(0, 2)[0] == 200
        finally:
            process.terminate()
            process.wait(timeout=30)
        log = (tmp_path / "log").read_text()
        assert "has been altered in s3://" in log
        assert SECRET not in log
        database = Database(settings.database)
        with closing(database):
            assert findings(database, open_store(kept)) == []
