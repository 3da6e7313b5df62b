"""From raw samples to a `Block`: the first steps of every stream, live or from a file."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, BoundEvent, Break, StreamLayout
from detectors.conditioning.artifacts.path import ArtifactPath
from detectors.conditioning.artifacts.stimulation_blanking import StimulationBlankingConfig
from detectors.conditioning.artifacts.stimulation_period import StimulationPeriodConfig
from detectors.conditioning.config import ConditioningConfig
from detectors.conditioning.findings import Finding, Note, Repetitions
from detectors.conditioning.montage import Montage
from detectors.conditioning.quality import SampleJudge
from detectors.conditioning.stamps import StampSmoother
from detectors.conditioning.tally import Tallied, Tally
from detectors.conditioning.usable import factors_of, usable_columns

__all__ = ["Conditioner", "ConditioningConfig", "Note", "usable_columns"]

_RATE_TOLERANCE: Final = 1e-6
#: Seconds of samples in which one kind of note about one channel is given once; but each gap ...
NOTE_EVERY_S: Final = 1.0
#: ... that an amplitude is unusual, as movement makes it come and go ...
UNUSUAL_EVERY_S: Final = 60.0
#: ... and that a pulse, or a change, was blanked.
BLANKED_EVERY_S: Final = 60.0
#: Events that may wait for the next sample of a silent stream.
N_WAITING_MAX: Final = 1000

#: Steps that take stimulation off a signal.
_OF_STIMULATION: Final = (StimulationBlankingConfig, StimulationPeriodConfig)


class Conditioner:
    """Makes `Block`s of raw samples and stamps: the shared path before every detector.

    Parameters
    ----------
    config : ConditioningConfig
        The stream's table.
    rate_hz : float
        Nominal rate, as the stream says.
    channels, units : sequence of str
        Label and unit of each channel, as the stream says; a unit may be empty.

    Attributes
    ----------
    layout : StreamLayout
        The channels after the montage. Of an LFP or EMG stream those without a unit of voltage
        (a counter, a trigger) are left out.
    n_derived : int
        How many of these channels the montage made.
    gap_delay_s : float
        Delay after which a gap, or a clock reset, is confirmed: its first samples carry
        ``SUSPECT_STAMP``, the confirming one ``RESTART``.
    counts : Counter
        ``gaps``, ``gap_samples``, ``clock_resets``, ``clock_corrections``, ``restarts``, ``late``,
        ``backwards``, ``not_finite_stamps``; and, in samples of single channels, ``not_finite``,
        ``frozen``, ``saturated``, ``implausible``, ``unusual``, and what each artifact step
        counts.

    Raises
    ------
    ValueError
        Where no channel has a unit of voltage, or rate, montage or artifacts do not fit the
        stream; the text begins with the key path relative to the stream's table.

    Notes
    -----
    Causal, and chunk-invariant bit for bit, notes included. Samples of any numeric data type are
    taken, and never changed. A kind ``other`` stream may have any unit: voltages are converted to
    microvolts, other numbers stay as they are. See `SampleJudge` for NaN and the other
    judgements, `StampSmoother` for stamps and gaps, `detectors.conditioning.artifacts` for what is
    taken off after all of it.
    """

    def __init__(
        self,
        config: ConditioningConfig,
        *,
        rate_hz: float,
        channels: Sequence[str],
        units: Sequence[str],
    ) -> None:
        if not 0.0 < rate_hz < float("inf"):
            raise ValueError(f"rate_hz: expected a stream with a rate, found {rate_hz:g} Hz")
        if config.rate_hz and abs(rate_hz - config.rate_hz) > _RATE_TOLERANCE * config.rate_hz:
            raise ValueError(f"rate_hz: expected {config.rate_hz:g} Hz, found {rate_hz:g} Hz")
        columns = usable_columns(config, units)
        factors = factors_of(config, channels, units, columns)
        usable = [channels[column] for column in columns]
        left_out = tuple(label for label in channels if label not in usable)
        montage = Montage(config.montage, usable, left_out)
        self.layout = StreamLayout(config.name, rate_hz, montage.channels, left_out)
        self.n_derived = len(config.montage)
        self._columns = columns if left_out else None
        self._counts: Counter[str] = Counter()
        self._stamps = StampSmoother(
            rate_hz=rate_hz,
            gap_s_min=config.quality.gap_s_min,
            gap_delay_s=config.quality.gap_delay_s,
            counts=self._counts,
        )
        self.gap_delay_s = self._stamps.gap_delay_s
        self._judge = SampleJudge(
            config.quality,
            kind=config.kind,
            rate_hz=rate_hz,
            factors=factors,
            montage=montage,
            counts=self._counts,
            is_cleaned=any(isinstance(each, _OF_STIMULATION) for each in config.artifacts),
        )
        self._artifacts = (
            ArtifactPath(config.artifacts, self.layout, self._counts) if config.artifacts else None
        )
        self._next_sample = 0
        self._tally = Tally(config.name, rate_hz)
        self._events: list[BoundEvent] = []
        self._break: Break | None = None
        self._found: list[Finding] = []
        self._repetitions = Repetitions(
            max(1, round(NOTE_EVERY_S * rate_hz)),
            {
                "unusual": max(1, round(UNUSUAL_EVERY_S * rate_hz)),
                "blanked": max(1, round(BLANKED_EVERY_S * rate_hz)),
                "gap": 0,
            },
        )

    @property
    def counts(self) -> Counter[str]:
        """What was counted so far, by its kind."""
        self._judge.count()
        return self._counts

    @property
    def reads_events(self) -> bool:
        """Whether events that are bound to samples change what is made of these."""
        return self._artifacts is not None and self._artifacts.reads_events

    @property
    def next_sample(self) -> int:
        """Index of the sample that is expected next."""
        return self._next_sample

    @property
    def tallied(self) -> tuple[Tallied, ...]:
        """Everything that was found so far, once for each kind and channel, the earliest first."""
        n_samples = self._judge.n_samples_by_channel
        n_samples["gap", ""] = self._counts["gap_samples"]
        n_samples["not_finite_stamp", ""] = self._counts["not_finite_stamps"]
        return tuple(self._tally.tallied(n_samples))

    def correct(self, correction_s: float) -> bool:
        """Add `correction_s` to the stamps from the next sample on; return whether that restarts.

        A correction that moves the time by more than 0.1 s restarts the stream there; one that
        is not finite is left out, and noted.
        """
        if not math.isfinite(correction_s):
            self._find("clock_correction", f"expected seconds, found {correction_s}")
            return False
        step_s = self._stamps.correct(correction_s)
        if step_s is not None:
            self._find("clock_correction", f"times step by {step_s:.6g} s")
        return step_s is not None

    def part(self, at: Break) -> None:
        """Put a break before the next sample; of several there, the newest says it all."""
        self._break = at

    def mark(self, kind: str, text: str, time_s: float | None = None) -> None:
        """Bind an event to the next sample; beyond `N_WAITING_MAX` they are counted only.

        The first of its kind is bound all the same: markers must not hide a stimulation.
        """
        may_wait = len(self._events) < N_WAITING_MAX
        if may_wait or all(event.kind != kind for event in self._events):
            self._events.append(BoundEvent(self._next_sample, kind, text, time_s))
        else:
            self._counts["events_dropped"] += 1

    def restart(self, detail: str) -> None:
        """Begin anew with the next sample, as after a reconnection."""
        self._stamps.restart()
        self._counts["restarts"] += 1
        self._find("restart", detail)

    def update(
        self,
        first_sample: int,
        samples: NDArray[np.generic],
        timestamps_s: NDArray[np.float64],
    ) -> tuple[Block, tuple[Note, ...]]:
        """Condition the next chunk.

        Parameters
        ----------
        first_sample : int
            Index of its first row. Where that is not the index after the last chunk's, the
            samples between were never handed over: the stream restarts there.
        samples : ndarray, shape (n_samples, n_channels)
            Any numeric data type and memory layout; may be empty.
        timestamps_s : ndarray of float64, shape (n_samples,)
            Raw stamps.

        Returns
        -------
        tuple of Block and tuple of Note
            The notes in the order of their samples.
        """
        n_samples = len(samples)
        if n_samples and first_sample != self._next_sample:
            self._skip_to(first_sample)
        time_s, stamp_taint, of_stamps = self._stamps.update(timestamps_s, first_sample)
        if self._columns is not None:
            samples = samples[:, self._columns]
        samples_uv, taint, of_samples = self._judge.update(samples, stamp_taint, first_sample)
        events: tuple[BoundEvent, ...] = ()
        notes: tuple[Note, ...] = ()
        after: Break | None = None
        if n_samples:
            self._next_sample = first_sample + n_samples
            after, self._break = self._break, None
            if self._events:
                events = tuple(self._events)
                self._events.clear()
            if self._artifacts is not None:
                made = self._artifacts.update(samples_uv, taint, events, first_sample)
                samples_uv, taint = made.samples_uv, made.taint
                of_samples += made.findings
            self._tally.begin(time_s, first_sample)
            if self._found or of_stamps or of_samples:
                found = [*self._found, *of_stamps, *of_samples]
                self._tally.add(found, time_s, first_sample)
                notes = self._noted(found)
                self._found.clear()
            self._tally.end(time_s)
        block = Block(self.layout.name, first_sample, samples_uv, time_s, taint, events, after)
        return block, notes

    def _skip_to(self, first_sample: int) -> None:
        self._find("skipped", f"expected sample {self._next_sample}, found {first_sample}")
        self._stamps.restart()
        self._counts["restarts"] += 1
        self._next_sample = first_sample
        self._events = [replace(event, sample=first_sample) for event in self._events]
        self._found = [finding._replace(sample=first_sample) for finding in self._found]

    def _find(self, kind: str, text: str) -> None:
        if len(self._found) < N_WAITING_MAX:
            self._found.append(Finding(self._next_sample, kind, "", text))

    def _noted(self, found: list[Finding]) -> tuple[Note, ...]:
        # Stable: at one sample, what was bound to it comes first, stamps before amplitudes.
        found.sort(key=lambda finding: finding.sample)
        return tuple(
            Note(self.layout.name, finding.sample, finding.kind, finding.text)
            for finding in self._repetitions.pass_on(found)
        )
