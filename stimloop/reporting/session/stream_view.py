"""What a page shows of one stream: gathered block by block, in memory that does not grow."""

from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import WINDOW_TAINT, Block, StreamLayout, Taint
from replay.scoring.subjects import Band
from stimloop.reporting.session.spectra import Spectra
from stimloop.reporting.session.zero_phase import ZeroPhase
from stimloop.reporting.trace import Envelope

#: Channels of a stream in the trace, and in spectra.
N_TRACED: Final = 4
N_SPECTRA: Final = 8
#: Seconds of a good stretch that are kept for what needs all of it at once.
HELD_S: Final = 120.0
#: Seconds before and after an event that are shown, and how many events.
AROUND_S: Final = 1.5
_N_EVENTS: Final = 6


class EventWindow(NamedTuple):
    """Samples round one detection."""

    detector: str
    channel: str
    onset_s: float
    time_s: NDArray[np.float64]
    samples_uv: NDArray[np.float64]


class _Wanted(NamedTuple):
    detector: str
    channel: str
    onset_s: float
    slot: int


class StreamView:
    """Envelopes, spectra, windows round events and a first stretch of one stream.

    Parameters
    ----------
    layout : StreamLayout
        The stream after units and montage.
    channels : tuple of str
        The channels that detectors read, in order; the first of them are shown.
    band_hz : (float, float) or None
        The band that detectors look at.

    Attributes
    ----------
    windows : list of EventWindow
        A random choice of events, the same for the same session.
    phases : dict of (str, str) to list of float
        Phase of the band, without delay, at each moment that a detector and channel gave.
    held_uv : ndarray
        The first good stretch of `HELD_S`, else the longest; of shape (n_samples, n_channels).
    """

    def __init__(
        self, layout: StreamLayout, channels: tuple[str, ...], band_hz: Band | None
    ) -> None:
        self.layout = layout
        self.band_hz = band_hz
        self.channels = channels[:N_SPECTRA]
        self.traced = channels[:N_TRACED]
        self._columns = [layout.channels.index(each) for each in self.channels]
        n_traced = len(self.traced)
        step_s = 1.0 / layout.rate_hz
        self.raw = Envelope(step_s, n_traced)
        self.filtered = Envelope(step_s, n_traced)
        self.spectra = Spectra(layout.rate_hz, self.channels)
        self._zero_phase = None if band_hz is None else ZeroPhase(band_hz, layout.rate_hz)
        self._moments: list[tuple[str, str, float]] = []
        self.phases: dict[tuple[str, str], list[float]] = {}
        self._recent: deque[tuple[NDArray[np.float64], NDArray[np.float64]]] = deque()
        self._wanted: list[_Wanted] = []
        self._windows: dict[int, EventWindow] = {}
        self._n_events = 0
        self._random = np.random.default_rng(1)
        self._held: list[NDArray[np.float64]] = []
        self._n_held = 0
        self._longest: list[NDArray[np.float64]] = []
        self._n_longest = 0
        self._is_holding = True
        self._was_good = False
        self._newest_s = -np.inf

    @property
    def windows(self) -> list[EventWindow]:
        """Those of the events, in the order of time."""
        return sorted(self._windows.values(), key=lambda each: each.onset_s)

    @property
    def held_uv(self) -> NDArray[np.float64]:
        """The first good stretch of `HELD_S`, else the longest."""
        parts = self._held if self._n_held > self._n_longest else self._longest
        return np.concatenate([np.empty((0, len(self.channels))), *parts])

    def take(self, block: Block) -> None:
        """Take in a block."""
        samples_uv = block.samples_uv[:, self._columns]
        taint = block.taint[:, self._columns]
        n_traced = len(self.traced)
        bad = (taint & int(WINDOW_TAINT)) > 0
        self.raw.take(block.time_s, np.where(bad, np.nan, samples_uv)[:, :n_traced])
        for start, stop, is_start in self._runs(np.asarray(bad.any(axis=1)), taint):
            part, time_s = samples_uv[start:stop], block.time_s[start:stop]
            self.spectra.take(part, is_start=is_start)
            self._hold(part, is_start=is_start)
            if self._zero_phase is not None:
                self._filter(self._zero_phase.take(time_s, part, is_start=is_start))
        self._remember(block.time_s, samples_uv)

    def note_event(self, detector: str, channel: str, onset_s: float) -> None:
        """Perhaps keep what lies round an event: each is as likely as any other."""
        if channel not in self.channels:
            return
        self._n_events += 1
        slot = self._n_events - 1
        if slot >= _N_EVENTS:
            slot = int(self._random.integers(0, self._n_events))
        if slot < _N_EVENTS:
            self._wanted.append(_Wanted(detector, channel, onset_s, slot))

    def note_moment(self, detector: str, channel: str, at_s: float) -> None:
        """Look up the phase of the band at a moment, once the samples about it are there."""
        if channel in self.channels and self._zero_phase is not None:
            self._moments.append((detector, channel, at_s))

    def finish(self) -> None:
        """Take in that nothing more comes."""
        if self._zero_phase is not None:
            self._filter(self._zero_phase.finish())
        self._cut(np.inf)

    def _runs(
        self, is_bad: NDArray[np.bool_], taint: NDArray[np.uint16]
    ) -> Iterator[tuple[int, int, bool]]:
        """Yield where good samples begin and end, and whether something is missing before them."""
        restarts = np.asarray((taint & int(Taint.RESTART)).any(axis=1))
        edges = np.flatnonzero(np.diff(is_bad.astype(np.int8))) + 1
        cuts = np.unique(np.concatenate([[0], edges, np.flatnonzero(restarts), [is_bad.size]]))
        for start, stop in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
            if is_bad[start]:
                self._was_good = False
                continue
            yield start, stop, bool(restarts[start]) or not self._was_good
            self._was_good = True

    def _hold(self, part: NDArray[np.float64], *, is_start: bool) -> None:
        n_most = round(HELD_S * self.layout.rate_hz)
        if is_start and self._n_held < n_most:
            if self._n_held > self._n_longest:
                self._longest, self._n_longest = self._held, self._n_held
            self._held, self._n_held = [], 0
            self._is_holding = True
        elif is_start:
            self._is_holding = False
        if self._is_holding and self._n_held < n_most:
            kept = part[: n_most - self._n_held].copy()
            self._held.append(kept)
            self._n_held += len(kept)

    def _filter(self, found: Iterator[tuple[NDArray[np.float64], NDArray[np.complex128]]]) -> None:
        for time_s, analytic in found:
            self.filtered.take(time_s, analytic.real[:, : len(self.traced)])
            later: list[tuple[str, str, float]] = []
            for each in self._moments:
                detector, channel, at_s = each
                if at_s > time_s[-1]:
                    later.append(each)
                elif at_s >= time_s[0]:
                    phase = np.angle(analytic[:, self.channels.index(channel)])
                    turned = np.interp(at_s, time_s, np.unwrap(phase))
                    angle = float(np.angle(np.exp(1j * turned)))
                    self.phases.setdefault((detector, channel), []).append(angle)
            self._moments = later

    def _remember(self, time_s: NDArray[np.float64], samples_uv: NDArray[np.float64]) -> None:
        if not time_s.size:
            return
        self._recent.append((time_s, samples_uv))
        self._newest_s = float(time_s[-1])
        # Detections are known later than they are: a delay, and the shortest duration.
        while len(self._recent) > 1 and self._recent[1][0][0] < self._newest_s - 8.0 * AROUND_S:
            self._recent.popleft()
        self._cut(self._newest_s)

    def _cut(self, newest_s: float) -> None:
        """Cut out the windows whose last sample is there."""
        waiting: list[_Wanted] = []
        for each in self._wanted:
            if each.onset_s + AROUND_S > newest_s:
                waiting.append(each)
                continue
            column = self.channels.index(each.channel)
            time_s = np.concatenate([np.empty(0), *(times for times, _ in self._recent)])
            values = [samples[:, column] for _, samples in self._recent]
            samples_uv = np.concatenate([np.empty(0), *values])
            near = np.abs(time_s - each.onset_s) <= AROUND_S
            if near.any():
                self._windows[each.slot] = EventWindow(
                    each.detector, each.channel, each.onset_s, time_s[near], samples_uv[near]
                )
        self._wanted = waiting
