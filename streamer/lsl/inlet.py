"""One connection to an LSL outlet; its samples are copied out of liblsl's memory."""

import ctypes
from typing import Any

import numpy as np
import pylsl
from numpy.typing import NDArray
from pylsl.lib import lib
from pylsl.util import TimeoutError as LslTimeoutError
from pylsl.util import handle_error

from streamer.lsl.description import as_configured, read_info
from streamer.streams import StreamConfig

#: Samples that one pull takes at most; the rest come with the next.
_N_SAMPLES_MAX = 512
#: For the description and for the first clock correction, which alone takes 0.64 s.
_ANSWER_S = 3.0

_double_p = ctypes.POINTER(ctypes.c_double)
# pylsl has no call that also gives the uncertainty; liblsl does.
_time_correction_ex = ctypes.CFUNCTYPE(
    ctypes.c_double,
    ctypes.c_void_p,
    _double_p,
    _double_p,
    ctypes.c_double,
    ctypes.POINTER(ctypes.c_int),
)(("lsl_time_correction_ex", lib))


class Inlet:
    """A connected stream; every call blocks and belongs on a thread.

    Parameters
    ----------
    config : StreamConfig
        The stream's table.
    found : pylsl.StreamInfo
        The outlet, as the network gave it.

    Raises
    ------
    RuntimeError
        Where the outlet is gone or does not describe itself in time.

    Notes
    -----
    liblsl's own recovery is off: it may come back with another rate or other channels and say
    nothing. The samples start to flow, and to wait, with `open` only.
    """

    def __init__(self, config: StreamConfig, found: pylsl.StreamInfo) -> None:
        # For an irregular stream liblsl counts its buffer in hundreds of samples.
        self._inlet = pylsl.StreamInlet(
            found, max_buflen=config.buffer_s, recover=False, as_numpy=True
        )
        said = read_info(config.name, self._inlet.info(timeout=_ANSWER_S))
        self.info = as_configured(config, said)
        self._measured_at_s = float("nan")
        self._is_text = self.info.dtype == "string"
        shape = (_N_SAMPLES_MAX, len(self.info.channels))
        self._samples = np.empty(shape, object if self._is_text else self.info.dtype)
        self._stamps_s = np.empty(_N_SAMPLES_MAX)
        self._status = ctypes.c_int()
        self._first = self._room(0, 1)
        self._rest = self._room(1, _N_SAMPLES_MAX - 1)

    def measure_correction(self) -> tuple[float, float] | None:
        """Return liblsl's newest clock correction and its uncertainty, in seconds.

        Returns
        -------
        tuple of float or None
            What to add to the stream's stamps to reach this machine's LSL clock, and the
            shortest round trip, which bounds its error. None where there is no new one.

        Raises
        ------
        RuntimeError
            Where the outlet is gone.
        """
        measured_at_s, uncertainty_s = ctypes.c_double(), ctypes.c_double()
        status = ctypes.c_int()
        correction_s = _time_correction_ex(
            self._inlet.obj,
            ctypes.byref(measured_at_s),
            ctypes.byref(uncertainty_s),
            _ANSWER_S,
            ctypes.byref(status),
        )
        try:
            handle_error(status)
        except LslTimeoutError:
            return None
        if measured_at_s.value == self._measured_at_s:
            return None
        self._measured_at_s = measured_at_s.value
        return float(correction_s), uncertainty_s.value

    def open(self, timeout_s: float) -> bool:
        """Start the flow of samples; return whether it started, and may be called again if not.

        Raises
        ------
        RuntimeError
            Where the outlet is gone.
        """
        try:
            self._inlet.open_stream(timeout=timeout_s)
        except LslTimeoutError:
            return False
        return True

    def pull(self, timeout_s: float) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
        """Wait for the next samples and take what is there.

        Returns
        -------
        samples : ndarray, shape (n_samples, n_channels)
            In the stream's data type, bytes objects for text; read-only, memory of its own.
        timestamps_s : ndarray of float64, shape (n_samples,)
            Raw stamps. Both are empty where none came in time.

        Raises
        ------
        RuntimeError
            Where the outlet is gone.
        """
        return self._pull_text(timeout_s) if self._is_text else self._pull_numbers(timeout_s)

    def _pull_numbers(self, timeout_s: float) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
        # pylsl's own pull waits for one sample and then takes the rest in the same two steps,
        # but allocates and joins arrays of the largest size each time: 35 us a pull.
        n_samples = self._take(self._first, timeout_s)
        if n_samples:
            n_samples += self._take(self._rest, 0.0)
        return _frozen(self._samples[:n_samples].copy(), self._stamps_s[:n_samples].copy())

    def _room(self, first: int, n_samples_max: int) -> tuple[Any, ...]:
        """Return what tells liblsl where samples go: made once, not for every pull."""
        return (
            ctypes.c_void_p(self._samples.ctypes.data + first * self._samples.strides[0]),
            ctypes.c_void_p(self._stamps_s.ctypes.data + first * self._stamps_s.strides[0]),
            ctypes.c_size_t(n_samples_max * self._samples.shape[1]),
            ctypes.c_size_t(n_samples_max),
        )

    def _take(self, room: tuple[Any, ...], timeout_s: float) -> int:
        n_values = self._inlet.do_pull_chunk(
            self._inlet.obj, *room, ctypes.c_double(timeout_s), ctypes.byref(self._status)
        )
        if self._status.value:
            handle_error(self._status)
        return int(n_values) // self._samples.shape[1]

    def _pull_text(self, timeout_s: float) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
        samples, stamps_s = self._inlet.pull_chunk(
            timeout=timeout_s, max_samples=_N_SAMPLES_MAX, min_samples=1
        )
        return _frozen(samples, stamps_s)


def _frozen(
    samples: NDArray[np.generic], stamps_s: NDArray[np.float64]
) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
    samples.flags.writeable = False
    stamps_s.flags.writeable = False
    return samples, stamps_s
