"""A detector that is one function of a window: the rest of the law is kept for it."""

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import ArrayLike, NDArray

from detectors.block import Block, StreamLayout
from detectors.checks import require_memory, window_error
from detectors.detector import Input
from detectors.estimates import Estimates, Seen
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW
from detectors.outputs import Measure
from detectors.stream_detector import StreamDetector, StreamDetectorConfig


class WindowedConfig(StreamDetectorConfig, frozen=True, kw_only=True):
    """The keys a windowed detector has; its own struct adds tag and further keys.

    Parameters
    ----------
    channels : tuple of str
        Labels, the stream's own or of its montage; empty takes all of them.
    window_s : float
        Length of the window; rounded to samples, more than one hop.
    hop_s : float
        From one estimate to the next; rounded to samples, at least one.

    Examples
    --------
    >>> class LineLengthConfig(WindowedConfig, frozen=True, tag_field="kind", tag="line_length"):
    ...     '''A table of kind line_length.'''
    >>> LineLengthConfig(id="sharp", stream="LFP", window_s=0.2).hop_s
    0.05
    """

    channels: tuple[str, ...] = ()
    window_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 1.0
    hop_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.05


class Windowed(StreamDetector):
    """Calls `measure` with the last window at every hop; the way to a detector in a few lines.

    A subclass sets `config_type` and `measures` and defines `measure`. It is slower than a kernel
    of its own (some microseconds a hop and the copy of a window), and keeps every law by itself.

    Parameters
    ----------
    config : WindowedConfig
        Channels, window and hop.
    layout : StreamLayout
        The stream after units and montage.

    Raises
    ------
    ValueError
        Where window, hop or channels do not fit the stream.

    Notes
    -----
    Outputs: those of `measures`, channel by channel.

    Delay: half the window. Start and gap: the window starts empty; estimates are not valid before
    it is full, nor is the first hop. NaN policy: ``invalid``; a window that contains a tainted
    sample is not valid on that channel, an estimate whose newest sample carries a doubtful stamp
    neither, nor a measure that is not finite.

    Examples
    --------
    >>> class Range(Windowed):
    ...     '''Largest less smallest value of the window.'''
    ...
    ...     config_type = WindowedConfig
    ...     measures = (Measure("range", "µV"),)
    ...
    ...     def measure(self, window_uv):
    ...         return window_uv.max(axis=0) - window_uv.min(axis=0)
    >>> config = WindowedConfig(id="range", stream="LFP", window_s=0.5)
    >>> detector = Range(config, StreamLayout("LFP", 1000.0, ("STN_L",)))
    >>> time_s = np.arange(1000) / 1000.0
    >>> samples_uv = np.sin(2.0 * np.pi * 25.0 * time_s)[:, None]
    >>> taint = np.zeros(samples_uv.shape, dtype=np.uint16)
    >>> taint[0] = RESTART
    >>> seen = detector.update(Block("LFP", 0, samples_uv, time_s, taint))
    >>> print(seen.estimates.values[-1], seen.estimates.valid[-1])
    [2.] [ True]
    """

    config_type: ClassVar[type[WindowedConfig]]
    #: What `measure` returns of each channel, in its order.
    measures: ClassVar[tuple[Measure, ...]]

    def __init__(self, config: WindowedConfig, layout: StreamLayout) -> None:
        measures = _declared(type(self))
        super().__init__(config, config.channels, layout, measures, config.hop_s)
        if config.window_s <= config.hop_s:
            raise window_error(config.window_s, config.hop_s)
        self.span_samples = max(round(config.window_s * layout.rate_hz), self.hop_samples + 1)
        self.delay_s = self.span_samples / (2.0 * layout.rate_hz)
        require_memory("window_s", config.window_s, self.span_samples * len(self.channels))
        self.reset()

    def measure(self, window_uv: NDArray[np.float64]) -> ArrayLike:
        """Return the measures of a window.

        Parameters
        ----------
        window_uv : ndarray of float64, shape (n_window, n_channels)
            Finite and C-contiguous; the oldest sample first.

        Returns
        -------
        array_like, shape (n_channels,) or (n_channels, n_measures)
            A function of the window alone.
        """
        raise NotImplementedError

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels = len(self.channels)
        self._since_hop = 0
        self._clean = np.zeros(n_channels, dtype=np.int64)
        self._window_uv = np.zeros((self.span_samples, n_channels))

    def update(self, given: Input) -> Seen:
        """Take a block, and return every hop that it completes."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        n_rows = given.time_s.size
        restarts = np.flatnonzero(given.taint[:, 0] & RESTART).tolist()
        made = Estimates.empty(
            self.id, (self._since_hop + n_rows) // self.hop_samples, len(self.outputs)
        )
        n_hops = 0
        row = 0
        while row < n_rows:
            if restarts and restarts[0] == row:
                restarts.pop(0)
                self._since_hop = 0
                self._clean[:] = 0
            last = min([row + self.hop_samples - self._since_hop, n_rows, *restarts[:1]])
            self._take(given, row, last)
            self._since_hop += last - row
            if self._since_hop == self.hop_samples:
                self._since_hop = 0
                made.sample[n_hops] = given.first_sample + last - 1
                made.time_s[n_hops] = given.time_s[last - 1]
                self._emit(given.taint[last - 1], made.values[n_hops], made.valid[n_hops])
                n_hops += 1
            row = last
        return Seen(made.first(n_hops))

    def _take(self, given: Block, first: int, last: int) -> None:
        """Move the window on over some rows of a block."""
        piece_uv = given.samples_uv[first:last, self._columns]
        is_value = np.abs(piece_uv) <= LIMIT_UV
        is_bad = ~is_value | (given.taint[first:last, self._columns] & SPOILS_WINDOW != 0)
        n_rows = last - first
        n_clean = np.where(is_bad.any(axis=0), is_bad[::-1].argmax(axis=0), self._clean + n_rows)
        self._clean[:] = n_clean
        newest_uv = np.where(is_value, piece_uv, 0.0)[-self.span_samples :]
        kept_uv = self._window_uv[len(newest_uv) :]
        self._window_uv = np.ascontiguousarray(np.concatenate((kept_uv, newest_uv)))

    def _emit(
        self,
        taint: NDArray[np.uint16],
        out_values: NDArray[np.float64],
        out_valid: NDArray[np.bool_],
    ) -> None:
        is_good = (self._clean >= self.span_samples) & (taint[self._columns] & SPOILS_NEWEST == 0)
        if not is_good.any():  # a window that is all doubt, or not full, is not worth a measure
            out_valid[:] = False
            out_values[:] = 0.0
            return
        n_measures = max(1, len(self.measures))
        measured = np.asarray(self.measure(self._window_uv.copy()), dtype=np.float64)
        values = measured.reshape(len(self.channels), n_measures)
        is_valid = is_good[:, None] & np.isfinite(values)
        out_valid[:] = is_valid.ravel()
        out_values[:] = np.where(is_valid, values, 0.0).ravel()


def _declared(detector: type[Windowed]) -> tuple[Measure, ...]:
    """Return the measures of a class, each with its unit."""
    found: object = getattr(detector, "measures", None)
    if (
        not isinstance(found, tuple)
        or not found
        or not all(isinstance(each, Measure) for each in found)
    ):
        raise ValueError(
            f"kind: expected {detector.__name__}.measures, a tuple of Measure(name, unit) at least "
            f"one long, found {found!r}"
        )
    return found
