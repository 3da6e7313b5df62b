"""An array as a stream: refused with one line where its shape or its type cannot be right."""

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detectors.conditioning.units import is_voltage_unit, microvolts_per
from replay.recording import RecordedStream, Stretch
from stimloop.library.input_errors import InputError
from streamer.source import StreamInfo
from streamer.streams import StreamConfig

#: Unit of an array without one.
MICROVOLTS: Final = "uV"
#: Kinds of numpy's data types that samples may be of: whole numbers, signed or not, and floats.
_NUMBERS: Final = "iuf"


class ArrayStream(RecordedStream):
    """Samples in memory, as a stream of a recording.

    Parameters
    ----------
    info : StreamInfo
        Its name, rate, labels and units.
    samples : ndarray, shape (n_samples, n_channels)
        Of any numeric data type and layout; neither copied nor changed.
    time_s : ndarray of float64, shape (n_samples,), optional
        When each sample was taken; by default the samples are counted from 0 at the rate.
    """

    def __init__(
        self,
        info: StreamInfo,
        samples: NDArray[Any],
        time_s: NDArray[np.float64] | None = None,
    ) -> None:
        super().__init__(info, len(samples))
        self._samples = samples
        self._time_s = time_s

    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps."""
        return Stretch(self._samples[start:stop], self.decode_stamps(start, stop))

    def decode_stamps(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps alone."""
        if self._time_s is None:
            return counted_s(start, stop, self.info.rate_hz)
        return self._time_s[start:stop]


def counted_s(start: int, stop: int, rate_hz: float) -> NDArray[np.float64]:
    """Return the times of samples, counted from 0 s at the sampling rate."""
    return np.arange(start, stop) / rate_hz


class ArrayDescription(NamedTuple):
    """Rate, labels, units and times of an array as the caller wrote them, before any check."""

    rate_hz: float | None = None
    channels: str | Sequence[str] | None = None
    units: str | Sequence[str] | None = None
    time_s: ArrayLike | None = None

    @property
    def first_key(self) -> str | None:
        """The name of the first field that is not None."""
        fields = zip(self._fields, self, strict=True)
        return next((key for key, value in fields if value is not None), None)

    def info(self, config: StreamConfig, n_channels: int | None, dtype: str) -> StreamInfo:
        """Return the checked description as that of a stream.

        Parameters
        ----------
        config : StreamConfig
            Its table.
        n_channels : int, optional
            Number of columns, where it is known.
        dtype : str
            numpy's name of its data type.

        Raises
        ------
        InputError
            Where rate, labels or units cannot be right.
        """
        rate_hz = rate_of(self.rate_hz)
        labels = labels_of(self.channels, n_channels)
        return StreamInfo(
            name=config.name,
            rate_hz=rate_hz,
            channels=labels,
            units=units_of(config.unit or self.units or MICROVOLTS, labels, config.kind),
            dtype=dtype,
            lsl_name=config.name,
            lsl_type=config.kind.upper(),
        )


def samples_of(given: ArrayLike, channels: Sequence[str] | None) -> NDArray[Any]:
    """Return samples as an array of shape (n_samples, n_channels), never transposed.

    Parameters
    ----------
    given : array_like
        Shape (n_samples, n_channels), or (n_samples,) of one channel.
    channels : sequence of str, optional
        The labels, where they are known already.

    Raises
    ------
    InputError
        Where it has another shape, or its values are not numbers.
    """
    if isinstance(given, np.ma.MaskedArray):
        raise InputError(
            "samples: expected a plain array, found a masked one: pass x.filled(np.nan)"
        )
    try:
        samples = np.asarray(given)
    except ValueError as error:
        raise InputError(
            f"samples: expected an array of numbers, found what cannot be one: {error}"
        ) from error
    if samples.dtype.kind not in _NUMBERS:
        raise InputError(
            f"samples: expected numbers (whole or floating-point), found {samples.dtype}"
        )
    n_channels = None if channels is None else len(channels)
    if samples.ndim == 1 and n_channels in {None, 1}:
        return samples[:, np.newaxis]
    found = f"found shape {samples.shape}"
    if samples.ndim != 2:
        wanted = "n_channels" if n_channels is None else n_channels
        remedy = "; one sample of them is x[np.newaxis, :]" if samples.shape == (wanted,) else ""
        raise InputError(f"samples: expected shape (n_samples, {wanted}), {found}{remedy}")
    _require_columns(samples, n_channels, found)
    return samples


