"""The times of a session, for people: wall clock where it has one, else seconds since it began."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

import msgspec

from streamer.journal.reader import JournalRecord
from streamer.watching.wall_clock import utc_of

_SINCE: Final = re.compile(r"\+(?P<seconds>\d+(\.\d+)?)s?")
_OF_DAY: Final = re.compile(r"\d{1,2}:\d{2}:\d{2}(\.\d{1,6})?")
_DATED: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})?"
)
_DAY: Final = timedelta(days=1)
#: The shortest time that is looked for.
_WIDTH_S_MIN: Final = 0.001


class TimeError(ValueError):
    """A time that cannot be read, or is not in the session; its text is one line."""


class Moment(NamedTuple):
    """A stretch of a session, as long as the written time is uncertain.

    Parameters
    ----------
    since_s : float
        Where it begins, in seconds since the session began, in its wall clock where it has one.
    width_s : float
        How long it is: a second where whole seconds were written.
    """

    since_s: float
    width_s: float

    @property
    def until_s(self) -> float:
        """Where it ends."""
        return self.since_s + self.width_s


class SessionTimes(msgspec.Struct, frozen=True, kw_only=True):
    """When a session began and ended, and how its times are written and read.

    Parameters
    ----------
    began_s, ended_s : float
        Of its first and its newest record, by the service's clock.
    began_us, ended_us : int or None
        The same as Unix time in microseconds; None where its clock relates to no wall clock.
    """

    began_s: float
    ended_s: float
    began_us: int | None = None
    ended_us: int | None = None

    @property
    def lasted_s(self) -> float:
        """How long it lasted, by its wall clock where it has one."""
        return self._since(self.ended_s, self.ended_us)

    def since_s(self, record: JournalRecord) -> float:
        """Return when a record was written, in seconds since the session began."""
        return self._since(record.now_s, record.utc_us)

    def text(self, since_s: float, zone: tzinfo | None = None, *, is_dated: bool = False) -> str:
        """Return a time as text.

        Parameters
        ----------
        since_s : float
            Seconds since the session began.
        zone : tzinfo, optional
            Of which zone; of this machine's without.
        is_dated : bool
            Whether with the date and the zone.

        Examples
        --------
        >>> times = SessionTimes(began_s=5.0, ended_s=9.0, began_us=1_772_373_909_250_000)
        >>> times.text(1.5, UTC), times.text(1.5, UTC, is_dated=True)
        ('14:05:10.750', '2026-03-01 14:05:10.750 UTC')
        >>> SessionTimes(began_s=5.0, ended_s=9.0).text(1.5)
        '+1.500 s'
        """
        if self.began_us is None:
            return f"+{since_s:.3f} s"
        at = utc_of(self.began_us + round(since_s * 1e6)).astimezone(zone)
        text = at.strftime("%Y-%m-%d %H:%M:%S.%f" if is_dated else "%H:%M:%S.%f")[:-3]
        return f"{text} {at.tzname()}" if is_dated else text

    def moment(self, written: str, zone: tzinfo | None = None, *, name: str = "--at") -> Moment:
        """Return the stretch of a written time.

        Parameters
        ----------
        written : str
            ``12:03:07`` or ``12:03:07.250`` on any day of the session, ``2026-03-01T12:03:07Z``,
            or ``+83.2``, seconds since it began.
        zone : tzinfo, optional
            Of which zone, where it says none; of this machine's without.
        name : str
            What an error calls it.

        Raises
        ------
        TimeError
            Where it cannot be read, or lies outside the session.

        Examples
        --------
        >>> SessionTimes(began_s=5.0, ended_s=9.0).moment("+1.5")
        Moment(since_s=1.5, width_s=0.1)
        """
        written = written.strip()
        found = self._read(written, zone, name)
        if not (found.until_s > 0.0 and found.since_s <= self.lasted_s):
            began, ended = (self.text(each, zone, is_dated=True) for each in (0.0, self.lasted_s))
            raise TimeError(
                f"{name}: expected a time of the session, from {began} to {ended}, found {written}"
            )
        return found

    def _since(self, now_s: float, utc_us: int | None) -> float:
        if utc_us is None or self.began_us is None:
            return now_s - self.began_s
        return (utc_us - self.began_us) / 1e6

    def _read(self, written: str, zone: tzinfo | None, name: str) -> Moment:
        since = _SINCE.fullmatch(written)
        if since is not None:
            return Moment(float(since["seconds"]), _width_s(since["seconds"]))
        is_of_day = _OF_DAY.fullmatch(written) is not None
        if not (is_of_day or _DATED.fullmatch(written)):
            raise TimeError(
                f"{name}: expected a time as 12:03:07, 2026-03-01T12:03:07Z or +83.2 (seconds "
                f"since the session began), found {written!r:.60}"
            )
        if self.began_us is None:
            raise TimeError(
                f"{name}: expected seconds since the session began, as +83.2, found {written}: "
                "it was computed from a recording, whose clock has no time of day"
            )
        width_s = _width_s(written.removesuffix("Z"))
        try:
            at = self._of_day(written, zone) if is_of_day else _dated(written, zone)
        except ValueError as error:
            raise TimeError(f"{name}: expected a time of day, found {written}: {error}") from error
        return Moment((at - utc_of(self.began_us)).total_seconds(), width_s)

    def _of_day(self, written: str, zone: tzinfo | None) -> datetime:
        """Return the first moment of the session at a time of day, else that of its first day."""
        hours, rest = written.split(":", 1)
        began = utc_of(self.began_us or 0).astimezone(zone)
        at = _dated(f"{began.date()}T{int(hours):02d}:{rest}", zone)
        # A session that began within the written second counts as begun at that time.
        return at + _DAY if at + timedelta(seconds=_width_s(written)) <= began else at


def _dated(written: str, zone: tzinfo | None) -> datetime:
    at = datetime.fromisoformat(written)
    if at.tzinfo is not None:
        return at
    return at.replace(tzinfo=zone) if zone is not None else at.astimezone()


def _width_s(written: str) -> float:
    """Return how exact a time is, by the decimals that were written."""
    decimals = written.rpartition(".")[2] if "." in written else ""
    return max(10.0 ** -len(decimals), _WIDTH_S_MIN)


#: The zone that `--utc` asks for.
UTC_ZONE: Final[tzinfo] = UTC
