"""An HTTP server that gives a folder's files, and misbehaves for a while: cuts, lies about ranges, is slow."""

from __future__ import annotations

import hashlib
import random
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PIECE, RATE = 1 << 16, 2e6  # bytes, bytes a second
KINDS = ("truncates", "lies about ranges", "answers slowly")


class FaultyServer(ThreadingHTTPServer):
    """kind: how it misbehaves, or empty; faults: how many requests it still spoils."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that are killed hang up."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.chance = folder, random.Random(seed)
        self.kind, self.faults, self.spoilt = "", 0, 0

    @property
    def url(self) -> str:
        """Of the folder."""
        return f"http://127.0.0.1:{self.server_port}"

    def misbehaves(self) -> bool:
        """Whether to spoil this request."""
        if not self.kind or self.faults <= 0:
            return False
        self.faults -= 1
        self.spoilt += 1
        return True


class Handler(BaseHTTPRequestHandler):
    """GET with ranges and strong tags."""

    server: FaultyServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        """A file or a part of it, in good order or as `kind` says."""
        path = self.server.folder / self.path.lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        data, chance = path.read_bytes(), self.server.chance
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = min(int(asked[1]), len(data)) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("ETag", f'"{hashlib.md5(data).hexdigest()}"')
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        body = data[start:]
        if self.server.misbehaves():
            body = self._spoilt(data, start, asked is not None, chance)
        for at in range(0, len(body), PIECE):
            self.wfile.write(body[at : at + PIECE])
            time.sleep(PIECE / RATE)  # or it would be over before anything can happen
        if len(body) < len(data) - start:
            self.close_connection = True

    def _spoilt(self, data: bytes, start: int, ranged: bool, chance: random.Random) -> bytes:
        """What is sent instead; a lie needs a question about a range, so whole files are cut first."""
        body = data[start:]
        if self.server.kind == "answers slowly":
            step = max(1, len(body) // 8)
            for at in range(0, len(body) - step, step):
                self.wfile.write(body[at : at + step])
                time.sleep(chance.uniform(0.1, 0.4))
            return body[len(range(0, len(body) - step, step)) * step :]
        if self.server.kind == "lies about ranges" and ranged:
            other = chance.randrange(len(data))
            return (data[other:] + data)[: len(body)]  # as many bytes as were promised, from elsewhere
        return body[: chance.randrange(len(body) + 1)]


@contextmanager
def serving(folder: Path, seed: int) -> Iterator[FaultyServer]:
    """A server in this process."""
    with FaultyServer(folder, seed) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
