"""Reads one LSL stream on threads: samples become events, silence and loss are noticed."""

import threading
from collections.abc import Callable

import numpy as np
import pylsl
from numpy.typing import NDArray

from streamer.events import Change, Chunk, ClockCorrection, Event, Marker, StreamChanged
from streamer.lsl.block_interval import BlockIntervalMeter
from streamer.lsl.choice import match_after_loss
from streamer.lsl.description import asked_text, difference, is_same_sender, listed, sender_text
from streamer.lsl.inlet import Inlet
from streamer.lsl.marker_text import marker_text
from streamer.lsl.search import Search, is_answering
from streamer.source import StreamInfo
from streamer.streams import StreamConfig

#: No pull blocks for longer, so that the thread can end.
_PULL_S = 0.1
_OPEN_S = 5.0
_LOOK_S = 2.0
#: So many looks in a row must miss a sender that has gone quiet before it is given up.
_N_MISSES_MAX = 3
_BACKOFF_S_MIN = 0.1
_BACKOFF_S_MAX = 5.0


class LslReader:
    """Reads one stream until stopped; `read` and `watch` each want a thread.

    Parameters
    ----------
    config : StreamConfig
        The stream's table.
    inlet : Inlet
        Connected, checked, not yet open.
    put : callable
        Takes the events, from either thread.
    now_s : callable
        The service's clock.
    correction_s : float
        Seconds from one look at the clock correction to the next.
    others : frozenset of str
        The uids of streams that answered to the same match at the start and were not chosen.
        None of them takes this one's place after a loss.
    """

    def __init__(
        self,
        config: StreamConfig,
        inlet: Inlet,
        put: Callable[[Event], None],
        *,
        now_s: Callable[[], float],
        correction_s: float,
        others: frozenset[str] = frozenset(),
    ) -> None:
        self.meter = BlockIntervalMeter()
        self._match = match_after_loss(config.match, inlet.info)
        self._others = others
        self._config = config
        self._put = put
        self._now_s = now_s
        self._correction_s = correction_s
        self._pull_s = min(_PULL_S, config.silence_s / 2.0)
        self._stop = threading.Event()
        self._info = inlet.info
        self._is_signal = inlet.info.is_signal
        self._next_sample = 0
        # The two threads share the inlet in use (None while there is none), whether it has given
        # nothing for `silence_s`, and how often its sender was missed on the network since.
        self._sharing = threading.Lock()
        self._inlet: Inlet | None = inlet
        self._is_quiet = False
        self._n_misses = 0

    def stop(self) -> None:
        """Let both threads end, within seconds even where the network does not answer."""
        self._stop.set()

    def read(self) -> None:
        """Read, and find the stream again after a loss, until stopped or the stream has ended."""
        inlet = self._inlet
        while inlet is not None:
            why = self._read_until_lost(inlet)
            self._use(None)
            del inlet
            if self._stop.is_set():
                return
            self.meter.interrupt()
            self._tell("lost", why)
            inlet = self._find_again() if self._config.reconnect else None

    def watch(self) -> None:
        """Ask for clock corrections, and whether a silent sender is still there at all."""
        while not self._stop.wait(self._correction_s):
            with self._sharing:
                inlet = self._inlet
            if inlet is None:
                continue
            try:
                correction = self._correction_of(inlet)
                is_missed = self._is_quiet and not is_answering(
                    inlet.info.uid, now_s=self._now_s, is_over=self._stop
                )
            except RuntimeError:
                continue  # the reading thread meets the same loss, and tells
            with self._sharing:
                if self._inlet is not inlet:
                    continue
                self._n_misses = self._n_misses + 1 if is_missed and self._is_quiet else 0
                if correction is not None:
                    self._put(correction)

    def _read_until_lost(self, inlet: Inlet) -> str:
        try:
            if not self._open(inlet):
                return f"the sender did not let its samples flow in {_OPEN_S:g} s"
            return self._pull_until_lost(inlet)
        except RuntimeError as error:
            return str(error)

    def _open(self, inlet: Inlet) -> bool:
        for _ in range(round(_OPEN_S / _PULL_S)):
            if self._stop.is_set() or inlet.open(_PULL_S):
                return True
        return False

    def _pull_until_lost(self, inlet: Inlet) -> str:
        newest_s = self._now_s()
        while not self._stop.is_set():
            samples, stamps_s = inlet.pull(self._pull_s)
            now_s = self._now_s()
            if len(stamps_s):
                if self._is_quiet and self._is_signal:
                    self._tell("heard", f"samples again after {now_s - newest_s:.2f} s")
                newest_s = now_s
                self._is_quiet = False
                self._give(samples, stamps_s, now_s)
            elif self._n_misses >= _N_MISSES_MAX:
                return "silent, and its sender no longer answers on the network"
            elif not self._is_quiet and now_s - newest_s >= self._config.silence_s:
                self._is_quiet = True
                self.meter.interrupt()
                if self._is_signal:
                    self._tell("silent", f"no sample for {now_s - newest_s:.2f} s")
        return ""

    def _give(
        self, samples: NDArray[np.generic], stamps_s: NDArray[np.float64], now_s: float
    ) -> None:
        if self._is_signal:
            self._put(Chunk(self._config.name, self._next_sample, samples, stamps_s))
            self._next_sample += len(stamps_s)
            self.meter.add(now_s)
            return
        for row, stamp_s in zip(samples, stamps_s, strict=True):
            self._put(Marker(self._config.name, float(stamp_s), marker_text(row)))

    def _find_again(self) -> Inlet | None:
        """Return the stream's new inlet; None where it was stopped."""
        lost_s = self._now_s()
        backoff_s = _BACKOFF_S_MIN
        unfit: set[str] = set()  # uids of outlets that were looked at, and give something else
        told = ""
        while not self._stop.is_set():
            search = Search(
                self._match, now_s=self._now_s, is_over=self._stop, left_out=self._others
            )
            found = search.find_first(_LOOK_S)
            is_new = found is not None and found.uid() not in unfit
            connected = self._connect(found) if found is not None and is_new else None
            everyone = search.find_all()
            if len(everyone) == 1 and connected is not None:
                if self._fits(connected[0].info):
                    return self._take_up(*connected, self._now_s() - lost_s)
                unfit.add(connected[0].info.uid)
            if len(everyone) > 1 and (several := listed(everyone)) != told:
                told = several
                self._tell(
                    "lost",
                    f"{len(everyone)} streams answer to {asked_text(self._match)}, "
                    f"waiting until one is left: {several}",
                )
            self._stop.wait(backoff_s)
            backoff_s = min(2.0 * backoff_s, _BACKOFF_S_MAX)
        return None

    def _connect(self, found: pylsl.StreamInfo) -> tuple[Inlet, ClockCorrection | None] | None:
        try:
            inlet = Inlet(self._config, found)
            return inlet, self._correction_of(inlet)
        except RuntimeError:
            return None  # gone again already: the search goes on

    def _fits(self, answering: StreamInfo) -> bool:
        """Return whether an answering stream has the lost one's format; emit an event where not."""
        changes = difference(self._info, answering)
        if changes:
            self._tell("changed", f"{changes}; from {sender_text(answering)}", answering)
        return not changes

    def _take_up(
        self, inlet: Inlet, correction: ClockCorrection | None, lost_for_s: float
    ) -> Inlet:
        if is_same_sender(self._info, inlet.info):
            detail = f"the same outlet after {lost_for_s:.2f} s"
        else:
            was, now = sender_text(self._info), sender_text(inlet.info)
            sender = now if was == now else f"{now}; it was {was}"
            detail = f"a new outlet after {lost_for_s:.2f} s, {sender}"
        self._tell("resumed", detail, inlet.info)
        self._info = inlet.info
        if correction is not None:
            self._put(correction)
        self._use(inlet)
        return inlet

    def _correction_of(self, inlet: Inlet) -> ClockCorrection | None:
        measured = inlet.measure_correction()
        return None if measured is None else ClockCorrection(self._config.name, *measured)

    def _use(self, inlet: Inlet | None) -> None:
        with self._sharing:
            self._inlet = inlet
            self._is_quiet = False
            self._n_misses = 0

    def _tell(self, what: Change, detail: str, answering: StreamInfo | None = None) -> None:
        """Emit what happened to the stream, and which stream answers in its place."""
        name = self._config.name
        if answering is None:
            self._put(StreamChanged(name, what, detail))
            return
        is_same = is_same_sender(self._info, answering)
        self._put(StreamChanged(name, what, detail, answering.uid, is_same))
