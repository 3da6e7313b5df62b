"""What detectors are run on: an array or a recorded stream, with what is said of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from numpy.typing import ArrayLike

from detectors.detector import DetectorConfig
from stimloop.library.array_stream import (
    ArraySays,
    ArrayStream,
    labels_of,
    samples_of,
    times_of,
)
from stimloop.library.input_errors import InputError
from stimloop.library.recording import FileStream, RecordingFile
from stimloop.library.stream import Stream
from streamer.errors import StreamFormatError
from streamer.lsl.description import check
from streamer.streams import StreamConfig

if TYPE_CHECKING:
    from replay.recording import RecordedStream


class Signal:
    """An array or a recorded stream, with what is said of it: for detectors of several streams.

    Parameters
    ----------
    samples : array_like or FileStream
        Shape (n_samples, n_channels), or (n_samples,) of one channel; or a recorded stream, which
        says all but `stream` itself.
    rate_hz : float
        Samples a second of an array.
    channels : str or sequence of str, optional
        Label of each column of an array; ``ch1``, ``ch2``, ... unless given.
    units : str or sequence of str
        Unit of an array, or of each of its columns.
    time_s : array_like, shape (n_samples,), optional
        When each sample of an array was taken; counted from 0 at the rate unless given.
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
        said = ArraySays(rate_hz, channels, units, time_s)
        if isinstance(samples, FileStream):
            if said.first_said is not None:
                raise InputError(
                    f"{said.first_said}: expected none with a recorded stream, which says it "
                    "itself, found one"
                )
            self._unknown: Mapping[str, Any] = _known_of_file(samples)
            self.recorded = samples.recorded
        else:
            config = self._stream.config()
            self._unknown = known_of_array(config.kind)
            self.recorded = _array(samples, said, config)

    @property
    def name(self) -> str:
        """How detectors refer to it."""
        return self.config().name

    def config(self, name: str | None = None) -> StreamConfig:
        """Return its table, by a name of its own where one is given."""
        config = self._stream.config(**self._unknown)
        return config if name is None else msgspec.structs.replace(config, name=name)


#: What `detect` takes: one signal, or several by name.
Signals: TypeAlias = (
    ArrayLike | FileStream | RecordingFile | Signal | Mapping[str, FileStream | Signal]
)


def known_of_array(kind: str) -> dict[str, object]:
    """Return what is taken for so of an array, where nothing is said: a rig's first stream."""
    return {"name": kind.upper(), "kind": kind, "match": {"type": kind.upper()}}


def by_name(signals: Mapping[Any, Any]) -> dict[str, Signal]:
    """Return several signals by the names they were given."""
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
    """Return the streams of a recording that detectors read; the only signal where they say none.

    Raises
    ------
    InputError
        Where there are several signals and a detector does not say which.
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
            f"{recording.path.name}: expected detectors that say which stream they read "
            f"(stream=...), as there are {len(signals)} signals ({names}), found none said; or "
            "pass one stream, recording[NAME]"
        )
    return {"": Signal(signals[0], stream=stream)}


def _known_of_file(stream: FileStream) -> dict[str, object]:
    config = stream.config()
    if not stream.is_signal:
        try:
            check(msgspec.structs.replace(config, kind="lfp"), stream.recorded.info)
        except StreamFormatError as error:
            raise InputError(str(error)) from error
    return {"name": config.name, "kind": config.kind, "match": config.match}


def _array(given: object, said: ArraySays, config: StreamConfig) -> ArrayStream:
    labels = None if said.channels is None else labels_of(said.channels, None)
    samples = samples_of(given, labels)  # type: ignore[arg-type]
    info = said.info(config, samples.shape[1], str(samples.dtype))
    return ArrayStream(info, samples, times_of(said.time_s, len(samples)))
