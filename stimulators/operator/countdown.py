"""Waiting for a rig, with a countdown for the operator and a message repeated meanwhile."""

from collections.abc import Callable

from stimulators.operator.operator_link import OperatorLink

#: Called with the seconds that are left, and the text of what is waited for.
Countdown = Callable[[float, str], None]

#: How often the countdown is called, and a message without an answer is repeated.
_STEP_S = 0.5


def no_countdown(remaining_s: float, waits_for: str) -> None:
    """Show nothing."""


async def wait_for(
    link: OperatorLink,
    holds: Callable[[], bool],
    *,
    wait_s: float,
    waits_for: Callable[[], str],
    countdown: Countdown,
    again: Callable[[], object] = lambda: None,
) -> bool:
    """Wait until `holds` returns true for the messages received; False where it does not in time.

    Parameters
    ----------
    link : OperatorLink
        The link to the rig.
    holds : callable
        The condition that is waited for.
    wait_s : float
        Longest time to wait.
    waits_for : callable
        Returns the text of what is still missing, for the countdown.
    countdown : callable
        Called every half second with the seconds that are left.
    again : callable
        Called as often, to repeat a message.
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
