"""An amplifier in virtual time: a signal that is strong or weak, and what may go wrong with it."""

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from replay.virtual.rig import HOP_SAMPLES, RATE_HZ, STREAM
from replay.virtual.schedule import Schedule
from streamer.events import Chunk, ClockCorrection, Event, StreamChanged

Listener: TypeAlias = Callable[[Event], None]

_PERIOD_US: Final = round(HOP_SAMPLES / RATE_HZ * 1e6)
_CORRECTION_US: Final = 5_000_000
#: From the newest sample to the service, on a quiet network.
_DELAY_US: Final = 2_000
_SILENCE_US: Final = 750_000
_LENGTH: Final = 1000


def _tone(amplitude_uv: float) -> NDArray[np.float32]:
    phase = 2.0 * np.pi * 20.0 * np.arange(_LENGTH) / RATE_HZ
    tone: NDArray[np.float32] = (amplitude_uv * np.sin(phase)).astype(np.float32)[:, np.newaxis]
    tone.flags.writeable = False
    return tone


_STRONG, _WEAK = _tone(40.0), _tone(1.0)
_SPOILT = np.full((HOP_SAMPLES, 1), np.nan, dtype=np.float32)
_RAMP = np.arange(HOP_SAMPLES) / RATE_HZ


class Amplifier:
    """Sends one signal to whoever listens.

    Parameters
    ----------
    schedule : Schedule
        The virtual time.
    clock_offset_us : int
        Its clock, less the virtual time.

    Attributes
    ----------
    is_strong : bool
        Whether the signal is strong, so that the policies are on.
    delay_us : int
        How late samples come, beyond a quiet network's delay.
    is_silent, is_spoilt : bool
        Whether no samples come, and whether what comes is not a number.
    uncertainty_s : float
        Of its clock, as the next correction says.
    listeners : list of callable
        Each takes its events.
    uid : int
        Which sender this is: another after `replace`.
    """

    def __init__(self, schedule: Schedule, *, clock_offset_us: int = 0) -> None:
        self.is_strong = False
        self.delay_us = 0
        self.is_silent = False
        self.is_spoilt = False
        self.uncertainty_s = 1e-4
        self.listeners: list[Listener] = []
        self.uid = 0
        self._schedule = schedule
        self._offset_us = clock_offset_us
        self._believed_offset_us = clock_offset_us
        self._n_sent = 0
        self._newest_due_us = 0
        self._silent_since_us: int | None = None
        schedule.after(0, self._correct)
        schedule.after(_PERIOD_US, self._sample)

    def correction(self) -> ClockCorrection:
        """Return the clock correction that listeners get first, and then every few seconds."""
        return ClockCorrection(STREAM, -self._believed_offset_us / 1e6, self.uncertainty_s)

    def misjudge_clock(self, by_us: int) -> None:
        """Make the clock correction wrong by a further `by_us`."""
        self._believed_offset_us += by_us
        self._tell(self.correction())

    def run_ahead(self, by_us: int) -> None:
        """Let the next correction find its clock `by_us` ahead: the listener's stood still."""
        self._believed_offset_us += by_us

    def replace(self) -> None:
        """Let another sender take its place, under the same `source_id`."""
        self.uid += 1
        self._tell(StreamChanged(STREAM, "lost", "the sender is gone"))
        self._schedule.after(300_000, self._resume)

    def _resume(self) -> None:
        uid = str(self.uid)
        self._tell(StreamChanged(STREAM, "resumed", "another outlet", uid, is_same_sender=False))
        self._tell(self.correction())

    def _correct(self) -> None:
        self._tell(self.correction())
        self._schedule.after(_CORRECTION_US, self._correct)

    def _sample(self) -> None:
        now_us = self._schedule.now_us
        self._schedule.after(_PERIOD_US, self._sample)
        first = self._n_sent
        self._n_sent += HOP_SAMPLES
        if self.is_silent:
            self._fall_silent(now_us)
            return
        if self._silent_since_us is not None:
            if now_us - self._silent_since_us > _SILENCE_US:
                self._tell(StreamChanged(STREAM, "heard", "samples again"))
            self._silent_since_us = None
        tone = _STRONG if self.is_strong else _WEAK
        samples = _SPOILT if self.is_spoilt else tone[first % _LENGTH :][:HOP_SAMPLES]
        newest_s = (now_us + self._offset_us) / 1e6
        stamps_s = newest_s - _RAMP[::-1]
        self._tell(Chunk(STREAM, first, samples, stamps_s))

    def _fall_silent(self, now_us: int) -> None:
        if self._silent_since_us is None:
            self._silent_since_us = now_us
        elif (
            now_us - self._silent_since_us
            > _SILENCE_US
            >= now_us - self._silent_since_us - _PERIOD_US
        ):
            self._tell(StreamChanged(STREAM, "silent", "no samples"))

    def _tell(self, event: Event) -> None:
        due_us = self._schedule.now_us + _DELAY_US + self.delay_us
        self._newest_due_us = max(due_us, self._newest_due_us)

        def arrive() -> None:
            for listener in tuple(self.listeners):
                listener(event)

        self._schedule.at(self._newest_due_us, arrive)
