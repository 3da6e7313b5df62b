"""Why a command of a session was sent, or none, in a notebook: as text, plain data and picture."""

from typing import TYPE_CHECKING, Any

import msgspec

from replay.explanation.explained import Explanation
from stimloop.terminal.explanation_text import explanation_lines
from streamer.watching.wall_clock import utc_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Explained:
    """What happened to one device at one moment of a session, and why.

    Parameters
    ----------
    explanation : Explanation
        The explanation as data.

    Attributes
    ----------
    explanation : Explanation
        As given.

    Examples
    --------
    >>> import stimloop as sl
    >>> sl.session("session").explain(1)  # of a replay that drove nothing
    Traceback (most recent call last):
        ...
    replay.explanation.explain.NoSuchCommandError: session: expected a command 1, found none: ...
    """

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation

    @property
    def device(self) -> str:
        """The device."""
        return self.explanation.device

    @property
    def why(self) -> tuple[str, ...]:
        """What was decided and why, in sentences."""
        return self.explanation.why

    def __str__(self) -> str:
        return "\n".join(explanation_lines(self.explanation))

    def __repr__(self) -> str:
        command = self.explanation.command
        what = "nothing sent" if command is None else f"command {command.seq}"
        return f"explained({self.device!r}, {what})"

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, as ``stimloop explain --json`` prints it."""
        return plain_explanation(self.explanation)

    def plot(self) -> "Figure":
        """Return a picture: samples, measures, amounts, and what each limit said.

        Raises
        ------
        InputError
            Where matplotlib is not installed.
        """
        from stimloop.library.results.explanation_picture import (  # noqa: PLC0415 loads matplotlib
            draw_explanation,
        )

        figure: Figure = draw_explanation(self.explanation)
        return figure


def plain_explanation(told: Explanation) -> dict[str, Any]:
    """Return an explanation as plain data, with its moment as wall clock."""
    times = told.times
    at_us = None if times.began_us is None else times.began_us + round(told.since_s * 1e6)
    plain: dict[str, Any] = msgspec.to_builtins(told)
    return {"time_utc": utc_text(at_us), "began_utc": utc_text(times.began_us), **plain}
