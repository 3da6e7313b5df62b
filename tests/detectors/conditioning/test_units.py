"""All names of microvolts that streams use are understood; unknown units are refused."""

import pytest

from detectors.conditioning.units import microvolts_per


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("uV", 1.0),
        (" UV ", 1.0),
        ("\u00b5V", 1.0),
        ("\u03bcV", 1.0),
        ("\u00c2\u00b5V", 1.0),
        ("\u00b5v", 1.0),
        ("microvolts", 1.0),
        ("Microvolt", 1.0),
        ("MicroVolts", 1.0),
        ("micro volts", 1.0),
        ("uVolts", 1.0),
        ("mV", 1e3),
        ("mv", 1e3),
        ("Millivolts", 1e3),
        ("V", 1e6),
        ("volts", 1e6),
        ("Volt", 1e6),
        ("nV", 1e-3),
        ("nanovolts", 1e-3),
    ],
)
def test_every_spelling_of_the_field_has_its_factor(unit: str, factor: float) -> None:
    assert microvolts_per(unit) == factor


@pytest.mark.parametrize("unit", ["", "  ", "MV", "Mv", "\ufffdV", "mA", "uV/bit", "g", "kV", "m"])
def test_what_is_missing_ambiguous_or_no_voltage_is_refused(unit: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a unit of voltage .*, found"):
        microvolts_per(unit)
