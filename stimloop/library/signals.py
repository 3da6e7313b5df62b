"""An array or a recorded stream with its settings, as detectors are run on it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from numpy.typing import ArrayLike

from detectors.detector import DetectorConfig
from stimloop.library.array_stream import (
    ArrayDescription,
    ArrayStream,
    labels_of,
    samples_of,
    times_of,
)
from stimloop.library.input_errors import InputError
from stimloop.library.recording import FileStream, RecordingFile
from stimloop.library.stream import Stream
from streamer.errors import StreamFormatError
from streamer.lsl.description import require_as_configured
from streamer.streams import StreamConfig

if TYPE_CHECKING:
    from replay.recording import RecordedStream


class Signal:
    """An array or a recorded stream with its settings, for detectors of several streams.

    Parameters
    ----------
    samples : array_like or FileStream
        Shape (n_samples, n_channels), or (n_samples,) of one channel; or a recorded stream, with
        which only `stream` may be given.
    rate_hz : float
        Samples a second of an array.
    channels : str or sequence of str, optional
        Label of each column of an array; ``ch1``, ``ch2``, ... by default.
    units : str or sequence of str
        Unit of an array, or of each of its columns.
    time_s : array_like, shape (n_samples,), optional
        When each sample of an array was taken; by default counted from 0 at the rate.
    stream : Stream, optional
        Kind, montage, artifacts.

    Raises
    ------
    InputError
        Where something does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import stimloop as sl
    >>> random = np.random.default_rng(1)
    >>> stn = sl.Signal(random.normal(0, 10, 30_000), rate_hz=1000, channels="STN_L")
    >>> leg = sl.Signal(random.normal(0, 50, 60_000), rate_hz=2000, channels="TA_R",
    ...                 stream=sl.Stream(kind="emg"))
    >>> muscle = sl.Coherence("muscle", stream="STN", other_stream="EMG", band_hz=(13, 30))
    >>> sl.detect({"STN": stn, "EMG": leg}, muscle)["muscle"].outputs[0].label
    'STN_L-TA_R.coherence'
    """

    def __init__(
        self,
        samples: ArrayLike | FileStream,
        *,
        rate_hz: float | None = None,
        channels: str | Sequence[str] | None = None,
        units: str | Sequence[str] | None = None,
        time_s: ArrayLike | None = None,
        stream: Stream | None = None,
    ) -> None:
        self._stream = stream or Stream()
        self.recorded: RecordedStream
        description = ArrayDescription(rate_hz, channels, units, time_s)
        if isinstance(samples, FileStream):
            if description.first_key is not None:
                raise InputError(
                    f"{description.first_key}: expected none with a recorded stream, which has its "
                    "own, found one"
                )
            self._unknown: Mapping[str, Any] = _known_of_file(samples)
            self.recorded = samples.recorded
        else:
            config = self._stream.config()
            self._unknown = array_defaults(config.kind)
            self.recorded = _array(samples, description, config)

    @property
    def name(self) -> str:
        """How detectors refer to it."""
        return self.config().name

    def config(self, name: str | None = None) -> StreamConfig:
        """Return its `[[streams]]` table, renamed where a name is given."""
        config = self._stream.config(**self._unknown)
        return config if name is None else msgspec.structs.replace(config, name=name)


#: What `detect` takes: one signal, or several by name.
Signals: TypeAlias = (
    ArrayLike | FileStream | RecordingFile | Signal | Mapping[str, FileStream | Signal]
)


def array_defaults(kind: str) -> dict[str, object]:
    """Return the defaults of an array's table."""
    return {"name": kind.upper(), "kind": kind, "match": {"type": kind.upper()}}


def by_name(signals: Mapping[Any, Any]) -> dict[str, Signal]:
    """Return several signals by their names."""
    made: dict[str, Signal] = {}
    for name, each in signals.items():
        if not isinstance(name, str) or not isinstance(each, FileStream | Signal):
            raise InputError(
                "signals: expected names with recorded streams or sl.Signal(...), found "
                f"{name!r} with {type(each).__name__}"
            )
        made[name] = each if isinstance(each, Signal) else Signal(each)
    if not made:
        raise InputError("signals: expected at least one, found none")
    return made


def of_recording(
    recording: RecordingFile, detectors: Sequence[DetectorConfig], stream: Stream | None
) -> dict[str, Signal]:
    """Return the streams of a recording that detectors name; its only signal by default.

    Raises
    ------
    InputError
        Where there are several signals and a detector names none.
    """
    named = dict.fromkeys(
        reads.name for each in detectors for reads in each.reads if reads.kind == "stream"
    )
    if "" not in named:
        return {name: Signal(recording[name], stream=stream) for name in named}
    signals = [each for each in recording.streams if each.is_signal]
    if len(signals) != 1:
        names = ", ".join(repr(each.name) for each in signals) or "none"
        raise InputError(
            f"{recording.path.name}: expected detectors with stream=..., as there are "
            f"{len(signals)} signals ({names}), found one without; or pass one stream, "
            "recording[NAME]"
        )
    return {"": Signal(signals[0], stream=stream)}


def _known_of_file(stream: FileStream) -> dict[str, object]:
    config = stream.config()
    if not stream.is_signal:
        try:
            require_as_configured(msgspec.structs.replace(config, kind="lfp"), stream.recorded.info)
        except StreamFormatError as error:
            raise InputError(str(error)) from error
    return {"name": config.name, "kind": config.kind, "match": config.match}


def _array(given: object, description: ArrayDescription, config: StreamConfig) -> ArrayStream:
    labels = None if description.channels is None else labels_of(description.channels, None)
    samples = samples_of(given, labels)  # type: ignore[arg-type]
    info = description.info(config, samples.shape[1], str(samples.dtype))
    return ArrayStream(info, samples, times_of(description.time_s, len(samples)))
