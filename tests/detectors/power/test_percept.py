"""Power as an implant logs it: against its own log, and what its presets refuse."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from benchmarks.figures.implant_log import held
from detectors.bands.aliasing import bands_of
from detectors.bands.percept import LSB_PER_UV2
from detectors.chain import AnyDetectorConfig
from detectors.power.band_power import BandPower, BandPowerConfig
from tests.support.blocks import block_of, layout_of


def test_it_is_what_the_implant_logged_of_each_run_at_one_scale(data_dir: Path) -> None:
    runs = list(held(data_dir))
    assert [each.run for each in runs] == [0, 2, 3]
    assert sum(each.logged.size for each in runs) > 140
    for each in runs:
        assert each.correlation >= 0.999
        assert each.scale == pytest.approx(LSB_PER_UV2, rel=0.02)
        assert np.median(each.residuals) <= 0.02


def test_a_line_within_the_band_counts_one_and_a_half_squared_amplitudes() -> None:
    power = BandPower(
        BandPowerConfig(id="p", stream="LFP", preset="percept", centre_hz=11.72, hop_s=0.5),
        layout_of(1, 250.0),
    )
    line_uv = 4.0 * np.sin(2.0 * np.pi * 12 / 256 * np.arange(1000))[:, None]
    found = power.update(block_of(line_uv, 250.0)).estimates
    # Bins of 256 samples: the line has one of its own and half its amplitude on both sides.
    assert found.values[-1, 0] == pytest.approx(77.6 * 1.5 * 16.0, rel=1e-9)
    assert (power.outputs[0].unit, power.outputs[0].measure) == ("lsb", "power")
    assert (power.span_samples, power.hop_samples, power.delay_s) == (256, 125, 0.512)


def test_a_mean_of_updates_depends_on_all_their_windows() -> None:
    config = BandPowerConfig(
        id="p", stream="LFP", preset="percept", centre_hz=20.0, update_s=0.5, hop_s=3.0
    )
    power = BandPower(config, layout_of(1, 250.0))
    assert (power.span_samples, power.hop_samples, power.delay_s) == (881, 750, 1.762)
    assert [(each.low_hz, each.high_hz) for each in bands_of(config)] == [(17.5, 22.5)]


@pytest.mark.parametrize(
    ("expected", "keys"),
    [
        ("centre_hz: expected the centre of the band", {"centre_hz": None}),
        ("centre_hz: expected none without preset = 'percept' or", {"preset": "pd_stn_beta"}),
        ("Expected `float` >= 1.0 - at `$.centre_hz`", {"centre_hz": 0.5}),
        ("band_hz: expected one of band_hz, preset and bands_hz", {"band_hz": [8.0, 30.0]}),
        ("window_s: expected none beside preset = 'percept', found 1.0", {"window_s": 1.0}),
        ("method: expected 'periodogram' beside", {"method": "recursive"}),
        ("scale: expected 'power' beside", {"scale": "log10"}),
        ("hop_s: expected 0.5 or 0.2, the implant's updates", {"hop_s": 0.01}),
        ("update_s: expected 0.05, the implant's updates", {"preset": "percept_single"}),
        ("hop_s: expected a whole number of updates (update_s = 0.5)", {"hop_s": 0.7}),
    ],
)
def test_what_a_preset_fixes_stands_beside_no_other_word(
    expected: str, keys: dict[str, Any]
) -> None:
    table: dict[str, Any] = {
        "id": "p",
        "kind": "band_power",
        "stream": "LFP",
        "preset": "percept",
        "centre_hz": 20.0,
        "hop_s": 3.0,
        "update_s": 0.5,
    }
    msgspec.convert(table, AnyDetectorConfig)
    if keys.get("hop_s") == 0.01:
        keys = keys | {"update_s": None}
    with pytest.raises(msgspec.ValidationError) as told:
        msgspec.convert(table | keys, AnyDetectorConfig)
    assert str(told.value).startswith(expected)


def test_updates_are_of_periodograms() -> None:
    with pytest.raises(ValueError, match=r"^update_s: expected none where method is 'recursive'"):
        BandPowerConfig(
            id="p", stream="LFP", band_hz=(13.0, 30.0), method="recursive", update_s=0.1, hop_s=0.2
        )
