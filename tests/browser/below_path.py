"""A small reverse proxy, run as a process: it serves another server below a path, and nothing beside it.

    python below_path.py PATH strip|keep

It prints its port, then reads the other server's port. ``strip`` takes the path away from what it passes on.
"""

import http.client
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATH, MODE = sys.argv[1:3]
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"}


class Proxy(BaseHTTPRequestHandler):
    """Passes one request on, and the answer back as it comes."""

    def do_GET(self) -> None:
        """Pass it on."""
        if not f"{self.path}/".startswith(f"{PATH}/"):
            self.send_error(404, "outside")
            return
        target = (self.path[len(PATH) :] or "/") if MODE == "strip" else self.path
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream)
        try:
            upstream.request(self.command, target, body or None, headers)
            answer = upstream.getresponse()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.end_headers()
            while piece := answer.read1(1 << 16):
                self.wfile.write(piece)
        except ConnectionRefusedError:
            self.send_error(502)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the browser has gone
        finally:
            upstream.close()
            self.close_connection = True

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.upstream = int(sys.stdin.readline())
    server.serve_forever()
