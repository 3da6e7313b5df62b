"""What streams call their units, in microvolts."""

import math
from types import MappingProxyType
from typing import Final

_PREFIXES: Final = MappingProxyType(
    {
        "": 1e6,
        "m": 1e3,
        "milli": 1e3,
        "u": 1.0,
        "\u00b5": 1.0,  # micro sign
        "\u03bc": 1.0,  # Greek mu, which is what some keyboards give
        "\u00c2\u00b5": 1.0,  # micro sign in UTF-8, read as Latin-1
        "mc": 1.0,
        "micro": 1.0,
        "n": 1e-3,
        "nano": 1e-3,
        "p": 1e-6,  # nobody's unit: what makes a file usable whose numbers are 1e6 too large
        "pico": 1e-6,
    }
)
_VOLTS: Final = ("V", "v", "volt", "volts")
_FACTORS: Final = MappingProxyType(
    {
        spelling: factor
        for prefix, factor in _PREFIXES.items()
        for volts in _VOLTS
        for spelling in (f"{prefix}{volts}", f"{prefix} {volts}")
    }
)


#: How this project writes a unit, by its powers of ten in microvolts.
_WRITTEN: Final = MappingProxyType({6: "V", 3: "mV", 0: "uV", -3: "nV"})


def unit_of(microvolts: float) -> str | None:
    """Return the unit of this size in microvolts, or None where there is none.

    >>> unit_of(1e3), unit_of(10.0)
    ('mV', None)
    """
    if not microvolts > 0.0:
        return None
    power = round(math.log10(microvolts))
    return _WRITTEN.get(power) if math.isclose(microvolts, 10.0**power, rel_tol=1e-9) else None


def microvolts_per(unit: str) -> float:
    """Return how many microvolts one of `unit` is.

    Parameters
    ----------
    unit : str
        As the stream or the configuration writes it: ``uV``, ``\u00b5V``, ``microvolts``, ``mV``,
        ``Volt`` ... Words may have capitals anywhere, and symbols small or capital letters.

    Returns
    -------
    float
        The factor from the stream's numbers to microvolts.

    Raises
    ------
    ValueError
        Where the unit is empty or not a known unit of voltage. ``MV`` is refused: it may be
        meant as milli- or as microvolt.

    Examples
    --------
    >>> microvolts_per("mV"), microvolts_per("MicroVolts")
    (1000.0, 1.0)
    """
    written = unit.strip()
    if not written.startswith("M") or len(written) > len("MV"):
        factor = _FACTORS.get(written, _FACTORS.get(written.lower().replace("\u00e2", "\u00c2")))
        if factor is not None:
            return factor
    raise ValueError(
        f"expected a unit of voltage (V, mV, uV, nV), found {repr(unit) if written else 'none'}"
    )


def is_voltage_unit(unit: str) -> bool:
    """Return whether a unit is one that `microvolts_per` knows."""
    try:
        microvolts_per(unit)
    except ValueError:
        return False
    return True