def _require_columns(samples: NDArray[Any], n_channels: int | None, found: str) -> None:
    """Expect one column a channel; where rows look like channels, the error says so."""
    n_rows, n_columns = samples.shape
    if n_columns == 0:
        raise InputError(f"samples: expected at least one channel, {found}")
    if n_channels is None:
        if n_rows < n_columns and n_rows > 1:
            raise InputError(
                f"samples: expected shape (n_samples, n_channels), {found}: more channels than "
                "samples; pass x.T where channels stand first, or name them with channels=[...]"
            )
        return
    if n_columns != n_channels:
        remedy = ": channels stand first; pass x.T" if n_rows == n_channels else ""
        raise InputError(
            f"samples: expected shape (n_samples, {n_channels}), one column a channel, "
            f"{found}{remedy}"
        )


def labels_of(channels: str | Sequence[str] | None, n_channels: int | None) -> tuple[str, ...]:
    """Return the labels of channels; ``ch1``, ``ch2``, ... by default.

    Raises
    ------
    InputError
        Where a label is not a text, is empty, or repeats.
    """
    if channels is None:
        if n_channels is None:
            raise InputError("channels: expected the label of each column, found none")
        return tuple(f"ch{number + 1}" for number in range(n_channels))
    labels = (channels,) if isinstance(channels, str) else tuple(channels)
    for position, label in enumerate(labels):
        if not isinstance(label, str) or not label:
            raise InputError(f"channels[{position}]: expected a label, found {label!r}")
        if label in labels[:position]:
            raise InputError(f"channels[{position}]: expected unique labels, found {label!r} twice")
    return labels


def units_of(units: str | Sequence[str], labels: Sequence[str], kind: str) -> tuple[str, ...]:
    """Return the unit of each channel, a unit of voltage for LFP and EMG.

    Raises
    ------
    InputError
        Where one is not, or their number is not that of the channels.
    """
    each = (units,) * len(labels) if isinstance(units, str) else tuple(units)
    if len(each) != len(labels):
        raise InputError(
            f"units: expected one, or one a channel ({len(labels)}), found {len(each)}"
        )
    for label, unit in zip(labels, each, strict=True):
        if kind in {"lfp", "emg"} and not (isinstance(unit, str) and is_voltage_unit(unit)):
            try:
                microvolts_per(str(unit))
            except ValueError as error:
                raise InputError(f"units: {error} for channel {label}") from error
    return each


def rate_of(rate_hz: object) -> float:
    """Return a sampling rate in hertz.

    Raises
    ------
    InputError
        Where it is not a positive, finite number.
    """
    is_number = isinstance(rate_hz, int | float | np.integer | np.floating)
    if not is_number or isinstance(rate_hz, bool) or not 0.0 < float(rate_hz) < math.inf:  # type: ignore[arg-type]
        found = "none" if rate_hz is None else repr(rate_hz)
        raise InputError(f"rate_hz: expected the samples a second, found {found}")
    return float(rate_hz)  # type: ignore[arg-type]


def times_of(time_s: ArrayLike | None, n_samples: int) -> NDArray[np.float64] | None:
    """Return the times of samples as an array, one time a sample.

    Raises
    ------
    InputError
        Where their number is not that of the samples.
    """
    if time_s is None:
        return None
    times_s = np.array(time_s, np.float64)
    if times_s.shape != (n_samples,):
        raise InputError(f"time_s: expected shape ({n_samples},), found {times_s.shape}")
    return times_s
