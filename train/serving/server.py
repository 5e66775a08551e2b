"""The process that listens."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

from ...errors import MissingPackage, UserError
from .service import Service

AT_ONCE = 64  # requests that wait or are read; more are answered with 503


def run(service: Service, host: str, port: int, largest: int, say: Callable[[str], None]) -> None:
    """Serve until the process is told to stop. port: 0 takes one that is free; largest: bytes of a request.

    Raises UserError where the address cannot be had, MissingPackage without the packages that serve.
    """
    try:
        import fastapi  # noqa: F401
        import python_multipart  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise MissingPackage(_package(error.name), "serve", "serving") from None
    from .app import make_app

    with _listening(host, port) as listener:
        app = make_app(service, largest)
        config = uvicorn.Config(app, log_level="warning", limit_concurrency=AT_ONCE)
        shown = f"[{host}]" if ":" in host else host
        say(f"reading {service.task} at http://{shown}:{listener.getsockname()[1]} (Ctrl-C ends it)")
        with suppress(KeyboardInterrupt):  # how people end it
            uvicorn.Server(config).run(sockets=[listener])


def _package(module: str | None) -> str:
    return {"python_multipart": "python-multipart"}.get(module or "", module or "fastapi")


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise UserError(f"--host {host} --port {port}: cannot listen there: {error.strerror}") from error
