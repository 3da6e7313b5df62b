"""The results of all detectors on an array or a recording."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from detectors.offline import DetectorResult
from replay.recording_source import RecordingSource
from stimloop.config import Config
from stimloop.library.input_errors import UnknownNameError
from stimloop.library.results.detector_series import DetectorSeries
from stimloop.library.results.plot import View, draw
from stimloop.library.rig import Rig

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Detected(Mapping[str, DetectorSeries]):
    """The results of detectors by their ids; `detect` returns it.

    Attributes
    ----------
    config : Config
        Streams and detectors as a configuration has them.
    lines : tuple of str
        Samples, flaws of the samples, and detections, a line each, as `stimloop replay` prints
        them.
    warnings : tuple of str
        Reasons for estimates that are NaN, and what to do about them.

    Examples
    --------
    >>> import numpy as np
    >>> import stimloop as sl
    >>> x_uv = np.random.default_rng(1).normal(0, 10, 5000)
    >>> x_uv[100:200] = np.nan
    >>> beta = sl.BandPower("beta", band_hz=(13, 30))
    >>> found = sl.detect(x_uv, beta, rate_hz=1000, channels="STN_L")
    >>> list(found), found.warnings
    (['beta'], ())
    >>> next(line.partition(",")[0] for line in found.lines if "not finite" in line)
    'LFP: not finite: 100 samples'
    >>> found.rig().to_toml("rig.toml")
    """

    def __init__(
        self,
        *,
        config: Config,
        source: RecordingSource,
        results: Mapping[str, DetectorResult],
        lines: Sequence[str],
        warnings: Sequence[str],
    ) -> None:
        self.config = config
        self.lines = tuple(lines)
        self.warnings = tuple(warnings)
        self._source = source
        self._series = {id_: DetectorSeries(each) for id_, each in results.items()}

    def rig(self) -> Rig:
        """Return a rig that runs the same detectors on the same streams, without devices."""
        return Rig(detectors=self.config.detectors, streams=self.config.streams)

    def plot(
        self,
        channel: str | None = None,
        *,
        start_s: float | None = None,
        stop_s: float | None = None,
    ) -> "Figure":
        """Return a picture: the signal above, below it each detector's measure, bursts shaded.

        Parameters
        ----------
        channel : str, optional
            Label of the channel, the stream's own or of its montage; the first by default. Of
            detectors of pairs the first pair with it is drawn.
        start_s, stop_s : float, optional
            The part of the time that is drawn; all of it by default.

        Raises
        ------
        InputError
            Where there is no such channel, or matplotlib is not installed.

        Notes
        -----
        The samples are read and conditioned once more, so that none of them need be kept.
        """
        view = View(channel, start_s, stop_s)
        figure: Figure = draw(self._source, self.config, self._series, view)
        return figure

    def __getitem__(self, key: str) -> DetectorSeries:
        try:
            return self._series[key]
        except KeyError:
            raise UnknownNameError(
                f"expected one of the detectors {', '.join(self._series)}, found {key!r}"
            ) from None

    def __contains__(self, key: object) -> bool:
        return key in self._series

    def __iter__(self) -> Iterator[str]:
        return iter(self._series)

    def __len__(self) -> int:
        return len(self._series)

    def __repr__(self) -> str:
        told = [*self.lines, *(f"warning: {each}" for each in self.warnings)]
        return "\n".join(told)
