"""A line to a server, which can be cut, hang, or lie."""

import threading
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Line:
    """The way to the storage: ``through``, ``cut``, ``hangs``, or ``lies`` about every image."""

    def __init__(self, target: str) -> None:
        self.target, self.mode = target, "through"
        self.go_on = threading.Event()

    def pass_on(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        if self.mode == "hangs":
            self.go_on.wait(60)
        if self.mode == "cut":
            handler.close_connection = True
            return
        with closing(HTTPConnection(self.target, timeout=30)) as onward:
            onward.request(handler.command, handler.path, body, dict(handler.headers))
            reply = onward.getresponse()
            data = reply.read()
        if self.mode == "lies" and ".png" in handler.path:
            data = bytes(len(data))
        handler.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in {"transfer-encoding", "connection", "date", "server"}:
                handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(data)


@contextmanager
def line_to(address: str):
    line = Line(urlsplit(address).netloc)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self):
            line.pass_on(self)

        do_GET = do_PUT = do_HEAD = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # who hung up does not want to know
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield line, f"http://127.0.0.1:{server.server_port}"
    finally:
        line.go_on.set()
        server.shutdown()
        server.server_close()
