"""Whether the rig is stopped, and the stops of the service, sent until every device shows it."""

import math
from collections.abc import Sequence

from stimulators.decisions import SendStop
from stimulators.gate.driving.drive import Drive

#: The service repeats its stop this often until every device shows it.
_PERIOD_S = 1.0


class StopSender:
    """Whether the rig is stopped, and the stops that the service itself sends.

    A stop is repeated once a second while a device that is there does not show it.

    Parameters
    ----------
    session : str
        Name of this session.
    drives : sequence of Drive
        The devices.
    ack_s_max : float
        How long a device may take to show a stop.

    Attributes
    ----------
    is_stopped : bool
        Whether a stop came since the rig was last armed.
    """

    def __init__(self, session: str, drives: Sequence[Drive], *, ack_s_max: float) -> None:
        self.is_stopped = False
        self._session = session
        self._drives = drives
        self._ack_s_max = ack_s_max
        self._reason: str | None = None
        self._n_pressed = 0
        self._due_s = -math.inf

    def begin(self, now_s: float) -> None:
        """Note that a stop is on its way to the devices, whoever sent it."""
        self.is_stopped = True
        self._due_s = max(self._due_s, now_s + self._ack_s_max)
        for drive in self._drives:
            drive.belief.note_stop()

    def press(self, reason: str, now_s: float) -> SendStop | None:
        """Return the stop to be sent; None where the service has sent it already."""
        if self._reason is not None:
            return None
        self._reason = reason
        return self._press(now_s)

    def press_again(self, now_s: float) -> SendStop | None:
        """Return the stop where it is due again; None else, or where every device shows it."""
        if not self.is_stopped or now_s < self._due_s:
            return None
        for drive in self._drives:
            if drive.presence.is_there and not drive.belief.is_stopped:
                return self._press(now_s)
        return None

    def end(self) -> None:
        """Note that the rig is armed anew."""
        self.is_stopped = False
        self._reason = None

    def _press(self, now_s: float) -> SendStop:
        self._n_pressed += 1
        self._due_s = now_s + _PERIOD_S
        return SendStop(
            request_id=f"{self._session}-stop-{self._n_pressed}",
            reason=self._reason or "the rig is stopped",
        )
