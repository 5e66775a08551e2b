"""The program's entry: runs the command line and turns what went wrong into a sentence and an exit code."""

from __future__ import annotations

import errno
import signal
import sys
from types import FrameType


def _terminate(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)


def main() -> None:
    """Exit codes: 0 done, 1 trouble that is not the user's, 2 wrong input, 130 Ctrl-C, 143 SIGTERM."""
    from .errors import Trouble, UserError

    signal.signal(signal.SIGTERM, _terminate)
    try:
        from .cli import app

        app(prog_name="ocrdata")
    except UserError as error:
        _fail(str(error), 2)
    except Trouble as error:
        _fail(str(error), 1)
    except KeyboardInterrupt:
        _fail("stopped; run the same command again to continue", 130)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            _fail(f"the disk is full{_named(error)}; free some space and run the same command again", 1)
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            _fail(f"permission denied{_named(error)}", 2)
        raise


def _named(error: OSError) -> str:
    return f" at {error.filename}" if error.filename else ""


def _fail(message: str, code: int) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
