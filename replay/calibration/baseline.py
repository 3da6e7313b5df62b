"""The measure over a recording: its percentiles, and what the 1/f line alone has in its band."""

from typing import Final

import numpy as np

from replay.calibration.calibrated import Baseline
from replay.calibration.measure import Measured
from replay.inspection.peaks import LineFit

PERCENTILES: Final = (5, 10, 25, 50, 75, 90, 95)


def baseline(measure: Measured, line: LineFit, band_hz: tuple[float, float]) -> Baseline:
    """Return the baseline of a measure."""
    values = measure.valid_values
    logs = np.log10(values[values > 0.0])
    grid_hz = np.linspace(*band_hz, 200)
    density = 10.0**line.offset * grid_hz**-line.exponent
    percentiles = np.percentile(values, PERCENTILES).tolist()
    return Baseline(
        mean=float(values.mean()),
        median=float(np.median(values)),
        log10_mean=float(logs.mean()),
        log10_sd=float(logs.std()),
        one_over_f=float(np.trapezoid(density, grid_hz)),
        percentiles=dict(zip(map(str, PERCENTILES), percentiles, strict=True)),
    )
