"""Turns what went wrong into one sentence and an exit code."""

from __future__ import annotations

import errno
import signal
import sys
from types import FrameType
from typing import Any

import typer
from typer.core import TyperGroup

from .errors import Stopped, Trouble, UserError

# Of a disk or a network that fails: another attempt may succeed.
PASSING = frozenset({errno.EIO, errno.ETIMEDOUT, errno.ESTALE, errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTUNREACH})


class Commands(TyperGroup):
    """The command group. Exit codes: 0 done, 1 not the user's trouble, 2 wrong input or Ctrl-C, 143 SIGTERM."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; here, inside Typer, so that Typer's own handling of Ctrl-C comes later."""
        signal.signal(signal.SIGTERM, _terminate)
        try:
            return super().invoke(ctx)
        except UserError as error:
            _fail(str(error), 2)
        except Trouble as error:
            _fail(str(error), 1)
        except Stopped as error:
            _fail(str(error), error.code)
        except KeyboardInterrupt:
            _fail("stopped; nothing finished is lost: run the same command again to continue", 2)
        except OSError as error:
            at = f" at {error.filename}" if error.filename else ""
            if error.errno == errno.ENOSPC:
                _fail(f"the disk is full{at}; free some space and run the same command again", 1)
            if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
                _fail(f"permission denied{at}", 2)
            if error.errno in PASSING:
                _fail(f"{error.strerror}{at}; nothing finished is lost: run the same command again to continue", 1)
            raise


def _terminate(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)


def _fail(message: str, code: int) -> None:
    print(f"error: {message}", file=sys.stderr)
    raise typer.Exit(code)
