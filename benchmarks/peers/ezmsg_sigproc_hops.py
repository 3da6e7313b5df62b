"""Hops of ezmsg-sigproc: its band power, with one hop of samples a message."""

import numpy as np
from ezmsg.sigproc.bandpower import BandPowerSettings, BandPowerTransformer
from ezmsg.sigproc.spectrogram import SpectrogramSettings
from ezmsg.util.messages.axisarray import AxisArray
from numpy.typing import NDArray

from benchmarks.peers.hop import Case, Run

PACKAGE = "ezmsg-sigproc"


def band_power(samples_uv: NDArray[np.float64], case: Case) -> Run:
    """Return the mean band power of its sliding spectrogram, with a Hann window."""
    window = round(case["window_s"] * case["rate_hz"])
    shape = SpectrogramSettings(
        window_dur=case["window_s"], window_shift=case["hop"] / case["rate_hz"]
    )
    transformer = BandPowerTransformer(
        settings=BandPowerSettings(spectrogram_settings=shape, bands=[tuple(case["band_hz"])])
    )
    labels = np.array([f"C{index}" for index in range(samples_uv.shape[1])])

    def message(first: int, n_samples: int) -> AxisArray:
        axes = {
            "time": AxisArray.TimeAxis(fs=case["rate_hz"], offset=first / case["rate_hz"]),
            "ch": AxisArray.CoordinateAxis(data=labels, dims=["ch"]),
        }
        data = samples_uv[first : first + n_samples].copy()
        return AxisArray(data, dims=["time", "ch"], axes=axes, key="samples")

    transformer(message(0, window))
    messages = [
        message(first, case["hop"])
        for first in range(window, len(samples_uv) - case["hop"] + 1, case["hop"])
    ]
    return lambda hop: transformer(messages[hop])
