"""The command line: what goes wrong is a line on stderr and an exit code, never a traceback."""

from stimloop.own_packages import expect_own_packages

expect_own_packages()  # before anything of them is imported

import io
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import typer.exceptions

from stimloop.app import app
from stimloop.errors import CommandError, os_error_text
from stimloop.terminal.plain_text import plain
from streamer.errors import JournalError, LedgerError, StreamError


def main() -> None:
    """Run the command line and leave with its exit code."""
    warnings.showwarning = _show_warning
    # Characters that a console cannot show (accents, in ASCII) are replaced.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        code = app(arguments, prog_name="stimloop", standalone_mode=False)
    except typer.Exit as ending:
        return ending.exit_code
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 the last stop before a traceback
        return _told(*_ended_by(error))
    return code if isinstance(code, int) else 0


def _ended_by(error: BaseException) -> tuple[tuple[str, ...], int]:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, typer.exceptions.TyperException):
        return (error.format_message(),), 2
    if isinstance(error, CommandError):
        return error.lines, error.code
    if isinstance(error, StreamError | JournalError | LedgerError):
        return (str(error),), 3
    if isinstance(error, OSError):
        return (os_error_text(error),), 3
    if isinstance(error, typer.Abort | KeyboardInterrupt):
        return ("interrupted",), 3
    return (f"unexpected {type(error).__name__}: {error}",), 3


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:  # noqa: ANN401
    _told((str(message),), 0)


def _told(lines: Sequence[str], code: int) -> int:
    for line in filter(None, lines):  # an empty one where the help was shown instead
        sys.stderr.write(f"stimloop: {plain(' '.join(line.split()))}\n")
    return code


if __name__ == "__main__":
    main()
