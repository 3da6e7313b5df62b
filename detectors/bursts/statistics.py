"""Statistics of bursts (rate, duration, amplitude), each with its null: bursts of noise."""

from typing import ClassVar, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, StreamLayout
from detectors.bursts import statistics_kernel as kernel
from detectors.bursts.burst import Burst
from detectors.bursts.null_in_effect import BurstNullInEffect
from detectors.bursts.statistics_config import BurstStatisticsConfig
from detectors.bursts.statistics_outputs import BurstStatisticsColumns, columns_of, measures_of
from detectors.bursts.statistics_state import (
    Blocks,
    BurstTally,
    Counters,
    Settings,
    State,
)
from detectors.checks import require_memory
from detectors.deferral import Deferral, EffectiveResult
from detectors.detector import Detector, DetectorConfig, Input
from detectors.estimates import Estimates, Seen
from detectors.kernels.hop_kernel import HopKernel
from detectors.kernels.trust import RESTART
from detectors.null_simulation.simulation import NullSimulation
from detectors.outputs import outputs_of

#: Hops a window at most: more would cost time and memory, and show nothing new.
_N_BLOCKS_MAX: Final = 1000

__all__ = ["BurstStatistics", "BurstStatisticsColumns", "BurstStatisticsConfig"]


class BurstStatistics:
    """Rate, duration and amplitude of bursts in a sliding window, each with its null.

    Parameters
    ----------
    config : BurstStatisticsConfig
        Window, hop, and from which duration on a burst is long.
    layouts : tuple of StreamLayout
        The streams that the burst detector depends on.
    burst : Detector
        The burst detector.
    simulation : NullSimulation
        The same burst detector, run on simulated noise.

    Raises
    ------
    ValueError
        Where it is no burst detector, or window and hop do not fit it.

    Notes
    -----
    Outputs, for each channel, of the bursts that ended within the window: ``rate_hz``, which also
    counts bursts cut short by bad data; of all other bursts ``mean_duration_s``, from threshold
    crossing to threshold crossing as in the detections; ``mean_amplitude`` and ``peak_amplitude``,
    the averages over bursts of their mean and their highest measure, in its unit;
    ``long_fraction``, the share of bursts longer than `long_s` [1]_; ``n_bursts``, their number.
    ``seen_s`` is the time within the window in which the detector was valid; the rate is the number
    of bursts per second of it.

    Chance: ``rate_hz_null``, ``mean_duration_s_null``, ``mean_amplitude_null``,
    ``peak_amplitude_null`` and ``long_fraction_null`` are the same statistics of Gaussian noise
    through the same filters, hops, smoothing, hysteresis and shortest duration, at a threshold that
    the noise exceeds for the same share of time as the signal does; see `detectors.bursts.null`.
    The spectrum and the filter alone determine how long bursts of noise last, so compare every
    statistic with its null. The share of time is that of the window, so nulls follow a change of
    power: a difference from them shows how power comes and goes. A mean over n bursts of noise
    varies by about ``1 / sqrt(n)`` of itself (duration, rate).

    The noise has the spectrum of the good samples of the channel's own calibration (of its newest
    part, where it was longer than 16 million samples of all channels), as bursts of a narrow
    spectrum, or of slow activity that a one-pole resonator passes, are longer than those of white
    noise. This null takes effect at the sample `null_delay_s` after the first hop at which the
    threshold is known, and is not valid before. The noise is white, and ``is_null_white`` is 1,
    where nothing is calibrated (a threshold that is a `level`), and where the burst detector reads
    several streams or has channel labels of its own: then bursts of a rhythm are longer than
    the null only because of the spectrum.

    Valid: the rate where the detector was valid for half the window; means and fractions from
    `n_bursts_min` bursts on; a null where one is in effect, its statistic is valid, the share is 1
    to 90 %, and noise has such bursts at all. None of these is valid at the first hop after a
    restart of the stream (with several streams: nor at a hop where no channel was valid).
    ``n_bursts``, ``seen_s`` and ``is_null_white`` are always valid.

    Delay: that of the bursts plus half the window; a burst is counted when it ends. Start and gap:
    statistics go on over gaps and never restart by themselves: a hop is a fixed number of hops of
    the burst detector, and the first after a gap is not valid. NaN policy: ``omit``; hops that are
    not valid are left out. As they cut long bursts more often than short ones, mean durations are
    too short where there are many of them.

    References
    ----------
    .. [1] G. Tinkhauser et al., "The modulatory effect of adaptive deep brain stimulation on beta
       bursts in Parkinson's disease", Brain 140(4), 2017, doi:10.1093/brain/awx010.

    Examples
    --------
    >>> import msgspec
    >>> from detectors.block import StreamLayout
    >>> from detectors.chain import AnyDetectorConfig, DetectorChain
    >>> threshold = {"percentile": 75.0, "calibrate_s": 20.0}
    >>> tables = [
    ...     {"kind": "band_power", "id": "beta", "stream": "LFP", "band_hz": [13, 30]},
    ...     {"kind": "burst", "id": "burst", "of": "beta", "threshold": threshold},
    ...     {"kind": "burst_statistics", "id": "statistics", "of": "burst"},
    ... ]
    >>> configs = msgspec.convert(tables, list[AnyDetectorConfig])
    >>> chain = DetectorChain(configs, {"LFP": StreamLayout("LFP", 1000.0, ("STN_L",))})
    >>> [each.label for each in chain.detectors["statistics"].outputs][:2]
    ['STN_L.rate_hz', 'STN_L.mean_duration_s']
    """

    config_type: ClassVar[type[DetectorConfig]] = BurstStatisticsConfig

    def __init__(
        self,
        config: BurstStatisticsConfig,
        layouts: tuple[StreamLayout, ...],
        burst: Detector,
        simulation: NullSimulation,
    ) -> None:
        if not isinstance(burst, Burst):
            raise ValueError(  # noqa: TRY004 the configuration is wrong, not a type
                f"of: expected a burst detector, found {config.of!r}"
            )
        self.id = config.id
        self.channels = burst.channels
        self.outputs = outputs_of(self.channels, measures_of(burst))
        self.rate_hz = burst.rate_hz
        self._hop_s = burst.hop_samples / burst.rate_hz
        self._every = max(1, round(config.hop_s / self._hop_s))
        self.hop_samples = self._every * burst.hop_samples
        self._n_blocks = _n_blocks(config, self._every * self._hop_s)
        self.span_samples = burst.span_samples + self._n_blocks * self.hop_samples
        self.delay_s = burst.delay_s + self._n_blocks * self._every * self._hop_s / 2.0
        self._lag = burst.rule.lag_hops(burst.hop_samples)
        lag_s = self._lag * self._hop_s
        require_memory("of: duration_s_min", lag_s, self._lag * len(self.channels))
        self._long_hops = round(config.long_s * burst.rate_hz) / burst.hop_samples
        self._n_bursts_min = config.n_bursts_min
        self._is_of_one_stream = len(layouts) == 1
        self._on_columns = [burst.columns(channel).is_on for channel in burst.channels]
        self._is_signed = burst.rule.is_signed
        self._null = BurstNullInEffect(
            config.id,
            burst,
            simulation,
            layouts,
            long_hops=self._long_hops,
            delay_samples=round(config.null_delay_s * burst.rate_hz),
        )
        self._nothing = Seen(Estimates.empty(config.id, 0, len(self.outputs)))
        self.reset()

    def columns(self, channel: str) -> BurstStatisticsColumns:
        """Return the columns of a channel's outputs."""
        return columns_of(self.channels.index(channel))

    @property
    def nulls(self) -> NDArray[np.float64]:
        """The null of each channel that is in effect, see `detectors.bursts.null`."""
        return self._null.null

    @property
    def deferrals(self) -> list[Deferral]:
        """The nulls that must be computed before they take effect."""
        return self._null.deferrals

    @property
    def bound(self) -> list[EffectiveResult]:
        """The nulls that have taken effect."""
        return self._null.bound

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._null.reset()
        self._restarts: list[int] = []
        n_channels = len(self.channels)
        self._taints = np.zeros(self._n_blocks, dtype=np.uint16)
        shape = (self._n_blocks, n_channels)
        state = State(
            burst_hops=np.zeros(n_channels, dtype=np.int64),
            burst_sum=np.zeros(n_channels),
            burst_peak=np.zeros(n_channels),
            recent=np.zeros((n_channels, self._lag)),
            blocks=Blocks(
                decided_hops=np.zeros(shape, dtype=np.int64),
                above_hops=np.zeros(shape, dtype=np.int64),
                whole_bursts=np.zeros(shape, dtype=np.int64),
                cut_bursts=np.zeros(shape, dtype=np.int64),
                whole_hops=np.zeros(shape, dtype=np.int64),
                long_bursts=np.zeros(shape, dtype=np.int64),
                mean_sum=np.zeros(shape),
                peak_sum=np.zeros(shape),
            ),
            tally=BurstTally(),
            null=self._null.null,
            is_null_white=self._null.is_white,
            settings=Settings(
                lag=self._lag,
                long_hops=self._long_hops,
                block_hops=self._every,
                hop_s=self._hop_s,
                n_bursts_min=self._n_bursts_min,
                is_signed=self._is_signed,
            ),
            counters=Counters(),
        )
        self._kernel = HopKernel(kernel.update, self.id, len(self.outputs), state)

    def update(self, given: Input) -> Seen:
        """Take samples, or estimates of the burst detector; return every hop that they complete."""
        if isinstance(given, Block):
            self._null.add_samples(given)
            if self._is_of_one_stream:
                rows = np.flatnonzero(given.taint[:, 0] & RESTART)
                self._restarts += (given.first_sample + rows).tolist()
            return self._nothing
        self._null.update(given)
        parts: list[Estimates] = []
        is_cut = self._cuts(given)
        first = 0
        for edge in [*self._null.edges(given.sample), given.sample.size]:
            if edge > first:
                parts.append(self._piece(given, is_cut, slice(first, edge)))
            if edge < given.sample.size:
                self._null.bind(int(given.sample[edge]))
            first = edge
        found = self._kernel.none.followed_by(parts)
        taint = self._soft_taint(given.taint, np.searchsorted(given.sample, found.sample))
        return Seen(msgspec.structs.replace(found, taint=taint))

    def _piece(self, given: Estimates, is_cut: NDArray[np.bool_], piece: slice) -> Estimates:
        """Return the estimates that these hops complete, with the nulls in effect."""
        return self._kernel.call(
            (piece.stop - piece.start) // self._every + 1,
            given.values[piece],
            given.valid[piece],
            is_cut[piece],
            given.sample[piece],
            given.time_s[piece],
        )

    def _cuts(self, given: Estimates) -> NDArray[np.bool_]:
        """Return which hops are the first after a restart.

        With several streams a restart has no sample on their common grid: it is known by a hop at
        which no channel is valid, as there is one after every restart.
        """
        if not self._is_of_one_stream:
            return np.asarray(~given.valid[:, self._on_columns].any(axis=1))
        is_cut = np.zeros(given.sample.size, dtype=np.bool_)
        if self._restarts and given.sample.size:
            known = [each for each in self._restarts if each <= given.sample[-1]]
            is_cut[np.searchsorted(given.sample, known)] = True
            self._restarts = self._restarts[len(known) :]
        return is_cut

    def _soft_taint(self, given: NDArray[np.uint16], hops: NDArray[np.int64]) -> NDArray[np.uint16]:
        """Return the soft taint of each window, whose newest hops are at the indices `hops`."""
        found = np.zeros(hops.size, dtype=np.uint16)
        first = 0
        for index, hop in enumerate(hops.tolist()):
            self._taints[-1] |= np.bitwise_or.reduce(given[first : hop + 1])
            found[index] = np.bitwise_or.reduce(self._taints)
            self._taints = np.append(self._taints[1:], np.uint16(0))
            first = hop + 1
        self._taints[-1] |= np.bitwise_or.reduce(given[first:])
        return found


def _n_blocks(config: BurstStatisticsConfig, hop_s: float) -> int:
    """Return the hops of a window, as near to `window_s` as hops of whole samples can be."""
    asked = config.window_s / config.hop_s
    if not 1 <= round(asked) <= _N_BLOCKS_MAX or abs(round(asked) - asked) > 0.01:
        raise ValueError(
            f"window_s: expected 1 to {_N_BLOCKS_MAX} times hop_s ({config.hop_s:g} s), "
            f"found {config.window_s:g}"
        )
    return max(1, round(config.window_s / hop_s))
