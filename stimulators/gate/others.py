"""Other services of the same rig: which of two has to end, and when the rig must be safe."""

from collections.abc import Iterator, Sequence

from stimulators.decisions import EndRun, Refusal
from stimulators.gate.driving.drive import Drive
from stimulators.gate.states.rig_state import RigState
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Status

#: A service without a heartbeat for this long has ended: one is sent every second.
_GONE_S = 2.5
_N_TEXT_MAX = 100


class OtherServices:
    """Acts on the heartbeats of other services of this rig.

    Parameters
    ----------
    rig : RigState
        The state, and where decisions go.
    drives : sequence of Drive
        The devices.
    session : str
        Name of this session; newer ones sort later.
    """

    def __init__(self, rig: RigState, drives: Sequence[Drive], session: str) -> None:
        self._rig = rig
        self._drives = drives
        self._session = session
        self._heard: tuple[str, float] | None = None

    @property
    def driven(self) -> tuple[str, ...]:
        """Ids of the devices that this service leases, or still brings to their safe amount."""
        return tuple(
            drive.config.id
            for drive in self._drives
            if drive.is_engaged or drive.descent is not None
        )

    def hear(self, status: Status) -> None:
        """Act on the heartbeat of another session."""
        if status.session == self._session or status.state == "offline":
            return
        name = status.session[:_N_TEXT_MAX]
        self._heard = (name, self._rig.now_s)
        if self.driven:
            if status.drives:
                self._rig.go_safe(f"service {name} drives devices, too")
        elif self._session > status.session:
            self._rig.decide(EndRun(f"another service of this rig is there: session {name}"))

    def objections(self) -> Iterator[Refusal]:
        """Yield a refusal where another service was heard within the last seconds."""
        if self._heard is not None and self._rig.now_s - self._heard[1] <= _GONE_S:
            yield Refusal(
                RefusalReason.SERVICE, found=f"service {self._heard[0]}", expected="one a rig"
            )
