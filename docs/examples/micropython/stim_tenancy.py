"""Who may drive the device, and until when: its session, its lease, and whether it is stopped."""

from stim_messages import is_session

VALID_US_MAX = 10_000_000


class Tenancy:
    """The session that holds the device. Times of leases are of the service's clock."""

    def __init__(self, newest_session: str) -> None:
        self.newest_session = newest_session
        self.session = None
        self.is_stopped = False
        self.armed_us = 0
        self.end_us = None
        self._began_us = None
        self._stopped_us = None
        self._lease_seq = 0

    def begin(self, now_us: int) -> None:
        """Set when the device was switched on, once."""
        if self._began_us is None:
            self._began_us = now_us

    def may_tell_time(self, session: str) -> bool:
        """Return whether a session's clock counts: while a lease runs, only its own."""
        if self.end_us is not None:
            return session == self.session
        return is_session(session) and session >= self.newest_session

    def refusal(
        self, lease: dict, now_us: int, clock: tuple | None, is_simulated: bool
    ) -> str | None:
        """Return why a lease is not granted, in one word, or None."""
        session = lease["session"]
        if lease["simulated"] != is_simulated:
            return "simulated"
        if session != self.session and not self._may_adopt(session):
            return "session"
        return "clock" if clock is None else self._time_refusal(lease, now_us, clock)

    def _may_adopt(self, session: str) -> bool:
        return self.end_us is None and is_session(session) and session >= self.newest_session

    def _time_refusal(self, lease: dict, now_us: int, clock: tuple) -> str | None:
        session = lease["session"]
        ahead_us = clock[0] + clock[1]
        issued_us, armed_us = lease["issued_us"], lease["armed_us"]
        if not 0 < lease["valid_us"] <= VALID_US_MAX or armed_us > issued_us:
            return "validity"
        if issued_us > now_us + ahead_us:
            return "clock"
        if issued_us + lease["valid_us"] <= now_us + ahead_us:
            return "expired"
        if self._stopped_us is not None and armed_us <= self._stopped_us + ahead_us:
            return "stopped"
        if session == self.session:
            is_older = armed_us < self.armed_us or lease["lease_seq"] <= self._lease_seq
            return "order" if is_older else None
        # Its newest session from before it was switched on: only by an arming begun since.
        if session == self.newest_session and armed_us <= self._began_us + ahead_us:
            return "session"
        return None

    def grant(self, lease: dict, clock: tuple) -> None:
        """Begin a lease that was not refused."""
        self.session = self.newest_session = lease["session"]
        self.is_stopped = False
        self.armed_us = lease["armed_us"]
        self._lease_seq = lease["lease_seq"]
        self.end_us = lease["issued_us"] + lease["valid_us"] - clock[0] - clock[1]

    def stop(self, now_us: int) -> None:
        """End the lease; from now on leases of earlier armings are refused."""
        self.is_stopped = True
        self._stopped_us = now_us
        self.end_us = None
