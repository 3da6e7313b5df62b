"""Waiting for a rig with a countdown for whoever waits, and something said again meanwhile."""

from collections.abc import Callable

from stimulators.operator.operator_link import OperatorLink

#: Given the seconds that are left and what is waited for.
Countdown = Callable[[float, str], None]

#: How often the countdown is told, and what has no answer is said again.
_STEP_S = 0.5


def no_countdown(remaining_s: float, waits_for: str) -> None:
    """Tell nobody."""


async def wait_for(
    link: OperatorLink,
    holds: Callable[[], bool],
    *,
    wait_s: float,
    waits_for: Callable[[], str],
    countdown: Countdown,
    again: Callable[[], object] = lambda: None,
) -> bool:
    """Wait until something holds of what was heard; False where it does not in time.

    Parameters
    ----------
    link : OperatorLink
        The conversation.
    holds : callable
        What is waited for.
    wait_s : float
        How long at most.
    waits_for : callable
        Gives what is still missing, for the countdown.
    countdown : callable
        Told every half second how long it may still take.
    again : callable
        Called as often.
    """
    remaining_s = wait_s
    while remaining_s > 0.0:
        if await link.until(holds, min(_STEP_S, remaining_s)):
            return True
        remaining_s -= _STEP_S
        if remaining_s > 0.0:
            countdown(remaining_s, waits_for())
            again()
    return holds()
