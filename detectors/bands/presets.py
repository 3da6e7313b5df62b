"""Bands that a table can ask for by name."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

#: Name of a preset, as a table has it.
Preset: TypeAlias = Literal["pd_stn_beta", "dystonia_gpi_low"]

#: Low and high edge, in hertz, of each.
#:
#: ``pd_stn_beta``: subthalamic beta in Parkinson's disease, the whole band; where a recording
#: shows the patient's own peak, 3 Hz to both sides of it is the better choice. G. Tinkhauser et
#: al., Brain 140(4), 2017, doi:10.1093/brain/awx010.
#:
#: ``dystonia_gpi_low``: pallidal low frequencies in dystonia, whose power goes with severity as
#: beta does not. U. Scheller et al., Movement Disorders, 2019, doi:10.1002/mds.27838; for adaptive
#: stimulation on 4-12 Hz, D. Piña-Fuentes et al., 2019.
PRESETS: Final[Mapping[Preset, tuple[float, float]]] = {
    "pd_stn_beta": (13.0, 30.0),
    "dystonia_gpi_low": (4.0, 12.0),
}


def band_of(band_hz: tuple[float, float] | None, preset: Preset | None) -> tuple[float, float]:
    """Return the band that a table means.

    Parameters
    ----------
    band_hz : tuple of float, optional
        Low and high edge, where they are written out.
    preset : str, optional
        Name of a preset, where that is written instead.

    Raises
    ------
    ValueError
        Where it is neither, or both.
    """
    if band_hz is not None and preset is None:
        return band_hz
    if preset is not None and band_hz is None:
        return PRESETS[preset]
    found = "neither" if preset is None else "both"
    raise ValueError(f"band_hz: expected band_hz or preset, found {found}")
