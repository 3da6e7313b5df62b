"""Where the harmonics of a stimulation end up in a sampled stream, and which bands they are in."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from detectors.bands.presets import PRESETS
from detectors.detector import DetectorConfig

#: Harmonics that are looked at; of later ones an amplifier's filter leaves little.
N_HARMONICS = 10


class Alias(NamedTuple):
    """The number of a harmonic, the fundamental being 1, and where it appears."""

    harmonic: int
    frequency_hz: float


class Band(NamedTuple):
    """A band a detector reads, and the keys of its table that say so."""

    key: str
    low_hz: float
    high_hz: float


def alias_hz(frequency_hz: float, rate_hz: float) -> float:
    """Return the frequency between 0 and half the rate at which another one appears.

    >>> alias_hz(520.0, 250.0)
    20.0
    """
    return abs(frequency_hz - round(frequency_hz / rate_hz) * rate_hz)


def aliased_harmonics(
    frequency_hz: float,
    rate_hz: float,
    band_hz: tuple[float, float],
    n_harmonics: int = N_HARMONICS,
) -> tuple[Alias, ...]:
    """Return the harmonics that appear within a band, its edges included.

    >>> aliased_harmonics(130.0, 250.0, (13.0, 30.0))
    (Alias(harmonic=4, frequency_hz=20.0), Alias(harmonic=6, frequency_hz=30.0))

    Notes
    -----
    Of a rate that is d hertz off, harmonic n appears n d hertz away: a stimulator that says 130
    and runs at 129.16 Hz has its eighth harmonic at 33.3 Hz in a stream of 1000 Hz, not at 40.
    """
    low_hz, high_hz = band_hz
    aliases = (Alias(n, alias_hz(n * frequency_hz, rate_hz)) for n in range(1, n_harmonics + 1))
    return tuple(each for each in aliases if low_hz <= each.frequency_hz <= high_hz)


def bands_of(config: DetectorConfig) -> Iterator[Band]:
    """Yield every band that a detector's table names; a value that is no pair of numbers is none.

    A key that ends in ``band_hz`` is one, each of those in a key that ends in ``bands_hz``, by
    whatever name, a ``preset``, and ``centre_hz`` with ``half_width_hz`` on both sides.
    """
    for key in config.__struct_fields__:
        value: Any = getattr(config, key)
        if key.endswith("band_hz") and _is_band(value):
            yield Band(key, *value)
        elif key.endswith("bands_hz") and isinstance(value, dict | list | tuple):
            named = value.items() if isinstance(value, dict) else enumerate(value)
            yield from (Band(f"{key}.{name}", *each) for name, each in named if _is_band(each))
    preset = getattr(config, "preset", None)
    yield from (Band("preset", *band) for name, band in PRESETS.items() if name == preset)
    centre_hz = getattr(config, "centre_hz", None)
    half_width_hz = getattr(config, "half_width_hz", None)
    if centre_hz is not None and half_width_hz is not None:
        yield Band("centre_hz", centre_hz - half_width_hz, centre_hz + half_width_hz)


def _is_band(value: object) -> bool:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return False
    return all(isinstance(each, int | float) for each in value)
