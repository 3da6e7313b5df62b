"""Band power as an implant, Medtronic's Percept, computes and logs it: spectra, updates, unit."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

#: Name of a preset in a table.
PerceptPreset: TypeAlias = Literal["percept", "percept_single"]


class PerceptSpectrum(NamedTuple):
    """The spectra of a preset.

    Parameters
    ----------
    window_s : float
        Length of the window that is transformed.
    updates_s : tuple of float
        From one spectrum to the next, one of these.
    """

    window_s: float
    updates_s: tuple[float, ...]


#: ``percept``: 256 samples at 250 Hz, two spectra a second while it senses only, five while dual
#: thresholds adapt the amplitude. ``percept_single``: 64 samples, twenty a second, of its single
#: threshold.
#:
#: Window, Hann, bins and the two spectra a second are held to the implant's own log
#: (``python -m benchmarks.figures.implant_log``); the rest is as published: Medtronic, summary of
#: safety and effectiveness P960009/S478, 2025, and white paper UC202012929dEN.
PERCEPT: Final[Mapping[PerceptPreset, PerceptSpectrum]] = {
    "percept": PerceptSpectrum(256 / 250.0, (0.5, 0.2)),
    "percept_single": PerceptSpectrum(64 / 250.0, (0.05,)),
}
#: Bins at most this far from the centre belong to the band, with their whole power.
HALF_WIDTH_HZ: Final = 2.5
#: Range of the centre frequency, with and without adaptation.
CENTRE_HZ: Final = (1.0, 96.0)
#: What the implant logs is counted in units of its own: these, of one patient's log, for each µV²
#: of the sum of squared amplitudes. How they go with the µVrms of its manual is not published.
LSB_PER_UV2: Final = 77.6
#: The squared amplitudes of a line under a Hann window, summed over its bins, are three times its
#: power: 1.5 times its squared amplitude.
AMPLITUDES_PER_POWER: Final = 3.0
