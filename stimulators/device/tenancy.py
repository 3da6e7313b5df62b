"""Who may drive a device, and until when: its session, its lease, and whether it is stopped."""

from stimulators.device.device_clock import ServiceTime
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Lease
from stimulators.wire.session_id import is_session_id, session_date_text

#: No command or lease is valid for longer, whatever it says.
VALID_US_MAX = 10_000_000


class Tenancy:
    """The session that holds a device, and its lease; times are by the device's own clock.

    Parameters
    ----------
    newest_session : str
        The newest session the device has ever adopted. It adopts only newer ones, and, after it was
        switched on again, this one by an arming that began since.
    device : str
        The device's name.

    Attributes
    ----------
    session : str or None
        The session adopted since the device was switched on.
    is_stopped : bool
        Whether a stop came after the last lease that was granted.
    armed_us : int
        When the arming of the newest lease began, by the service's clock.
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
        """Set when the device was switched on; only the first call does."""
        if self._began_us is None:
            self._began_us = now_us

    def sender_refusal(self, lease: Lease, *, is_simulated: bool) -> str | None:
        """Return why the sender of a lease may not drive the device, or None.

        The text begins with one word, and does not depend on the time.
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
        """Return whether to accept a session's clock: while a lease runs, only its session's."""
        if self._end_us is not None:
            return session == self.session
        return is_session_id(session) and session >= self.newest_session

    def lease_refusal(self, lease: Lease, now_us: int, service: ServiceTime) -> str | None:
        """Return why a lease is not granted, in one word, or None.

        A lease runs from when it was issued, and the service's clock is taken at the latest that it
        may show now: a lease that was held up on the way has ended when it comes.
        """
        offset_us_max = service.offset_us + service.uncertainty_us
        latest_us = now_us + offset_us_max
        if not 0 < lease.valid_us <= VALID_US_MAX or lease.armed_us > lease.issued_us:
            return RefusalReason.VALIDITY
        if lease.issued_us > latest_us:
            return RefusalReason.CLOCK
        if lease.issued_us + lease.valid_us <= latest_us:
            return RefusalReason.EXPIRED
        # Also once the stop is over: an arming of another session from before it stays refused.
        stopped_us = self._stopped_us
        if stopped_us is not None and lease.armed_us <= stopped_us + offset_us_max:
            return RefusalReason.STOPPED
        if lease.session != self.session:
            return self._restart_refusal(lease, offset_us_max)
        is_older = lease.armed_us < self.armed_us or lease.lease_seq <= self._lease_seq
        return RefusalReason.ORDER if is_older else None

    def _restart_refusal(self, lease: Lease, offset_us_max: int) -> str | None:
        """Refuse a lease whose arming began before the device was switched on."""
        is_same = lease.session == self.newest_session
        if is_same and lease.armed_us <= (self._began_us or 0) + offset_us_max:
            return f"{RefusalReason.SESSION}: it was switched on since that arming: arm anew"
        return None

    def grant(self, lease: Lease, service: ServiceTime) -> None:
        """Begin a lease that was not refused."""
        self.session = lease.session
        self.newest_session = lease.session
        self.is_stopped = False
        self.armed_us = lease.armed_us
        self._lease_seq = lease.lease_seq
        self._end_us = lease.issued_us + lease.valid_us - service.offset_us - service.uncertainty_us

    def resume(self, lease: Lease) -> None:
        """End a stop by a lease that was not refused; earlier armings stay refused."""
        if self.is_stopped:
            self.is_stopped = False
            self.armed_us = lease.armed_us

    def end(self) -> None:
        """End the running lease."""
        self._end_us = None

    def stop(self, now_us: int) -> None:
        """Note a stop: from now on leases of earlier armings are refused."""
        self.is_stopped = True
        self._stopped_us = now_us
        self._end_us = None
