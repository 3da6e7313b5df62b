"""What of a sample a kernel may not trust: the same for all of them."""

from typing import Final

from detectors.block import NEWEST_TAINT, WINDOW_TAINT, Taint

#: Beyond this a sample is no voltage, whoever judged it; it counts as tainted and is not folded in.
LIMIT_UV: Final = 1e12

# Bits of `Taint` as the plain numbers that compiled code compares with.
#: The stream begins anew.
RESTART: Final = int(Taint.RESTART)
#: Each window that contains the sample is spoilt.
SPOILS_WINDOW: Final = int(WINDOW_TAINT)
#: Only the estimate whose newest sample it is.
SPOILS_NEWEST: Final = int(NEWEST_TAINT)
