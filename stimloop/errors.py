"""What a command can end with: lines on stderr, mostly one, and an exit code.

CommandError
    DoesNotHoldError  1   the thing that was checked is not so
    ConfigError       2   usage or configuration
    FaultError        3   a fault ended the run
"""


class CommandError(Exception):
    """Ends a command with `code` and what was wrong."""

    code = 3

    @property
    def lines(self) -> tuple[str, ...]:
        """What to print, a line each."""
        return (str(self),)


class DoesNotHoldError(CommandError):
    """What the command checked is not so."""

    code = 1


class ConfigError(CommandError):
    """A file or an option cannot be used; names file and key path, expected and found.

    Parameters
    ----------
    *lines : str
        A line for each mistake.
    """

    code = 2

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self._lines = lines

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for each mistake."""
        return self._lines


class FaultError(CommandError):
    """A fault ended the run."""

    code = 3


def os_error_text(error: OSError) -> str:
    """Return what the operating system refused, in one line: the file first, then why."""
    if error.filename is None or error.strerror is None:
        return str(error)
    return f"{error.filename}: expected a file or folder that can be used, {found_text(error)}"


def found_text(error: OSError) -> str:
    """Return what the operating system had in place of a file, as the end of a line."""
    if isinstance(error, FileNotFoundError):
        return "found none"
    return f"found: {error.strerror or error}"
