"""A stand-in for the ISIC Archive: a real HTTP server that speaks what ``isic-cli`` uses of its interface.

The client can be sent to its developers' address (``ISIC_DEV``: http://127.0.0.1:8000) and, as every
program of ``requests``, through a proxy (``HTTP_PROXY``). The stand-in is that proxy, so that it works on
any free port and sees every request, those for the images' own host too.
"""

import base64
import io
import json
import os
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from PIL import Image

from training.phantom import draw

API = "/api/v2/"
COLLECTION = {
    "id": 66,
    "name": "Challenge 2018: Task 3: Training",
    "description": "Phantoms.",
    "public": True,
    "pinned": True,
    "locked": True,
    "doi": None,
}
LICENCE_TEXT = "Creative Commons Attribution-NonCommercial: a stand-in for its text.\n"
DIAGNOSES = (
    ("Benign", "Benign melanocytic proliferations", "Nevus"),
    ("Malignant", "Malignant melanocytic proliferations (Melanoma)", "Melanoma, NOS"),
    ("Benign", "Benign soft tissue proliferations - Vascular"),
    ("Malignant", "Malignant epidermal proliferations", "Squamous cell carcinoma, NOS"),
    ("Benign", "Benign epidermal proliferations", "Pigmented benign keratosis"),
)


@dataclass
class Archive:
    """One collection of phantoms, and what shall go wrong with it.

    ``faults`` name for an image what becomes of its next transfers, one after the other: ``cut`` (the
    connection, half-way), ``short`` (half of the file, sent as if it were the whole), ``refused`` (403) or
    ``hang``. ``ill`` is what the interface answers to everything: ``busy`` (503) or ``page`` (a login page).
    ``dies_after`` is after how many images the server is gone. ``sent`` are the images that went
    out whole, in order; ``asked`` all requests' paths.
    """

    count: int = 6
    size: int = 64
    page: int = 100
    faults: dict[str, list[str]] = field(default_factory=dict)
    ill: str = ""
    dies_after: int | None = None
    claimed_bytes: int | None = None
    sent: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = {f"ISIC_{24306 + index:07d}": self._jpeg(index) for index in range(self.count)}
        self.lock, self.gone = threading.Lock(), threading.Event()

    def __enter__(self) -> "Archive":
        archive = self

        class Bound(_Handler):
            standin = archive

        self.server = _Server(("127.0.0.1", 0), Bound)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.die()
        self.thread.join()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that send the client here."""
        return environment(self.port)

    def die(self) -> None:
        """Accept no connection any more, and answer none on those that there are."""
        self.gone.set()
        self.server.shutdown()
        self.server.server_close()

    def record(self, name: str, index: int) -> dict[str, object]:
        """One image as the archive's interface describes it."""
        levels = DIAGNOSES[index % len(DIAGNOSES)]
        clinical: dict[str, object] = {f"diagnosis_{at}": name for at, name in enumerate(levels, start=1)}
        clinical |= {"age_approx": 45 + index, "sex": "female", "lesion_id": f"IL_{index // 2:07d}"}
        url = f"http://content.archive.invalid/images/{name}.jpg?Signature=abc&Expires=1"
        return {
            "public": True,
            "isic_id": name,
            "copyright_license": "CC-BY-NC",
            "attribution": "ViDIR Group, Department of Dermatology, Medical University of Vienna",
            "files": {
                "full": {"url": url, "size": len(self.files[name])},
                "thumbnail_256": {"url": url, "size": 1},
            },
            "metadata": {
                "acquisition": {"pixels_x": self.size, "pixels_y": self.size, "image_type": "dermoscopic"},
                "clinical": clinical,
            },
        }

    def _jpeg(self, index: int) -> bytes:
        file = io.BytesIO()
        Image.fromarray(draw(0, index, self.size)).save(file, "JPEG", quality=90)
        return file.getvalue()


def environment(port: int) -> dict[str, str]:
    """This process' environment with the client sent to ``port`` of this machine, whatever else is set."""
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return clean | {"ISIC_DEV": "1", "HTTP_PROXY": f"http://127.0.0.1:{port}", "NO_PROXY": ""}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that were killed, and a server that died, are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    standin: Archive
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        archive = self.standin
        if archive.gone.is_set():
            self.close_connection = True
            return
        url = urlsplit(self.path)
        archive.asked.append(url.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if archive.ill == "busy":
            self._json({"message": "Later."}, HTTPStatus.SERVICE_UNAVAILABLE)
        elif archive.ill == "page":
            self._answer(b"<html>Please log in to this network.</html>", "text/html")
        elif url.path.startswith("/images/"):
            self._image(url.path.removeprefix("/images/").removesuffix(".jpg"))
        elif url.path == f"{API}collections/66/":
            self._json(COLLECTION)
        elif url.path == f"{API}images/search/size/":
            total = sum(map(len, archive.files.values()))
            self._json({"count": archive.count, "size": archive.claimed_bytes or total})
        elif url.path == f"{API}images/search/" and query.get("collections") == "66":
            self._page(query)
        elif url.path == f"{API}zip-download/license-file/CC-BY-NC/":
            self._answer(LICENCE_TEXT.encode(), "text/plain")
        else:
            self._json({"message": "Not found."}, HTTPStatus.NOT_FOUND)

    def log_message(self, *_: object) -> None:
        pass

    def _page(self, query: dict[str, str]) -> None:
        """Answer with a page by cursor; only the first one, as there, says how many there are in all."""
        archive = self.standin
        size = min(int(query.get("limit", archive.page)), archive.page)
        start = int(base64.b64decode(query["cursor"])) if "cursor" in query else 0
        names = list(archive.files)[start : start + size]
        following = None
        if start + size < archive.count:
            cursor = base64.b64encode(str(start + size).encode()).decode()
            url = f"{API}images/search/"
            following = urlunsplit(
                ("http", self.headers["Host"], url, urlencode(query | {"cursor": cursor}), "")
            )
        self._json(
            {
                "results": [archive.record(name, start + at) for at, name in enumerate(names)],
                "count": None if start else archive.count,
                "next": following,
                "previous": None,
            }
        )

    def _image(self, name: str) -> None:
        archive, data = self.standin, self.standin.files[name]
        with archive.lock:
            planned = archive.faults.get(name)
            fault = planned.pop(0) if planned else ""
            if not fault and archive.dies_after is not None and len(archive.sent) >= archive.dies_after:
                archive.die()
                fault = "cut"
            if not fault:
                archive.sent.append(name)
        if fault == "hang":
            archive.gone.wait()
        elif fault == "refused":
            self._answer(b"<Error>AccessDenied</Error>", "application/xml", HTTPStatus.FORBIDDEN)
        elif fault == "cut":
            self._answer(data, "image/jpeg", sent=len(data) // 2)
        else:
            self._answer(data[: len(data) // 2] if fault == "short" else data, "image/jpeg")

    def _json(self, document: object, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._answer(json.dumps(document).encode(), "application/json", status)

    def _answer(
        self, data: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK, sent: int | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:sent])
        self.close_connection = sent is not None
