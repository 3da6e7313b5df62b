"""The time of each sample: raw stamps smoothed, gaps and clock resets separated from jitter."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.bundle import Bundle
from detectors.conditioning import stamps_kernel as kernel
from detectors.conditioning.findings import Finding
from detectors.kernels.found_counter import FoundCounter

#: Default of the shortest displacement of stamps that can be a gap. Ordinary jitter is below.
GAP_S_MIN = 0.008
#: Default of how long stamps must stay displaced before it is a gap and not a late block.
GAP_DELAY_S = 0.1
#: A forward jump of a minute and more is the sender's clock, not a hole: a stream that was silent
#: for a minute would have been reported long before.
CLOCK_JUMP_S = 60.0
#: A clock correction that moves by more than this restarts the stream: time may have to go back.
CORRECTION_STEP_S = 0.1
#: A true rate further from the nominal one than this is noted.
RATE_ERROR_TOLD = 0.02

_N_CONFIRM_MIN = 3
_N_FOUND_MAX = 64
_MEMORY_S = 5.0
_N_MEMORY_MIN = 50
_JITTER_FACTOR = 8.0
_PERIODS_MISFIT_MIN = 0.75
_MISFIT_MAX_S = 0.25
_PERIOD_SLACK = 0.25
# Before anything is known: the rate is within some 5 % of the nominal one, and stamps jitter by
# 1 ms, twenty in a row alike.
_PERIOD_SD = 0.05
_STAMP_VARIANCE_S2 = 20.0 * 0.001**2


class StampSmoother:
    """Gives each sample a time, from stamps that jitter, stall, jump or are not there.

    A line is fitted to the stamps against the sample index, sample by sample: rate and offset
    are estimated, the nominal rate only begins the fit. A stamp further from the line than
    ``max(gap_s_min, 3/4 of a period, 8 times the mean jitter up to 0.25 s)`` is suspect and
    leaves the line alone; as many suspects in a row as make `gap_delay_s` move the line and restart
    the stream.

    Parameters
    ----------
    rate_hz : float
        Nominal rate.
    gap_s_min : float
        Stamps displaced by less are jitter, whatever the stream.
    gap_delay_s : float
        How long stamps must be displaced to be so for good.
    counts : Counter
        Kept up to date: ``gaps``, ``gap_samples``, ``clock_resets``, ``clock_corrections``,
        ``late``, ``backwards``, ``not_finite_stamps``.

    Attributes
    ----------
    gap_delay_s : float
        From the first displaced sample to the one that confirms it: three samples at least.

    Notes
    -----
    Causal and chunk-invariant. The sample that confirms a gap carries ``RESTART``; the first one
    after the hole is `gap_delay_s` before it, and from that one on samples carry
    ``SUSPECT_STAMP`` and times that follow the old line. Times do not decrease between restarts.
    A stamp that is not finite is suspect; the line goes on. Stamps that only a rate more than 25 %
    off the nominal one would explain are suspect too. Before the first finite stamp time
    is zero.
    """

    def __init__(
        self, *, rate_hz: float, gap_s_min: float, gap_delay_s: float, counts: Counter[str]
    ) -> None:
        n_confirm = max(_N_CONFIRM_MIN, round(gap_delay_s * rate_hz))
        self.gap_delay_s = (n_confirm - 1) / rate_hz
        self._rate_hz = rate_hz
        self._counts = counts
        self._correction_s = 0.0
        misfit_min_s = max(gap_s_min, _PERIODS_MISFIT_MIN / rate_hz)
        self._period_min_s = (1.0 - _PERIOD_SLACK) / rate_hz
        self._period_max_s = (1.0 + _PERIOD_SLACK) / rate_hz
        settings = kernel.Settings(
            nominal_s=1.0 / rate_hz,
            misfit_min_s=misfit_min_s,
            misfit_max_s=max(misfit_min_s, _MISFIT_MAX_S),
            jitter_factor=_JITTER_FACTOR,
            n_confirm=n_confirm,
            n_memory=max(_N_MEMORY_MIN, round(_MEMORY_S * rate_hz)),
            p_period_start=(_PERIOD_SD / rate_hz) ** 2 / _STAMP_VARIANCE_S2,
            period_min_s=self._period_min_s,
            period_max_s=self._period_max_s,
        )
        events = kernel.StampEvents(
            row=np.zeros(_N_FOUND_MAX, dtype=np.int64),
            what=np.zeros(_N_FOUND_MAX, dtype=np.int64),
            n_stamps=np.zeros(_N_FOUND_MAX, dtype=np.int64),
            value=np.zeros(_N_FOUND_MAX),
            period_s=np.zeros(_N_FOUND_MAX),
            counter=FoundCounter(),
        )
        self._state = Bundle(kernel.State(settings, kernel.Fit(), events))
        self._is_new = self._state.fields.fit.view("is_new")
        self.restart()

    def restart(self) -> None:
        """Forget the fit: the next sample begins a new one and carries ``RESTART``."""
        self._state.fields.fit.array[...] = 0
        self._is_new[...] = True

    def correct(self, correction_s: float) -> float | None:
        """Add `correction_s` to the times from the next sample on.

        Returns
        -------
        float or None
            By how much the times step, where that is so far that the next sample restarts.
        """
        step_s = correction_s - self._correction_s
        self._correction_s = correction_s
        if abs(step_s) <= CORRECTION_STEP_S or self._is_new:
            return None
        self._is_new[...] = True
        self._counts["clock_corrections"] += 1
        return step_s

    def update(
        self, timestamps_s: NDArray[np.float64], first_sample: int
    ) -> tuple[NDArray[np.float64], NDArray[np.uint16], list[Finding]]:
        """Return time and taint of each sample, and what was found."""
        stamps_s = np.array(timestamps_s, np.float64, order="C")
        time_s = np.empty(stamps_s.size)
        taint = np.empty(stamps_s.size, np.uint16)
        findings: list[Finding] = []
        events = self._state.fields.events
        done = 0
        while done < stamps_s.size:
            done, n_missing = kernel.update(
                stamps_s, done, self._correction_s, time_s, taint, self._state.addresses
            )
            if n_missing:
                self._counts["not_finite_stamps"] += n_missing
            n_found = int(events.counter.view("n_written"))
            if not n_found:
                continue
            columns = [each[:n_found].tolist() for each in events[:-1]]
            for row, what, n_stamps, value, period_s in zip(*columns, strict=True):
                finding = self._describe(first_sample + row, what, n_stamps, value, period_s)
                if finding is not None:
                    findings.append(finding)
        return time_s, taint, findings

    def _describe(
        self, sample: int, what: int, n_stamps: int, value: float, period_s: float
    ) -> Finding | None:
        if what == kernel.MOVED:
            return self._moved(value, sample, sample - n_stamps + 1, period_s)
        if what == kernel.ASTRAY:
            kind = "late" if value > 0.0 else "backwards"
            self._counts[kind] += 1
            text = f"{n_stamps} stamps were {value * 1e3:+.3g} ms off"
            return Finding(sample, kind, "", text)
        if what == kernel.MISSING:
            return Finding(sample, "not_finite_stamp", "", "stamps are not finite")
        if what == kernel.FOUND:
            text = f"stamps are finite again, {n_stamps} were not"
            return Finding(sample, "not_finite_stamp", "over", text, begins=False)
        if abs(period_s * self._rate_hz - 1.0) <= RATE_ERROR_TOLD:
            return None
        found = f"{1.0 / period_s:.5g} Hz"
        if self._is_at_bound(period_s):
            # The fit goes no further: the true rate is beyond it.
            found = f"{'more' if period_s * self._rate_hz < 1.0 else 'less'} than {found}"
        text = f"expected {self._rate_hz:g} Hz, found {found}"
        return Finding(sample, "rate", "", text)

    def _is_at_bound(self, period_s: float) -> bool:
        return not self._period_min_s < period_s < self._period_max_s

    def _moved(self, step_s: float, sample: int, moved: int, period_s: float) -> Finding:
        if not 0.0 <= step_s < CLOCK_JUMP_S:
            self._counts["clock_resets"] += 1
            text = f"stamps moved by {step_s:.6g} s at sample {moved}"
            return Finding(sample, "clock_reset", "", text)
        n_lost = round(step_s / period_s)
        self._counts["gaps"] += 1
        self._counts["gap_samples"] += n_lost
        text = f"{n_lost} samples ({step_s:.3f} s) are missing before sample {moved}"
        return Finding(sample, "gap", "", text)
