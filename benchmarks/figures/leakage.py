"""How much a spectral line outside a band changes measures of the band: tables of the guide.

``python -m benchmarks.figures.leakage`` prints them. Each figure is measured: a sine goes through
the detector itself, once what it began with is forgotten.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, StreamLayout, Taint
from detectors.chain import AnyDetectorConfig, DetectorChain

RATE_HZ: Final = 1000.0
BAND_HZ: Final = (13.0, 30.0)
LINES_HZ: Final = (4.0, 8.0, 12.0, 14.0, 20.0, 29.0, 31.0, 35.0, 43.5, 50.0, 100.0)
#: Methods of band power: the guide's names, and the keys of the table.
POWERS: Final[Mapping[str, dict[str, Any]]] = {
    "periodogram, `window_s = 1.0`": {"window_s": 1.0},
    "periodogram, `window_s = 0.4`": {"window_s": 0.4},
    "recursive, order 1": {"method": "recursive", "order": 1},
    "recursive, order 2": {"method": "recursive"},
    "recursive, order 4": {"method": "recursive", "order": 4},
    "recursive, order 8": {"method": "recursive", "order": 8},
}
#: Methods of an amplitude at 20 Hz with a half width of 5 Hz.
AMPLITUDES: Final[Mapping[str, dict[str, Any]]] = {
    "resonator, order 1": {},
    "resonator, order 2": {"order": 2},
    "resonator, order 3": {"order": 3},
    "resonator, order 4": {"order": 4},
    "Hilbert, order 1": {"method": "hilbert"},
    "Hilbert, order 2": {"method": "hilbert", "order": 2},
}
_SECONDS: Final = 10.0
_SETTLED_S: Final = 6.0


def found(samples_uv: NDArray[np.float64], table: dict[str, Any]) -> NDArray[np.float64]:
    """Return a detector's valid hops in the last seconds, shape (n_hops, n_outputs)."""
    layout = StreamLayout("LFP", RATE_HZ, tuple(map(str, range(samples_uv.shape[1]))))
    whole = {"id": "x", "stream": "LFP", **table}
    chain = DetectorChain(msgspec.convert([whole], list[AnyDetectorConfig]), {"LFP": layout})
    taint = np.zeros(samples_uv.shape, dtype=np.uint16)
    taint[0] = np.uint16(Taint.RESTART)
    time_s = np.arange(len(samples_uv)) / RATE_HZ
    estimates = chain.update(Block("LFP", 0, samples_uv, time_s, taint))[0].estimates
    is_late = (estimates.time_s > _SETTLED_S) & estimates.valid.all(axis=1)
    return estimates.values[is_late]


def power_table(keys: dict[str, Any]) -> dict[str, Any]:
    """Return the table of a `band_power` detector."""
    return {"kind": "band_power", "band_hz": list(BAND_HZ), **keys}


def amplitude_table(keys: dict[str, Any]) -> dict[str, Any]:
    """Return the table of an `oscillation` detector."""
    usual = {"kind": "oscillation", "centre_hz": 20.0, "half_width_hz": 5.0, "hop_s": 0.003}
    return usual | {"output": "amplitude"} | keys


def lines_db(table: dict[str, Any], *, is_power: bool) -> list[float]:
    """Return how much of each line's power a detector finds, in decibel."""
    time_s = np.arange(round(_SECONDS * RATE_HZ)) / RATE_HZ
    samples_uv = np.sqrt(2.0) * np.cos(2.0 * np.pi * np.outer(time_s, LINES_HZ))
    values = found(samples_uv, table)
    shares = values.mean(axis=0) if is_power else (values**2).mean(axis=0) / 2.0
    return [float(each) for each in 10.0 * np.log10(np.maximum(shares, 1e-12))]


