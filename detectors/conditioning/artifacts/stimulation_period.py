"""Removes the artifact of continuous stimulation, whose true rate is estimated repeatedly."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import STIMULATION_CHANGE, BoundEvent, StreamLayout, Taint
from detectors.compiling.bundle import Bundle
from detectors.conditioning.artifacts import stimulation_period_kernel as kernel
from detectors.conditioning.artifacts.rate_search import RateSearch
from detectors.conditioning.artifacts.step import Stepped, restarts_of, rows_of
from detectors.conditioning.artifacts.stimulation_period_config import StimulationPeriodConfig
from detectors.conditioning.findings import Finding

#: Lags of nearly the same phase that a polynomial of their phases needs.
_N_LAGS_MIN: Final = 8
#: A rate that moved by more is another one, which is noted; others are averaged ...
_SAME_HZ: Final = 0.01
#: ... over this number of stretches at most.
_N_AVERAGED: Final = 8

__all__ = ["StimulationPeriod", "StimulationPeriodConfig"]


class StimulationPeriod:
    """Subtracts the artifact expected from earlier samples at the same phase of the pulses.

    Parameters
    ----------
    config : StimulationPeriodConfig
        Nominal rate, stretches and window.
    layout : StreamLayout
        The stream.
    counts : Counter
        ``stimulation_cleaned`` and ``stimulation_uncleaned``, in samples of single channels.

    Attributes
    ----------
    found_hz : float or None
        The rate that is subtracted, or was last; None before any was found.
    is_found : bool
        Whether stimulation was found in the newest complete stretch.

    Raises
    ------
    ValueError
        Where the rate of the stream leaves too little to find, or to average.

    Notes
    -----
    Period-based artifact reconstruction and removal [1]_, in its causal form, with two changes.

    *Rate.* The samples of each stretch of `learn_s` are shifted in frequency by the nominal rate
    and summed in tapered pieces. The difference to the nominal rate is the frequency with the most
    power in a Hann window over these pieces, summed over channels, each relative to its median
    power in the range. Up to eight stretches that agree to 0.01 Hz are averaged, and the mean is
    used from the next sample on. A line must be 20 dB above that median on at least one channel;
    otherwise there is no stimulation: nothing is subtracted, and nothing tainted. Aliased rates
    are found as well: 150 Hz appears at 50 Hz in a stream of 200 Hz.

    *Removal.* T is the period in samples. The lags l of the last `window_s` with
    ``|l / T - round(l / T)| <= half_width_periods`` lead to samples of nearly the same phase. A
    polynomial of the fourth degree in that phase is fitted to them by least squares; its value
    at phase zero is the expected artifact, which is subtracted. (The mean alone, as published, is
    blurred over the width of the phases and leaves a fiftieth.) A running mean of equal delay is
    added again, so that an offset stays.

    Effect on the signal: noise with a share ``sum w^2`` of its power is added (5 % with 80 lags),
    and a notch about ``1 / window_s`` wide is cut at each harmonic of the true rate, aliased or
    not. After a change of the artifact the difference remains for `window_s`.

    Delay: none. Taint: cleaned samples have ``STIMULATION``. Until the rate is known, and until the
    window is full after a restart or a change, samples are not changed and have ``UNCLEANED``;
    stimulation that begins without an event of the device has no taint until the end of the
    stretch. A change of the stimulation keeps the rate and begins a new stretch; with
    `resets_on_change` false it only taints with ``STIMULATION`` the samples that cannot be cleaned
    until then. Tainted samples do not contribute: the expected value is used instead, for half a
    window at most.

    Chance: in noise, less than one channel's stretch in 100,000 is taken for stimulation.

    References
    ----------
    .. [1] E. M. Dastin-van Rijn et al., "Uncovering biomarkers during therapeutic neuromodulation
       with PARRM: Period-based Artifact Reconstruction and Removal Method", Cell Reports Methods
       1, 100010, 2021, doi:10.1016/j.crmeth.2021.100010.

    Examples
    --------
    A stimulation that is set to 130 Hz and runs at 129.1 Hz:

    >>> time_s = np.arange(20_000) / 1000.0
    >>> pulses_uv = sum(
    ...     500.0 * np.sin(2.0 * np.pi * 129.1 * harmonic * time_s) for harmonic in (1, 2, 3)
    ... )[:, None]
    >>> layout = StreamLayout("LFP", 1000.0, ("STN_L",))
    >>> step = StimulationPeriod(StimulationPeriodConfig(frequency_hz=130.0), layout, Counter())
    >>> cleaned = step.update(pulses_uv, np.zeros(pulses_uv.shape, dtype=np.uint16), (), 0)
    >>> print(f"{step.found_hz:.2f} Hz, {np.abs(cleaned.samples_uv[-1000:]).max():.0f} µV left")
    129.10 Hz, 0 µV left
    """

    configured_by: ClassVar[type[StimulationPeriodConfig]] = StimulationPeriodConfig
    reads_events: ClassVar[bool] = True

    delay_s = 0.0

    def __init__(
        self, config: StimulationPeriodConfig, layout: StreamLayout, counts: Counter[str]
    ) -> None:
        self._config = config
        self._rate_hz = layout.rate_hz
        self._n_channels = len(layout.channels)
        self._counts = counts
        self._n_window = round(config.window_s * layout.rate_hz)
        n_lags = 2.0 * config.half_width_periods * self._n_window
        if n_lags < _N_LAGS_MIN:
            least_s = _N_LAGS_MIN / (2.0 * config.half_width_periods * layout.rate_hz)
            raise ValueError(
                f"window_s: expected at least {least_s:g} s in a stream of {layout.rate_hz:g} Hz, "
                f"found {config.window_s:g}"
            )
        self._search = RateSearch(
            frequency_hz=config.frequency_hz,
            search_hz=config.search_hz,
            learn_s=config.learn_s,
            rate_hz=layout.rate_hz,
            n_channels=self._n_channels,
        )
        self.reset()
        # Once here: what a stretch ends with is compiled before a rig is armed, not seconds later.
        self._search.find()
        self._weigh(config.frequency_hz)
        self.reset()

    def reset(self) -> None:
        """Forget everything but the counts: what follows is as after construction."""
        self.found_hz: float | None = None
        self.is_found = False
        self._search.begin()
        self._is_learned = False
        self._is_in_doubt = False
        self._n_agreeing = 0
        self._state = Bundle(
            kernel.State(
                lags=np.zeros(0, np.int64),
                weights=np.zeros(0),
                past=np.zeros((self._n_window, self._n_channels)),
                n_known=np.zeros(self._n_channels, np.int64),
                n_bad=np.zeros(self._n_channels, np.int64),
                expected=np.zeros(self._n_channels),
                means=np.zeros((kernel.N_MEANS, self._n_channels)),
                counters=kernel.Counters(),
            )
        )

    def update(
        self,
        samples_uv: NDArray[np.float64],
        taint: NDArray[np.uint16],
        events: Sequence[BoundEvent],
        first_sample: int,
    ) -> Stepped:
        """Take the next samples; never raises on data, never changes the arrays it is handed."""
        cleaned, marked = samples_uv.copy(), taint.copy()
        n_samples = len(samples_uv)
        restarts = restarts_of(taint)
        markers = self._config.change_markers
        changes = rows_of(events, STIMULATION_CHANGE, markers, first_sample, n_samples)
        findings: list[Finding] = []
        row = 0
        for stop in sorted({*restarts, *changes, n_samples}):
            while row < stop:
                piece = slice(row, row + min(stop - row, self._search.n_missing))
                self._search.update(samples_uv[piece], taint[piece])
                self._clean(cleaned[piece], marked[piece])
                row = piece.stop
                if not self._search.n_missing:
                    findings += self._learn(first_sample + row - 1)
            if stop in restarts:
                self.reset()
            if stop in changes:
                self._change()
        return Stepped(cleaned, marked, findings)

    def _clean(self, samples_uv: NDArray[np.float64], taint: NDArray[np.uint16]) -> None:
        """Subtract the artifact from samples, in place, and count what that came to."""
        is_running = self.is_found or not self._is_learned
        otherwise = Taint.UNCLEANED if is_running else Taint.NONE
        if self._is_in_doubt:
            otherwise = Taint.STIMULATION
        kernel.update(samples_uv, taint, int(otherwise), is_running, self._state.addresses)
        counters = self._state.fields.counters
        for name in ("cleaned", "uncleaned"):
            n_samples = int(counters.view(f"n_{name}"))
            if n_samples:
                self._counts[f"stimulation_{name}"] += n_samples

    def _change(self) -> None:
        """Keep the rate at a change of amplitude, and doubt all else."""
        if not self._config.resets_on_change:
            self._is_in_doubt = self._is_learned and not self.is_found
            return
        self._search.begin()
        self._state.fields.n_known[:] = 0
        if self.found_hz is None:
            self._is_learned = False
        else:
            self.is_found = True

    def _learn(self, sample: int) -> Iterator[Finding]:
        """Use the rate of the stretch that ends with this sample; yield what is news."""
        found_hz = self._search.find()
        self._search.begin()
        was_found, was_learned = self.is_found, self._is_learned
        self._is_learned = True
        self._is_in_doubt = False
        self.is_found = found_hz is not None
        if found_hz is None:
            if was_found or not was_learned:
                config = self._config
                text = f"none within {config.search_hz:g} Hz of {config.frequency_hz:g} Hz"
                yield Finding(sample, "stimulation", "none", text)
            return
        if self.found_hz is None or abs(found_hz - self.found_hz) > _SAME_HZ:
            self._n_agreeing = 0
        if not (was_found and self._n_agreeing):
            yield Finding(sample, "stimulation", "rate", f"pulses at {found_hz:.4f} Hz")
        self._use(found_hz)

    def _use(self, found_hz: float) -> None:
        """Average the rate with those that it agrees with, and subtract the artifact at that."""
        self._n_agreeing = min(self._n_agreeing + 1, _N_AVERAGED)
        before_hz = found_hz if self.found_hz is None or self._n_agreeing == 1 else self.found_hz
        self.found_hz = before_hz + (found_hz - before_hz) / self._n_agreeing
        self._weigh(self.found_hz)

    def _weigh(self, found_hz: float) -> None:
        lags, weights = np.zeros(self._n_window, np.int64), np.zeros(self._n_window)
        n_lags = kernel.weigh_lags(
            found_hz / self._rate_hz, self._config.half_width_periods, lags, weights
        )
        self._state.replace(lags=lags[:n_lags], weights=weights[:n_lags])
