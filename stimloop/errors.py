"""Errors that end a command: lines on stderr, mostly one, and an exit code.

CommandError
    DoesNotHoldError  1   the thing that was checked is not so
    ConfigError       2   usage or configuration
    FaultError        3   a fault ended the run
"""


class CommandError(Exception):
    """Ends a command with the exit code `code` and a message.

    Parameters
    ----------
    *lines : str
        The lines to print.
    """

    code = 3

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class DoesNotHoldError(CommandError):
    """A check had a negative result, as when a session does not verify."""

    code = 1


class ConfigError(CommandError):
    """A file or an option cannot be used; the text names file, key, what was expected and found.

    Parameters
    ----------
    *lines : str
        A line for each mistake.
    """

    code = 2


class FaultError(CommandError):
    """A fault ended the run."""

    code = 3


def os_error_text(error: OSError) -> str:
    """Return an error of the operating system as one line: the file first, then the reason."""
    if error.filename is None or error.strerror is None:
        return str(error)
    return f"{error.filename}: expected a file or folder that can be used, {found_text(error)}"


def found_text(error: OSError) -> str:
    """Return the reason of an error of the operating system, as the end of a line."""
    if isinstance(error, FileNotFoundError):
        return "found none"
    return f"found: {error.strerror or error}"
