"""Which samples a kernel may use: the same for all of them."""

from typing import Final

from detectors.block import NEWEST_TAINT, WINDOW_TAINT, Taint
from detectors.compiling.kernel import kernel

#: A larger value is no voltage, whoever judged it: it counts as tainted and never reaches a state.
LIMIT_UV: Final = 1e12

# Bits of `Taint` as the plain numbers that compiled code compares with.
#: The stream begins anew.
RESTART: Final = int(Taint.RESTART)
#: Each window that contains the sample is spoilt.
SPOILS_WINDOW: Final = int(WINDOW_TAINT)
#: Only the estimate whose newest sample it is.
SPOILS_NEWEST: Final = int(NEWEST_TAINT)


@kernel
def is_voltage(value_uv: float) -> bool:
    """Return whether a value is finite, and not beyond `LIMIT_UV`."""
    return bool(abs(value_uv) <= LIMIT_UV)


@kernel
def is_good(value_uv: float, taint: int) -> bool:
    """Return whether a sample spoils no window that contains it."""
    return not taint & SPOILS_WINDOW and bool(abs(value_uv) <= LIMIT_UV)


@kernel
def is_usable(n_good: int, span_samples: int, taint: int) -> bool:
    """Return whether an estimate may be used.

    Parameters
    ----------
    n_good : int
        Good samples in a row, up to its newest one.
    span_samples : int
        Samples that it depends on.
    taint : int
        Of its newest sample.
    """
    return n_good >= span_samples and not taint & SPOILS_NEWEST
