"""Who may drive a device, and until when: sessions, leases and what a stop leaves behind."""

from stimulators.wire.messages import Lease

#: No lease is longer, whoever gives it.
_VALID_US_MAX = 10_000_000


class Tenancy:
    """The session that holds a device. Times are the device's own unless said otherwise.

    Parameters
    ----------
    newest_session : str
        The newest the device has ever adopted: it adopts only newer ones.

    Attributes
    ----------
    session : str or None
        The one adopted since the device was switched on.
    is_stopped : bool
        Whether a stop came after the last lease that counted.
    """

    def __init__(self, newest_session: str) -> None:
        self.newest_session = newest_session
        self.session: str | None = None
        self.is_stopped = False
        self._stopped_us = 0
        self._armed_us = 0
        self._lease_seq = 0
        self._end_us: int | None = None

    def is_live(self, now_us: int) -> bool:
        """Say whether a lease is running."""
        return self._end_us is not None and now_us < self._end_us

    @property
    def end_us(self) -> int | None:
        """When the running lease ends; None where none was given since the last ended."""
        return self._end_us

    def refusal(
        self, lease: Lease, now_us: int, *, offset_us: int, uncertainty_us: int
    ) -> str | None:
        """Return why a lease does not count, in one word, or None.

        A lease runs from the moment it was issued, at the latest the service's clock may show
        now: one that waited anywhere is dead when it comes.
        """
        latest_us = now_us + offset_us + uncertainty_us
        if not 0 < lease.valid_us <= _VALID_US_MAX:
            return "lease"
        if lease.issued_us > latest_us:
            return "clock"
        if lease.issued_us + lease.valid_us <= latest_us:
            return "expired"
        return self._stale(lease, offset_us + uncertainty_us) or self._foreign(lease, now_us)

    def _stale(self, lease: Lease, offset_us_max: int) -> str | None:
        if self.is_stopped and lease.armed_us <= self._stopped_us + offset_us_max:
            return "stopped"
        if lease.session != self.session:
            return None
        is_older = lease.armed_us < self._armed_us or lease.lease_seq <= self._lease_seq
        return "order" if is_older else None

    def _foreign(self, lease: Lease, now_us: int) -> str | None:
        if lease.session == self.session:
            return None
        is_newer = lease.session > self.newest_session
        return "session" if self.is_live(now_us) or not is_newer else None

    def grant(self, lease: Lease, *, offset_us: int, uncertainty_us: int) -> None:
        """Let a lease count that was not refused."""
        self.session = lease.session
        self.newest_session = lease.session
        self.is_stopped = False
        self._armed_us = lease.armed_us
        self._lease_seq = lease.lease_seq
        self._end_us = lease.issued_us + lease.valid_us - offset_us - uncertainty_us

    def resume(self, lease: Lease) -> None:
        """Let a stop be over, by a lease that was not refused: no earlier arming counts again."""
        if self.is_stopped:
            self.is_stopped = False
            self._armed_us = lease.armed_us

    def end(self) -> None:
        """Let the running lease be over."""
        self._end_us = None

    def stop(self, now_us: int) -> None:
        """Let no lease of an arming before now count any more."""
        self.is_stopped = True
        self._stopped_us = now_us
        self._end_us = None
