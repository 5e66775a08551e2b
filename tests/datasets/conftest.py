"""A real server on this machine that misbehaves on request."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Served:
    """What one path answers, and how badly."""

    body: bytes
    etag: str | None = '"one"'
    modified: str | None = None
    cut_after: int | None = None  # close the connection after so many bytes of each answer
    ranges: bool = True
    honour_if_range: bool = True
    kind: str = "application/octet-stream"
    errors: list[int] = field(default_factory=list)  # status codes to answer first, in order; 0 is none
    length: bool = True
    requests: list[tuple[str | None, int]] = field(default_factory=list)  # (Range header, status) of each request


class Handler(BaseHTTPRequestHandler):
    """Answers from `server.files`."""

    def log_message(self, *_):
        """Silence."""

    def do_GET(self):
        served = self.server.files.get(self.path.lstrip("/"))
        if served is None:
            self.send_error(404)
            return
        status, start = self.status(served)
        served.requests.append((self.headers["Range"], status))
        if status >= 400:
            self.send_response(status)
            if status == 416:
                self.send_header("Content-Range", f"bytes */{len(served.body)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = served.body[start:]
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(served.body) - 1}/{len(served.body)}")
        for name, value in (("ETag", served.etag), ("Last-Modified", served.modified), ("Content-Type", served.kind)):
            if value:
                self.send_header(name, value)
        if served.length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: served.cut_after])
        self.close_connection = True

    def status(self, served):
        error = served.errors.pop(0) if served.errors else 0
        if error:
            return error, 0
        asked = self.headers["Range"]
        condition = self.headers["If-Range"]
        stale = condition and condition not in (served.etag, served.modified)
        if not asked or not served.ranges or (stale and served.honour_if_range):
            return 200, 0
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        return (416, 0) if start >= len(served.body) else (206, start)


class Web:
    """The server's address and what it serves, by name."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.files: dict[str, Served] = {}
        server.files = self.files

    def add(self, name: str, body: bytes, **options) -> Served:
        """Serve `body` as `name`."""
        self.files[name] = Served(body, **options)
        return self.files[name]


@pytest.fixture
def web():
    """A running server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield Web(server)
    server.shutdown()
    server.server_close()
    thread.join()
