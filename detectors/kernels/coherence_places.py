"""Where the kernels of coherence find what in their arrays of whole numbers."""

from typing import Final

#: Places in the `sizes` array.
SEGMENT: Final = 0
INTERVAL: Final = 1
CUT: Final = 2
FIRST_BIN: Final = 3
HOP: Final = 4
N_SEGMENTS: Final = 5
N_PHASES: Final = 6
#: Segments that are kept of each phase of the hop within a step.
N_KEPT: Final = 7
SPAN: Final = 8
LOCKING_ROW: Final = 9
LAG_ROW: Final = 10
#: Whether sums over the window are kept.
HAS_SUMS: Final = 11
N_SIZES: Final = 12

#: Places in the `state` array: samples and segments since the restart, samples of this interval
#: (a division for each sample would cost as much as all else), and behind them, for each channel,
#: the samples up to the last spoilt one.
SAMPLES: Final = 0
FOUND: Final = 1
LOADED: Final = 2
SPOILT: Final = 3