def noise(exponent: float, n_channels: int = 8) -> NDArray[np.float64]:
    """Return noise whose density falls as ``f ** -exponent``, flat below 1 Hz."""
    n_samples = round(60.0 * RATE_HZ)
    random = np.random.default_rng(7)
    spectrum = np.fft.rfft(random.normal(0.0, 10.0, (n_samples, n_channels)), axis=0)
    frequency_hz = np.maximum(np.fft.rfftfreq(n_samples, 1.0 / RATE_HZ), 1.0)
    made: NDArray[np.float64] = np.fft.irfft(
        spectrum * frequency_hz[:, None] ** (-exponent / 2.0), n_samples, axis=0
    )
    return made


def outside(samples_uv: NDArray[np.float64], table: dict[str, Any]) -> NDArray[np.float64]:
    """Return the share outside the band at every hop and channel."""
    if table["kind"] == "band_power":
        values = found(samples_uv, table | {"output": "power_and_outside"})
        return values[:, 1::2]
    values = found(samples_uv, table | {"output": "amplitude_phase_and_outside"})
    return values[:, 2::3]


def attenuation() -> Iterator[str]:
    """Yield what a detector still finds of a line, in decibel, by the line's frequency."""
    yield f"| of a line at ... Hz | {' | '.join(f'{each:g}' for each in LINES_HZ)} |"
    yield f"|---|{'---|' * len(LINES_HZ)}"
    for name, keys in POWERS.items():
        yield _row(name, lines_db(power_table(keys), is_power=True))
    for name, keys in AMPLITUDES.items():
        yield _row(name, lines_db(amplitude_table(keys), is_power=False))


def shares() -> Iterator[str]:
    """Yield the share outside the band, of noise and of a weak rhythm beside a strong line."""
    time_s = np.arange(round(60.0 * RATE_HZ)) / RATE_HZ
    line = 107.0 * np.cos(2.0 * np.pi * 43.5 * time_s)[:, None]
    rhythm = 7.1 * np.cos(2.0 * np.pi * 20.0 * time_s)[:, None]
    given = {"white noise": noise(0.0), "1/f noise": noise(1.0), "rhythm and line": line + rhythm}
    beside = "7.1 µV at 20 Hz, 107 µV at 43.5 Hz"
    yield f"| share outside the band | white noise | 1/f noise | {beside} |"
    yield "|---|---|---|---|"
    tables = {name: power_table(keys) for name, keys in POWERS.items() if "method" in keys} | {
        f"{name}": amplitude_table(keys)
        for name, keys in AMPLITUDES.items()
        if "method" not in keys
    }
    for name, table in tables.items():
        cells = []
        for what, samples_uv in given.items():
            share = outside(samples_uv, table)
            cells.append(f"{share.mean():.3f}")
            if "noise" in what:
                cells[-1] = f"{share.mean():.2f} (1 % over {np.percentile(share, 99.0):.2f})"
        yield f"| {name} | {' | '.join(cells)} |"


def beside_a_line() -> Iterator[str]:
    """Yield each method's result for a rhythm of 7.1 µV at 20 Hz beside 107 µV at 43.5 Hz."""
    time_s = np.arange(round(_SECONDS * RATE_HZ)) / RATE_HZ
    rhythm = 7.1 * np.cos(2.0 * np.pi * 20.0 * time_s)[:, None]
    line = 107.0 * np.cos(2.0 * np.pi * 43.5 * time_s)[:, None]
    yield "| 7.1 µV at 20 Hz | alone | beside 107 µV at 43.5 Hz |\n|---|---|---|"
    for names, make, unit in ((POWERS, power_table, "µV²"), (AMPLITUDES, amplitude_table, "µV")):
        for name, keys in names.items():
            alone, both = (
                float(found(each, make(keys)).mean()) for each in (rhythm, rhythm + line)
            )
            yield f"| {name} | {alone:.1f} {unit} | {both:.1f} {unit} |"


def main() -> int:
    """Print the tables."""
    for rows in (attenuation, beside_a_line, shares):
        for row in rows():
            print(row, flush=True)
        print()
    return 0


def _row(name: str, values_db: list[float]) -> str:
    cells = (f"{each:.1f}" if each > -99.5 else "under -100" for each in values_db)
    return f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
