"""Who may drive a device, and until when: sessions, leases and what a stop leaves behind."""

from stimulators.device.device_clock import ServiceTime
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Lease
from stimulators.wire.session_id import is_session_id, session_date_text

#: No command or lease is valid for longer, whatever it says.
VALID_US_MAX = 10_000_000


class Tenancy:
    """The session that holds a device. Times are the device's own unless said otherwise.

    Parameters
    ----------
    newest_session : str
        The newest the device has ever adopted. It adopts only newer ones, and, after it was
        switched on, this one again by an arming that began since.
    device : str
        The device's name.

    Attributes
    ----------
    session : str or None
        The one adopted since the device was switched on.
    is_stopped : bool
        Whether a stop came after the last lease that counted.
    armed_us : int
        When the arming began that the newest lease rests on, by the service's clock.
    """

    def __init__(self, newest_session: str, device: str) -> None:
        self.newest_session = newest_session
        self.session: str | None = None
        self.is_stopped = False
        self.armed_us = 0
        self._device = device
        self._began_us: int | None = None
        self._stopped_us: int | None = None
        self._lease_seq = 0
        self._end_us: int | None = None

    @property
    def end_us(self) -> int | None:
        """When the running lease ends; None without one."""
        return self._end_us

    def begin(self, now_us: int) -> None:
        """Take in the time; the first is when the device was switched on."""
        if self._began_us is None:
            self._began_us = now_us

    def sender_refusal(self, lease: Lease, *, is_simulated: bool) -> str | None:
        """Return why the sender of a lease may not drive the device, or None.

        Begins with one word; is the same whatever the time is.
        """
        if lease.simulated != is_simulated:
            return RefusalReason.SIMULATED
        session = lease.session
        if session == self.session:
            return None
        if not is_session_id(session) or self._end_us is not None:
            return RefusalReason.SESSION
        if session >= self.newest_session:
            return None
        return (
            f"{RefusalReason.SESSION}: it remembers one of "
            f"{session_date_text(self.newest_session)}, this one of "
            f"{session_date_text(session)} is not newer; to forget it, at the device: "
            f"stimloop device --forget-session --id {self._device} --memory DIR"
        )

    def may_tell_time(self, session: str) -> bool:
        """Say whether a session's clock counts: while a lease runs, only that of its session."""
        if self._end_us is not None:
            return session == self.session
        return is_session_id(session) and session >= self.newest_session

    def lease_refusal(self, lease: Lease, now_us: int, service: ServiceTime) -> str | None:
        """Return why a lease does not count, in one word, or None.

        A lease runs from the moment it was issued, at the latest the service's clock may show
        now: one that waited anywhere is dead when it comes.
        """
        offset_us_max = service.offset_us + service.uncertainty_us
        latest_us = now_us + offset_us_max
        if not 0 < lease.valid_us <= VALID_US_MAX or lease.armed_us > lease.issued_us:
            return RefusalReason.VALIDITY
        if lease.issued_us > latest_us:
            return RefusalReason.CLOCK
        if lease.issued_us + lease.valid_us <= latest_us:
            return RefusalReason.EXPIRED
        # Also once the stop is over: another session's arming of before it counts no more.
        stopped_us = self._stopped_us
        if stopped_us is not None and lease.armed_us <= stopped_us + offset_us_max:
            return RefusalReason.STOPPED
        if lease.session != self.session:
            return self._restart_refusal(lease, offset_us_max)
        is_older = lease.armed_us < self.armed_us or lease.lease_seq <= self._lease_seq
        return RefusalReason.ORDER if is_older else None

    def _restart_refusal(self, lease: Lease, offset_us_max: int) -> str | None:
        """Return why an arming from before the device was switched on does not count."""
        is_same = lease.session == self.newest_session
        if is_same and lease.armed_us <= (self._began_us or 0) + offset_us_max:
            return f"{RefusalReason.SESSION}: it was switched on since that arming: arm anew"
        return None

    def grant(self, lease: Lease, service: ServiceTime) -> None:
        """Let a lease count that was not refused."""
        self.session = lease.session
        self.newest_session = lease.session
        self.is_stopped = False
        self.armed_us = lease.armed_us
        self._lease_seq = lease.lease_seq
        self._end_us = lease.issued_us + lease.valid_us - service.offset_us - service.uncertainty_us

    def resume(self, lease: Lease) -> None:
        """Let a stop be over, by a lease that was not refused: no earlier arming counts again."""
        if self.is_stopped:
            self.is_stopped = False
            self.armed_us = lease.armed_us

    def end(self) -> None:
        """Let the running lease be over."""
        self._end_us = None

    def stop(self, now_us: int) -> None:
        """Let no lease of an arming before now count any more."""
        self.is_stopped = True
        self._stopped_us = now_us
        self._end_us = None
