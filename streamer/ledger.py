"""What a rig's devices were given, kept from one service to the next: one file, one writer."""

import math
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from stimulators.device_config import DeviceConfig
from stimulators.gate.usage.past import DevicePast
from streamer.errors import LedgerError

#: What a person was given is nobody else's business.
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


class _LedgerContent(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the file; ages are relative to the time of day at which it was written."""

    written_us: int
    devices: tuple[DevicePast, ...]


def _is_sound(past: DevicePast) -> bool:
    """Return whether ages, charges and times are finite and in their ranges."""
    bins = (*past.charges, *(past.charges_lowest or ()))
    numbers = (past.known_age_s, past.on_s, *(number for bin_ in bins for number in bin_))
    return all(math.isfinite(number) and number >= 0.0 for number in numbers)


def state_folder() -> Path:
    """Return where programs of this user keep what outlives them (XDG base directories)."""
    given = os.environ.get("XDG_STATE_HOME", "")
    return Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state"


class NoLedger:
    """The ledger of a rig whose devices are all simulated: it knows and keeps nothing."""

    past: tuple[DevicePast, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def keep(self, past: Sequence[DevicePast]) -> None:
        """Keep nothing."""


class Ledger:
    """The ledger of one rig; entering takes the lock and reads, `keep` writes it anew.

    Parameters
    ----------
    folder : Path
        The rig's own folder; it is made where it is not there.
    unix_us : callable
        Microseconds since 1970, of the machine's wall clock.

    Attributes
    ----------
    past : tuple of DevicePast
        What was known when it was entered, aged to that moment.

    Raises
    ------
    LedgerError
        On entering, where another service holds it or it cannot be used; from `keep`, where it
        cannot be written.

    Notes
    -----
    A file that is damaged, or was written in the future of the present wall clock, is as good as
    none: nobody knows what was given. A power cut may cost the newest second.
    """

    def __init__(self, folder: Path, unix_us: Callable[[], int]) -> None:
        self.past: tuple[DevicePast, ...] = ()
        self._folder = folder
        self._file = folder / "ledger.json"
        self._unix_us = unix_us
        self._lock: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
            self._folder.chmod(_FOLDER_MODE)
            # A lock of the operating system's, which ends with its process on every system.
            lock = self._folder / "lock.sqlite"
            lock.touch(mode=_FILE_MODE)
            lock.chmod(_FILE_MODE)
            self._lock = sqlite3.connect(lock, timeout=0.0)
            self._lock.execute("BEGIN EXCLUSIVE")
            self.past = self._read()
        except sqlite3.OperationalError:
            self._close()
            raise LedgerError(
                f"{self._folder}: expected one service a rig, found another that keeps its "
                "ledger; end it first"
            ) from None
        except OSError as error:
            self._close()
            raise LedgerError(f"{self._folder}: cannot be used: {error}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def keep(self, past: Sequence[DevicePast]) -> None:
        """Write what is known now, whole or not at all."""
        if not past:
            return
        # Of a device that is not named nobody knows, and JSON has no number without end.
        known = tuple(each for each in past if math.isfinite(each.known_age_s))
        kept = _LedgerContent(written_us=self._unix_us(), devices=known)
        written = self._file.with_suffix(".part")
        try:
            written.touch(mode=_FILE_MODE)
            written.chmod(_FILE_MODE)
            written.write_bytes(msgspec.json.encode(kept))
            written.replace(self._file)
        except OSError as error:
            raise LedgerError(f"{self._file}: cannot be written: {error}") from error

    def _read(self) -> tuple[DevicePast, ...]:
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=_LedgerContent)
        except (FileNotFoundError, msgspec.MsgspecError):
            return ()
        passed_s = (self._unix_us() - kept.written_us) / 1e6
        if passed_s < 0.0 or not all(map(_is_sound, kept.devices)):
            return ()
        return tuple(each.aged(passed_s) for each in kept.devices)

    def _close(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def ledger_of(
    rig: str, devices: Sequence[DeviceConfig], unix_us: Callable[[], int]
) -> AbstractContextManager[Ledger | NoLedger]:
    """Return the ledger of a rig, in the state folder of this user."""
    if all(device.simulated for device in devices):
        return NoLedger()
    return Ledger(state_folder() / "stimloop" / rig, unix_us)
