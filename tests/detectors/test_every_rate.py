"""A table that is valid at one rate is valid at all: seconds are rounded to samples."""

import tomllib
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.aperiodic.aperiodic import AperiodicConfig
from detectors.bands.aliasing import bands_of
from detectors.block import StreamLayout
from detectors.chain import AnyDetectorConfig, DetectorChain
from detectors.coherence.coherence import Coherence, CoherenceConfig
from detectors.detector import DetectorConfig
from detectors.power.band_power import BandPower, BandPowerConfig
from detectors.testing.subject import Example
from tests.detectors.examples import EXAMPLES
from tests.support.blocks import block_of

_RATES_HZ = (
    *(250.0, 418.4, 422.0, 500.0, 512.0, 1000.0, 1024.0),
    *(1259.259, 1375.0, 2000.0, 2048.0, 2441.4, 4000.0),
)
_ROOT = Path(__file__).parents[2]
_FILES = (_ROOT / "config.toml", *sorted((_ROOT / "docs" / "examples").rglob("*.toml")))
_CASES = [
    pytest.param(example, id=f"{cls.__name__}: {example.name}")
    for cls, examples in EXAMPLES.items()
    for example in examples
]


def tables_of(path: Path) -> list[dict[str, Any]]:
    """Return the detectors of a rig's file."""
    found: list[dict[str, Any]] = tomllib.loads(path.read_text()).get("detectors", [])
    return found


def labels_of(tables: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return all channels that the tables name, or some where they name none."""
    named = chain.from_iterable(
        [*table.get("channels", ()), *chain.from_iterable(table.get("pairs", ()))]
        for table in tables
    )
    return tuple(dict.fromkeys(named)) or ("C0", "C1", "C2")


def highest_hz(configs: list[DetectorConfig]) -> float:
    fitted = [config.fit_hz[1] for config in configs if isinstance(config, AperiodicConfig)]
    return max([0.0, *fitted, *(band.high_hz for config in configs for band in bands_of(config))])


def fits(configs: list[DetectorConfig], channels: tuple[str, ...], rate_hz: float) -> bool:
    """Build the detectors at a rate; only a band up to or beyond half of it may be refused."""
    read = {each.name for config in configs for each in config.reads if each.kind == "stream"}
    layouts = {name: StreamLayout(name, rate_hz, channels) for name in read}
    if highest_hz(configs) < rate_hz / 2.0:
        DetectorChain(configs, layouts)
        return True
    with suppress(ValueError):
        DetectorChain(configs, layouts)
        return True
    with pytest.raises(ValueError, match="half the rate"):
        DetectorChain(configs, layouts)
    return False


@pytest.mark.parametrize("rate_hz", _RATES_HZ)
def test_every_detector_of_every_file_that_is_shipped_fits_at_every_rate(rate_hz: float) -> None:
    n_detectors = 0
    for path in _FILES:
        tables = tables_of(path)
        for table in tables:
            below = [each for each in tables if each["id"] == table.get("of")]
            deeper = [each for each in tables for one in below if each["id"] == one.get("of")]
            configs = msgspec.convert([*deeper, *below, table], list[AnyDetectorConfig])
            n_detectors += fits(list(configs), labels_of(tables), rate_hz)
    assert n_detectors >= 20


@pytest.mark.parametrize("rate_hz", _RATES_HZ)
@pytest.mark.parametrize("example", _CASES)
def test_every_example_of_the_laws_fits_at_every_rate(example: Example, rate_hz: float) -> None:
    configs = list(example.configs)
    assert fits(configs, example.layout.channels, rate_hz) or highest_hz(configs) > 100.0


def test_a_hop_of_a_second_is_one_at_any_rate() -> None:
    config = CoherenceConfig(id="c", stream="S", band_hz=(13.0, 30.0), hop_s=1.0)
    for rate_hz in _RATES_HZ:
        made = Coherence(config, StreamLayout("S", rate_hz, ("a", "b")))
        assert made.hop_samples == pytest.approx(rate_hz, abs=1.5)
        assert made.segments.step == pytest.approx(rate_hz / 2.0, abs=1.0)


def powers_of(samples_uv: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Return every valid power of 15-22 Hz in windows of 0.4 s."""
    config = BandPowerConfig(id="beta", stream="S", band_hz=(15.0, 22.0), window_s=0.4, hop_s=0.02)
    layout = StreamLayout("S", rate_hz, tuple(map(str, range(samples_uv.shape[1]))))
    found = BandPower(config, layout).update(block_of(samples_uv, rate_hz, stream="S")).estimates
    return found.values[found.valid.all(axis=1)]


def test_noise_of_one_density_has_one_power_at_every_rate() -> None:
    """The band's width times the density: 7 Hz of 1 µV²/Hz."""
    for rate_hz in _RATES_HZ[:-2]:
        random = np.random.default_rng(3)
        samples_uv = random.normal(0.0, np.sqrt(rate_hz / 2.0), (round(40.0 * rate_hz), 16))
        assert powers_of(samples_uv, rate_hz).mean() == pytest.approx(7.0, rel=0.05)


@pytest.mark.parametrize(("frequency_hz", "share"), [(15.5, 0.6), (18.5, 1.0), (21.5, 0.6)])
def test_a_sine_near_an_edge_has_one_power_at_every_rate(frequency_hz: float, share: float) -> None:
    found = []
    for rate_hz in _RATES_HZ[:-2]:
        phase = 2.0 * np.pi * frequency_hz * np.arange(round(8.0 * rate_hz)) / rate_hz
        found.append(powers_of(10.0 * np.cos(phase)[:, None], rate_hz).mean() / 50.0)
    assert max(found) < 1.02 * min(found)
    assert found[0] == pytest.approx(share, abs=0.1)
