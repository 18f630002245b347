"""The numbers for Prometheus, as real servers give them."""

import socket
import urllib.request
from contextlib import closing
from urllib.parse import urlencode

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.backend.operations.deployed import deployed
from tests.support import consent

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
TOKEN = "a token for metrics"


def numbers(text):
    families = text_string_to_metric_families(text)
    return {
        (one.name, *sorted(one.labels.items())): one.value for family in families for one in family.samples
    }


def named(found, name, **labels):
    return found.get((name, *sorted(labels.items())))


def free_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as one:
        return one.getsockname()[1]


def test_processes_share_their_numbers_behind_a_token_and_on_a_port_of_its_own(world, tmp_path):
    consent(world)
    link, apart = f"/r/{world.link['ED1']}", free_port()
    environment = {
        "PROMETHEUS_MULTIPROC_DIR": tmp_path / "numbers",
        "DERMVTT_METRICS_TOKEN": TOKEN,
        "DERMVTT_METRICS_PORT": apart,
    }
    log = tmp_path / "log"
    with (
        deployed(world.settings, log, **environment) as one,
        deployed(world.settings, log, **environment) as two,
    ):
        for number, server in enumerate((one, two, two)):
            answer = urlencode({"submission": f"submission-{number}", "answer": "real"})
            assert server.ask("POST", f"{link}/rate/{number + 1}", answer, **FORM).status == 303
        assert two.ask("HEAD", "/healthz").status == 200
        two.get(f"/nowhere/{world.link['ED1']}")
        assert two.get("/metrics").status == 404
        assert two.get("/metrics", Authorization="Bearer another").status == 404
        reply = one.get("/metrics", Authorization=f"Bearer {TOKEN}")
        assert reply.status == 200
        with urllib.request.urlopen(f"http://127.0.0.1:{apart}/metrics", timeout=20) as other:
            elsewhere = numbers(other.read().decode())
    found = numbers(reply.text)
    assert world.link["ED1"] not in reply.text
    for seen in (found, elsewhere):
        assert named(seen, "dermvtt_answers_total") == 3
        assert named(seen, "dermvtt_request_seconds_count", route="/r/{token}/rate/{position}") == 3
    route = {"route": "/r/{token}/rate/{position}"}
    assert named(found, "dermvtt_requests_total", method="POST", status="303", **route) == 3
    assert named(found, "dermvtt_requests_total", method="HEAD", status="200", route="/healthz") == 1
    assert named(found, "dermvtt_requests_total", method="GET", status="404", route="(none)") == 1
    assert named(found, "dermvtt_requests_in_flight") == 1
    assert named(found, "dermvtt_database_connections", state="open") >= 1
    assert named(found, "dermvtt_database_connections", state="in_use") == 0
    assert [value for key, value in found.items() if key[0] == "dermvtt_build_info"] == [1]


def test_without_a_token_there_are_no_metrics(browser):
    assert browser.get("/metrics").status_code == 404
    assert browser.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
