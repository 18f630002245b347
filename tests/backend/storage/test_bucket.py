"""A bucket that cannot be reached, is slow, refuses, or answers with something else."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from backend.settings import load_settings
from backend.storage import ImageLost, ImageStore, StorageUnavailable, make_bucket, open_store
from backend.storage.bucket import Bucket, BucketSettings
from backend.studies.mixes import import_mix
from tests.backend.storage.conftest import KEY, SECRET, in_bucket
from training.errors import UserError


@contextmanager
def server_of(answer):
    """A server on the loopback interface: ``answer`` is given each request's handler."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self):
            answer(self)

        do_GET = do_PUT = do_HEAD = handle_any  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def bucket(endpoint, **bounds):
    chosen = BucketSettings(url="s3://images", endpoint=endpoint, key=KEY, secret=SECRET, **bounds)
    return ImageStore(Bucket(chosen))


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_a_bucket_that_is_not_there_is_made_once(s3, tmp_path, region):
    name = f"made-{tmp_path.name.replace('_', '-')}"
    settings = in_bucket(tmp_path, s3.address, f"{name}/below").model_copy(update={"s3_region": region})
    with pytest.raises(StorageUnavailable, match="there is no such bucket"):
        open_store(settings).check()
    assert [make_bucket(settings) for _ in range(2)] == [True, False]
    Bucket(_chosen(settings))._make()  # as by two who begin together
    open_store(settings).check()
    placed = s3.client.get_bucket_location(Bucket=name)["LocationConstraint"]
    assert (placed or "us-east-1") == region


def test_a_bucket_that_may_not_be_made_is_said():
    def answer(handler):
        code = b"AccessDenied" if "X-Amz-Signature" in handler.path else b"NoSuchBucket"
        handler.send_response(403 if code == b"AccessDenied" else 404)
        handler.send_header("Content-Length", str(len(code)))
        handler.end_headers()
        handler.wfile.write(code)

    with server_of(answer) as address, pytest.raises(StorageUnavailable, match=r"cannot be made.*403"):
        Bucket(BucketSettings(url="s3://images", endpoint=address, key=KEY, secret=SECRET)).make()


def _chosen(settings):
    return BucketSettings(
        url=settings.images_url,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        key=settings.s3_key,
        secret=settings.s3_secret,
    )


@pytest.fixture
def nowhere():
    """An address at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def test_storage_that_cannot_be_reached_is_said_by_its_address_and_without_secrets(nowhere):
    store = bucket(nowhere)
    for attempt in (store.check, lambda: store.get("0" * 64), lambda: next(store.iterate())):
        with pytest.raises(StorageUnavailable, match=nowhere) as refused:
            attempt()
        assert "cannot be reached" in str(refused.value)
        assert SECRET not in str(refused.value)


def test_slow_storage_is_waited_for_only_so_long():
    over = threading.Event()
    with server_of(lambda _: over.wait(30)) as address:
        started = time.monotonic()
        with pytest.raises(StorageUnavailable, match="takes too long"):
            bucket(address, timeout=0.3, patience=0.5).get("0" * 64)
        assert time.monotonic() - started < 10  # not the thirty seconds that the server takes
        over.set()


def test_storage_that_answers_with_another_image_is_not_believed():
    asked = []

    def answer(handler):
        asked.append(handler.path)
        body = b"some other picture"
        handler.send_response(200)
        for name, value in (
            ("Content-Length", str(len(body))),
            ("ETag", '"x"'),
            ("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
        ):
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    with server_of(answer) as address, pytest.raises(ImageLost, match="altered"):
        bucket(address).for_rater("0" * 64)
    assert len(asked) == 2  # once more, in case it was garbled on its way


def test_storage_that_refuses_is_said_and_not_asked_again():
    def answer(handler):
        handler.send_response(403)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with server_of(answer) as address, pytest.raises(StorageUnavailable, match="access is denied"):
        bucket(address).check()


def test_a_bucket_that_is_not_there_is_said(s3, tmp_path):
    with pytest.raises(StorageUnavailable, match="no such bucket"):
        open_store(in_bucket(tmp_path, s3.address, "none")).check()


def test_key_and_secret_can_lie_in_files(s3, tmp_path, monkeypatch):
    for name in ("key", "secret"):
        (tmp_path / name).write_text(f"{name} of mine\n")
        monkeypatch.setenv(f"DERMVTT_S3_{name.upper()}_FILE", str(tmp_path / name))
    settings = load_settings()
    assert settings.s3_key.get_secret_value() == "key of mine"
    assert settings.s3_secret.get_secret_value() == "secret of mine"
    assert "of mine" not in repr(settings)


@pytest.mark.parametrize("name", ["IMAGES_URL", "S3_ENDPOINT"])
def test_an_address_with_a_password_in_it_is_refused_without_showing_it(monkeypatch, name):
    """Messages name the place of the images, also to admins."""
    scheme = "s3" if name == "IMAGES_URL" else "https"
    monkeypatch.setenv(f"DERMVTT_{name}", f"{scheme}://key:hidden@storage.example.org")
    with pytest.raises(UserError, match="key and secret have settings of their own") as refused:
        load_settings()
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_mix_goes_into_a_bucket_whole_or_not_at_all(database, bucket_settings, make_mix, nowhere, tmp_path):
    with pytest.raises(StorageUnavailable):
        import_mix(database, open_store(in_bucket(tmp_path, nowhere)), make_mix())
    imported = import_mix(database, open_store(bucket_settings), make_mix())
    assert (imported.new, imported.mix.id) == (True, 1)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_raters_are_told_to_come_back_while_images_cannot_be_reached(world, browser, application, nowhere):
    from backend.database.tables import Presentation
    from tests.support import consent

    consent(world, "ED1")
    with world.database.read() as session:
        key = session.query(Presentation.key).first()[0]
    address = f"/r/{world.link['ED1']}/images/{key}.png"
    kept, application.state.images = application.state.images, bucket(nowhere)
    reply = browser.get(address)
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
    assert "cannot be reached at the moment" in reply.text
    assert nowhere not in reply.text
    reply = browser.get(address, headers={"Accept": "application/json", "Accept-Language": "de"})
    assert "nicht erreichbar" in json.loads(reply.text)["error"]
    application.state.images = kept
    assert browser.get(address).status_code == 200
