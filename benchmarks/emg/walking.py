"""Which muscles of a walking leg co-contract: the table of the EMG guide.

``python -m benchmarks.emg.walking`` prints it: of pairs of 13 muscles the mean over windows of
two seconds, two gait cycles, most together first and most apart last.
"""

import sys
from collections.abc import Iterator
from typing import Final

import numpy as np

from benchmarks.figures.recordings import DATA
from detectors.block import Block, StreamLayout
from detectors.emg.co_contraction import CoContraction, CoContractionConfig

#: Rows from either end.
_N_ROWS: Final = 6
_RATE_HZ: Final = 1000.0


def table() -> Iterator[str]:
    """Yield the table's rows, as Markdown."""
    file = DATA / "emg-walk-13muscles" / "emg_13muscles.csv"
    with file.open(encoding="utf-8") as lines:
        labels = tuple(lines.readline().strip().split(",")[1:])
    samples_uv = np.genfromtxt(file, delimiter=",", skip_header=1)[:, 1:]
    config = CoContractionConfig(id="leg", stream="EMG", window_s=2.0, hop_s=0.25)
    leg = CoContraction(config, StreamLayout("EMG", _RATE_HZ, labels))
    time_s = np.arange(len(samples_uv)) / _RATE_HZ
    taint = np.zeros(samples_uv.shape, dtype=np.uint16)
    found = leg.update(Block("EMG", 0, samples_uv, time_s, taint)).estimates
    n_pairs = len(leg.pairs)
    shape = (found.sample.size, n_pairs, len(leg.outputs) // n_pairs)
    values = np.where(found.valid, found.values, np.nan).reshape(shape)
    mean = np.nanmean(values[:, :, (0, 1, 2, 4)], axis=0)
    yield "| muscles | correlation | corrected | null | crosstalk |"
    yield "|---|---|---|---|---|"
    ordered = np.argsort(-mean[:, 0])
    for pair in [*ordered[:_N_ROWS], *ordered[-_N_ROWS:]]:
        correlation, null, corrected, crosstalk = mean[pair]
        yield (
            f"| {'-'.join(leg.pairs[pair])} | {correlation:.2f} | {corrected:.2f} | {null:.2f} | "
            f"{crosstalk:.2f} |"
        )


def main() -> int:
    """Print the table."""
    for line in table():
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
