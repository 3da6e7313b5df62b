"""The memory of a device over a restart: its newest session, and its counts."""

import contextlib
import math
from collections.abc import Callable
from pathlib import Path

import msgspec

from stimulators.device.counts.counts import Counts
from stimulators.device_config import DeviceConfig

#: Counts are kept about once a second. A device that ended without keeping them, as by a power
#: cut, may have given its maximum for this long after it last did.
_UNKNOWN_US_MAX = 2_000_000
_FC_PER_UC = 1e9


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    unix_us: int
    is_end: bool
    counts: Counts


class DeviceMemory:
    """The session and the counts of a device, in two small files that are replaced in one step.

    Parameters
    ----------
    folder : Path
        Created if it is not there.
    config : DeviceConfig
        The device.
    unix_us : callable
        The time of day in Unix microseconds: it goes on while the device is off.

    Raises
    ------
    OSError
        Where the folder cannot be created.
    """

    def __init__(self, folder: Path, config: DeviceConfig, unix_us: Callable[[], int]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._config = config
        self._unix_us = unix_us
        self._session_file = folder / f"{config.id}.session"
        self._counts_file = folder / f"{config.id}.counts"

    def session(self) -> str:
        """Return the newest session that was kept; empty where there is none.

        Raises
        ------
        OSError, UnicodeDecodeError
            Where the file is there but cannot be read: it may hold a session.
        """
        if not self._session_file.exists():
            return ""
        return self._session_file.read_text(encoding="utf-8").strip()

    def keep_session(self, session: str) -> None:
        """Keep a session, in one step: a file half written would lose the session before it.

        Raises
        ------
        OSError
            Where it cannot be written.
        """
        _write(self._session_file, f"{session}\n".encode())

    def forget_session(self) -> None:
        """Remember no session: the next that leases the device is adopted, however old.

        Raises
        ------
        OSError
            Where the file cannot be removed.
        """
        self._session_file.unlink(missing_ok=True)

    def counts(self) -> Counts:
        """Return the counts as of now; empty ones where no file holds them in full.

        The device gave nothing while it was off. If it ended without keeping its counts, it may
        have given its maximum for up to two seconds after it last did.
        """
        try:
            kept = msgspec.json.decode(self._counts_file.read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError, RecursionError):
            return Counts()
        counts = kept.counts
        numbers = (*counts.bins_fc, *msgspec.structs.astuple(counts)[1:])
        if min(numbers) < 0:
            return Counts()
        passed_us = self._unix_us() - kept.unix_us
        # A clock that was set back while the device was off makes nothing older.
        away_us = max(0, passed_us)
        if kept.is_end:
            return counts.after(away_us)
        # Nor does it say that there was no time in which the device gave anything.
        unknown_us = min(away_us, _UNKNOWN_US_MAX) if passed_us >= 0 else _UNKNOWN_US_MAX
        most_uc_per_s = max(map(self._config.charge_uc_per_s, self._config.programs), default=0.0)
        most_uc = self._config.amount_max * most_uc_per_s * unknown_us / 1e6
        highest = counts.with_unknown(unknown_us, math.ceil(most_uc * _FC_PER_UC))
        return highest.after(max(0, away_us - unknown_us))

    def keep_counts(self, counts: Counts, *, is_end: bool) -> None:
        """Keep the counts; where that fails, the old ones are removed, as they would be too low.

        Parameters
        ----------
        counts : Counts
            As of now.
        is_end : bool
            Whether the device gives nothing from now on.

        Raises
        ------
        OSError
            Where the counts can neither be written nor forgotten.
        """
        kept = _Kept(unix_us=self._unix_us(), is_end=is_end, counts=counts)
        try:
            _write(self._counts_file, msgspec.json.encode(kept))
        except OSError:
            self._counts_file.unlink(missing_ok=True)


def _write(file: Path, content: bytes) -> None:
    written = file.with_name(f"{file.name}.new")
    try:
        written.write_bytes(content)
        written.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            written.unlink(missing_ok=True)
        raise
