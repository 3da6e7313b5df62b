"""Hops of timeflux: a sliding window, Welch with one segment, and the band, node by node."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from timeflux.nodes.window import SampleWindow
from timeflux_dsp.nodes.spectral import Bands, Welch

from benchmarks.peers.hop import Case, Run

PACKAGE = "timeflux-dsp"


def band_power(samples_uv: NDArray[np.float64], case: Case) -> Run:
    """Return the band power of the last window."""
    window = round(case["window_s"] * case["rate_hz"])
    hop_samples = case["hop"]
    sliding = SampleWindow(length=window, step=hop_samples)
    welch = Welch(rate=case["rate_hz"], nperseg=window, window="hann")
    bands = Bands(bands={"band": list(case["band_hz"])}, relative=False)
    step_ns = round(1e9 / case["rate_hz"])
    n_fed = 0

    def feed(part_uv: NDArray[np.float64]) -> None:
        nonlocal n_fed
        index = pd.to_datetime((n_fed + np.arange(len(part_uv))) * step_ns)
        n_fed += len(part_uv)
        sliding.clear()
        sliding.i.data = pd.DataFrame(part_uv, index=index)
        sliding.i.meta = {"rate": case["rate_hz"]}
        sliding.update()
        if not sliding.o.ready():
            return
        for node, before in ((welch, sliding), (bands, welch)):
            node.clear()
            node.i.data, node.i.meta = before.o.data, before.o.meta
            node.update()

    feed(samples_uv[:window])

    def run(hop: int) -> object:
        first = window + hop_samples * hop
        feed(samples_uv[first : first + hop_samples])
        return None

    return run
