"""Which null a channel's bursts stand beside, and from which sample on."""

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, StreamLayout
from detectors.bursts.burst import Burst, BurstColumns
from detectors.bursts.calibration_stretch import CalibrationStretch
from detectors.bursts.null import burst_null, no_null
from detectors.deferral import Deferral, EffectiveResult
from detectors.estimates import Estimates
from detectors.null_simulation.noise_spectrum import NoiseSpectrum
from detectors.null_simulation.simulation import NullSimulation

#: Values that are kept of all channels together: of a longer calibration the newest ones.
_N_VALUES_MAX: Final = 16_000_000


class BurstNullInEffect:
    """The null of each channel of a burst detector, at every sample.

    Of a burst detector that calibrates it is that of noise with the spectrum of the calibration:
    each channel's own, unknown until `delay_samples` after its calibration has ended. Where there
    is no calibration, or where nobody can tell which samples a channel is made of (it reads
    several streams, or names its channels in a way of its own), it is that of white noise, known
    from the start.

    Parameters
    ----------
    id_ : str
        Id of the detector that needs it.
    burst : Burst
        The burst detector.
    simulation : NullSimulation
        The burst detector, on noise.
    layouts : tuple of StreamLayout
        The streams below it.
    long_hops : float
        A burst of more hops is long.
    delay_samples : int
        From the end of a calibration to the sample at which its null takes effect.

    Attributes
    ----------
    null : ndarray, shape (n_channels, n_shares, N_NULL)
        What is in effect; not finite where nothing is.
    is_white : ndarray of float64, shape (n_channels,)
        1 where it is that of white noise.
    deferrals, bound : list
        See `detectors.detector.Detector`.
    """

    def __init__(
        self,
        id_: str,
        burst: Burst,
        simulation: NullSimulation,
        layouts: tuple[StreamLayout, ...],
        *,
        long_hops: float,
        delay_samples: int,
    ) -> None:
        self._id = id_
        self._burst = burst
        self._columns = [burst.columns(channel) for channel in burst.channels]
        self._null_of = functools.partial(
            burst_null, simulation, burst.rule, burst.hop_samples, burst.rate_hz, long_hops
        )
        self._delay_samples = delay_samples
        labels = layouts[0].channels if len(layouts) == 1 else ()
        is_own = burst.calibration_s > 0.0 and set(burst.channels) <= set(labels)
        self.is_white = np.full(len(burst.channels), 0.0 if is_own else 1.0)
        self._columns_of_stream = [labels.index(each) for each in burst.channels] if is_own else []
        n_calibrate = round(burst.calibration_s * burst.rate_hz)
        # The last hop of a calibration is valid, so all that it depends on is good.
        self._n_kept = max(
            burst.span_samples, min(n_calibrate, _N_VALUES_MAX // len(burst.channels))
        )
        if is_own:
            self._compile()
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        nothing = no_null() if self._columns_of_stream else self._null_of()
        self.null = np.stack([nothing] * len(self._burst.channels))
        self.deferrals: list[Deferral] = []
        self.bound: list[EffectiveResult] = []
        self._is_valid_yet = np.zeros(len(self._burst.channels), dtype=np.bool_)
        self._calibrating = list(range(len(self._columns_of_stream)))
        self._stretch: CalibrationStretch | None = None
        if self._calibrating:
            self._stretch = CalibrationStretch(self._columns_of_stream, self._n_kept)

    def add_samples(self, block: Block) -> None:
        """Take samples, which come before the hops that they complete."""
        if self._stretch is not None:
            self._stretch.add(block)

    def update(self, given: Estimates) -> None:
        """Take hops of the burst detector: a calibration ends where a threshold is known."""
        if self._stretch is None:
            return
        ended = [
            (hops[0], channel)
            for channel in self._calibrating
            if (hops := self._known(channel, self._columns[channel], given)).size
        ]
        for hop, channel in sorted(ended):
            sample = int(given.sample[hop])
            self._stretch.take_until(sample)
            self._defer(channel, sample, self._stretch)
            self._calibrating.remove(channel)
        if not self._calibrating:
            self._stretch = None
        elif given.sample.size:
            self._stretch.take_until(int(given.sample[-1]))

    def edges(self, sample: NDArray[np.int64]) -> list[int]:
        """Return at which of these hops another null takes effect, ascending."""
        due = {
            int(np.searchsorted(sample, each.due_sample))
            for each in self.deferrals
            if each.due_sample is not None
        }
        return sorted(each for each in due if each < sample.size)

    def bind(self, sample: int) -> None:
        """Let everything that is due at a hop of this sample take effect."""
        for each in list(self.deferrals):
            if each.due_sample is not None and each.due_sample <= sample:
                self.null[self._burst.channels.index(each.channel)] = each.result()
                self.deferrals.remove(each)
                self.bound.append(EffectiveResult(self._id, each.channel, sample, each.result()))

    def _known(self, channel: int, columns: BurstColumns, given: Estimates) -> NDArray[np.intp]:
        """Return the hops at which a channel's threshold is known, and a measure was."""
        is_valid = given.valid[:, columns.value]
        has_been = np.logical_or.accumulate(is_valid) | self._is_valid_yet[channel]
        self._is_valid_yet[channel] |= is_valid.any()
        return np.flatnonzero(given.valid[:, columns.threshold] & has_been)

    def _defer(self, channel: int, sample: int, stretch: CalibrationStretch) -> None:
        self.deferrals.append(
            Deferral(
                self._id,
                self._burst.channels[channel],
                sample + self._delay_samples,
                functools.partial(self._own_null, *stretch.channel(channel)),
            )
        )

    def _own_null(
        self,
        samples_uv: NDArray[np.float64],
        is_good: NDArray[np.bool_],
        begins: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        spectrum = NoiseSpectrum.of(samples_uv, is_good, begins, self._burst.rate_hz)
        return no_null() if spectrum is None else self._null_of(spectrum=spectrum)

    def _compile(self) -> None:
        """Simulate a little noise, so that nothing is compiled when the calibration is over."""
        flat = NoiseSpectrum(np.ones(2).tobytes(), self._burst.rate_hz)
        self._null_of(spectrum=flat, n_stretches=1)
