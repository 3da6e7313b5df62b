"""The results of one detector: estimates as arrays or as a table, and detections."""

import functools
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from detectors.estimates import Detection, Estimates
from detectors.offline import DetectorResult
from stimloop.library.input_errors import InputError
from stimloop.library.results.episodes import Episodes, episodes_of
from stimloop.library.results.optional_packages import pandas

if TYPE_CHECKING:
    from pandas import DataFrame

    from detectors.outputs import Output


class DetectorSeries:
    """The results of one detector, hop by hop.

    Attributes
    ----------
    id : str
        The detector.
    channels : tuple of str
        The channels that it reads.
    outputs : tuple of Output
        What each column of `values` is: channel, measure, unit, and the measure with the level that
        chance gives.
    delay_s : float
        Delay of its estimates: group delay plus half the window.

    Examples
    --------
    >>> import numpy as np
    >>> import stimloop as sl
    >>> x_uv = np.random.default_rng(1).normal(0, 10, (5000, 2))
    >>> beta = sl.BandPower("beta", band_hz=(13, 30))
    >>> power = sl.detect(x_uv, beta, rate_hz=1000, channels=["left", "right"])["beta"]
    >>> power.values.shape == power.time_s.shape + (2,), [each.label for each in power.outputs]
    (True, ['left.power', 'right.power'])
    >>> power.column("left").shape == power.time_s.shape
    True
    """

    def __init__(self, result: DetectorResult) -> None:
        self._result = result
        detector = result.detector
        self.id: str = detector.id
        self.channels: tuple[str, ...] = detector.channels
        self.outputs: tuple[Output, ...] = detector.outputs
        self.delay_s: float = detector.delay_s

    @property
    def time_s(self) -> NDArray[np.float64]:
        """Time of the newest sample that each estimate used, shape (n_hops,)."""
        return self._result.estimates.time_s

    @property
    def sample(self) -> NDArray[np.int64]:
        """Index of that sample, shape (n_hops,)."""
        return self._result.estimates.sample

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Whether each value may be used, shape (n_hops, n_outputs)."""
        return self._result.estimates.valid

    @property
    def taint(self) -> NDArray[np.uint16]:
        """Quality flags of each hop: bits of `detectors.block.Taint`, shape (n_hops,)."""
        return self._result.estimates.taint

    @property
    def estimates(self) -> Estimates:
        """The arrays as the detector returned them: values are 0 where they may not be used."""
        return self._result.estimates

    @functools.cached_property
    def values(self) -> NDArray[np.float64]:
        """The estimates, NaN where they may not be used, shape (n_hops, n_outputs)."""
        estimates = self._result.estimates
        values = np.where(estimates.valid, estimates.values, np.nan)
        values.flags.writeable = False
        return values

    @property
    def detections(self) -> tuple[Detection, ...]:
        """Onsets, offsets and moments, in the order in which they became known."""
        return self._result.detections

    def column(self, channel: str | None = None, measure: str | None = None) -> NDArray[np.float64]:
        """Return one measure of one channel, NaN where it may not be used, shape (n_hops,).

        Parameters
        ----------
        channel, measure : str, optional
            The first ones by default.

        Raises
        ------
        InputError
            Where there is no such column.
        """
        return self.values[:, self._column(channel, measure)]

    def events(self) -> Episodes:
        """Return the detections: each onset with its offset, phase events alone."""
        return episodes_of(self._result)

    def to_frame(self) -> "DataFrame":
        """Return a pandas table: a row a hop by its time, columns by channel and measure.

        Values that may not be used are NaN.

        Raises
        ------
        InputError
            Where pandas is not installed.

        Examples
        --------
        >>> import numpy as np
        >>> import stimloop as sl
        >>> x_uv = np.random.default_rng(1).normal(0, 10, 5000)
        >>> beta = sl.BandPower("beta", band_hz=(13, 30))
        >>> frame = sl.detect(x_uv, beta, rate_hz=1000, channels="STN_L")["beta"].to_frame()
        >>> frame.index.name, list(frame.columns)
        ('time_s', [('STN_L', 'power')])
        """
        frames = pandas()
        columns = frames.MultiIndex.from_tuples(
            [(each.channel, each.measure) for each in self.outputs], names=["channel", "measure"]
        )
        index = frames.Index(self.time_s, name="time_s")
        return frames.DataFrame(self.values, index=index, columns=columns)

    def _column(self, channel: str | None, measure: str | None) -> int:
        channels = tuple(dict.fromkeys(each.channel for each in self.outputs))
        channel = channels[0] if channel is None else channel
        measures = tuple(each.measure for each in self.outputs if each.channel == channel)
        if not measures:
            raise InputError(
                f"{self.id}: channel: expected one of {', '.join(channels)}, found {channel!r}"
            )
        measure = measures[0] if measure is None else measure
        if measure not in measures:
            raise InputError(
                f"{self.id}: measure: expected one of {', '.join(measures)}, found {measure!r}"
            )
        return next(
            column
            for column, each in enumerate(self.outputs)
            if (each.channel, each.measure) == (channel, measure)
        )

    def __repr__(self) -> str:
        measures = ", ".join(dict.fromkeys(each.measure for each in self.outputs))
        n_valid = int(self.valid.any(axis=1).sum())
        return (
            f"<{self.id}: {len(self.time_s)} estimates, {n_valid} valid, of {measures} on "
            f"{', '.join(self.channels)}; {len(self.detections)} detections>"
        )
