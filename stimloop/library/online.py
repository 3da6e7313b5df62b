"""Detectors fed chunk by chunk, for a loop of one's own: the same bits as `detect` of the whole."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from numpy.typing import ArrayLike

from detectors.detector import DetectorConfig
from detectors.offline import gather
from stimloop.library.array_stream import (
    MICROVOLTS,
    ArrayDescription,
    counted_s,
    samples_of,
    times_of,
)
from stimloop.library.input_errors import UnknownNameError
from stimloop.library.library_loop import checked, config_of, loop_of, on_streams
from stimloop.library.results.detector_series import DetectorSeries
from stimloop.library.signals import array_defaults
from stimloop.library.stream import Stream
from streamer.events import Chunk
from streamer.source import StreamInfo
from streamer.streams import StreamConfig


class Online:
    """Detectors that take one chunk after the other; `online` returns it.

    Attributes
    ----------
    streams : tuple of str
        Names of the streams.
    n_samples : dict of str to int
        Samples that each stream has been fed so far.

    Examples
    --------
    >>> import numpy as np
    >>> import stimloop as sl
    >>> x_uv = np.random.default_rng(1).normal(0, 10, 5000)
    >>> beta = sl.BandPower("beta", band_hz=(13, 30))
    >>> online = sl.online(beta, rate_hz=1000, channels="STN_L")
    >>> for chunk in np.array_split(x_uv, 100):
    ...     new = online.update(chunk)["beta"]
    >>> whole = sl.detect(x_uv, beta, rate_hz=1000, channels="STN_L")["beta"]
    >>> bool(new.column()[-1] == whole.column()[-1])
    True
    """

    def __init__(
        self,
        detectors: Sequence[DetectorConfig],
        tables: Sequence[StreamConfig],
        infos: Sequence[StreamInfo],
    ) -> None:
        self._infos = {info.name: info for info in infos}
        self._config = config_of(tables, detectors)
        self.streams = tuple(self._infos)
        self.reset()

    def update(
        self,
        chunk: ArrayLike,
        *,
        time_s: ArrayLike | None = None,
        stream: str | None = None,
    ) -> dict[str, DetectorSeries]:
        """Process the next samples and return the new results of each detector, by id.

        Parameters
        ----------
        chunk : array_like
            Shape (n_samples, n_channels), or (n_samples,) of one channel; may be empty.
        time_s : array_like, shape (n_samples,), optional
            When each sample was taken; by default counted from 0 at the rate.
        stream : str, optional
            Which stream it is of, where there are several.

        Returns
        -------
        dict of str to DetectorSeries
            The hops that these samples completed, which may be none, and the detections.

        Raises
        ------
        InputError
            Where the chunk has another shape or type; none of it is processed then.
        """
        info = self._info(stream)
        samples = samples_of(chunk, info.channels)
        first = self.n_samples[info.name]
        stop = first + len(samples)
        times_s = times_of(time_s, len(samples))
        if times_s is None:
            times_s = counted_s(first, stop, info.rate_hz)
        now_s = float(times_s[-1]) if len(times_s) else 0.0
        outcome = self._loop.step(Chunk(info.name, first, samples, times_s), now_s)
        self.n_samples[info.name] = stop
        results = gather(self._loop.chain.detectors, outcome.seen)
        return {id_: DetectorSeries(each) for id_, each in results.items()}

    def reset(self) -> None:
        """Return to the state at the start: what was fed before has no influence any more."""
        self._loop = loop_of(self._config, list(self._infos.values()))
        self.n_samples = dict.fromkeys(self.streams, 0)

    def _info(self, stream: str | None) -> StreamInfo:
        if stream is None and len(self.streams) == 1:
            return self._infos[self.streams[0]]
        if stream not in self._infos:
            found = "none" if stream is None else repr(stream)
            raise UnknownNameError(
                f"stream: expected one of {', '.join(self.streams)}, found {found}"
            )
        return self._infos[stream]

    def __repr__(self) -> str:
        detectors = ", ".join(each.id for each in self._config.detectors)
        streams = ", ".join(f"{name} ({n} samples)" for name, n in self.n_samples.items())
        return f"<online: {detectors} on {streams}>"


def online(
    *detectors: DetectorConfig,
    rate_hz: float | Mapping[str, float],
    channels: str | Sequence[str] | Mapping[str, str | Sequence[str]],
    units: str | Sequence[str] | Mapping[str, str | Sequence[str]] = MICROVOLTS,
    stream: Stream | Mapping[str, Stream] | None = None,
) -> Online:
    """Return detectors to be fed chunk by chunk, conditioned and computed as on a rig.

    In whatever chunks the samples come, the estimates and detections are those of `detect` of the
    whole, bit for bit.

    Parameters
    ----------
    *detectors : DetectorConfig
        Made by `BandPower`, `Burst` and the other kinds. A detector stands after the one it reads.
    rate_hz : float or mapping of str to float
        Samples a second; a mapping by the names of several streams.
    channels : sequence of str or mapping of str to sequence of str
        Label of each column.
    units : str, sequence of str or mapping
        Unit of the samples, or of each column; microvolts by default.
    stream : Stream or mapping of str to Stream, optional
        Kind, montage, artifacts; an LFP by default.

    Raises
    ------
    InputError
        A line for each mistake.

    Examples
    --------
    >>> import numpy as np
    >>> import stimloop as sl
    >>> beta = sl.BandPower("beta", band_hz=(13, 30), window_s=0.4)
    >>> online = sl.online(beta, rate_hz=1000, channels=["STN_L", "STN_R"])
    >>> online.update(np.zeros((9, 2)))["beta"].time_s.size
    0
    >>> online.update(np.zeros((1, 2)))["beta"].time_s.size
    1
    """
    configs = checked(detectors)
    names: list[Any] = list(rate_hz) if isinstance(rate_hz, Mapping) else [None]
    tables: list[StreamConfig] = []
    infos: list[StreamInfo] = []
    for name in names:
        settings = _of(stream, name) or Stream()
        kind = settings.config().kind
        table = settings.config(**array_defaults(kind))
        if name is not None:
            table = msgspec.structs.replace(table, name=name)
        description = ArrayDescription(_of(rate_hz, name), _of(channels, name), _of(units, name))
        tables.append(table)
        infos.append(description.info(table, None, "float64"))
    return Online(on_streams(configs, [each.name for each in tables]), tables, infos)


def _of(given: Any, name: str | None) -> Any:  # noqa: ANN401 what `online` takes, of one stream
    """Return the entry of one stream, where there is a mapping by the names of streams."""
    if not isinstance(given, Mapping):
        return given
    if name not in given:
        raise UnknownNameError(
            f"expected an entry for each stream, found {', '.join(given)}; none for "
            f"{'the only stream' if name is None else name}"
        )
    return given[name]
