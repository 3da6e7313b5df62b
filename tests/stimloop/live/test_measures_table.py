"""The table of measures shows each measure with its unit and its null."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from detectors.block import StreamLayout
from detectors.bursts.burst import BurstConfig, BurstThreshold
from detectors.chain import DetectorChain
from detectors.coherence.config import CoherenceConfig
from detectors.estimates import Estimates, Seen
from detectors.power.band_power import BandPowerConfig
from stimloop.live.measures_table import MeasureKey, MeasuresTable, figure

_LAYOUT = StreamLayout("LFP", 250.0, ("left", "right"))
_BETA = BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0))
_BURST = BurstConfig(id="burst", of="beta", threshold=BurstThreshold(level=9.0))
_SYNC = CoherenceConfig(id="sync", stream="LFP", band_hz=(13.0, 30.0))
_READ = MeasureKey("burst", "right", "value")


def _table(*configs: Any, layout: StreamLayout = _LAYOUT) -> MeasuresTable:
    chain = DetectorChain(configs or (_BETA, _BURST, _SYNC), {"LFP": layout})
    return MeasuresTable(chain.detectors, [_READ] if not configs else [])


def _seen(detector: str, *hops: Sequence[float | None]) -> Seen:
    values = np.array([[each or 0.0 for each in hop] for hop in hops])
    valid = np.array([[each is not None for each in hop] for hop in hops])
    sample = np.arange(len(hops))
    return Seen(Estimates(detector, sample, sample / 1.0, values, valid, sample.astype(np.uint16)))


def _lines(table: MeasuresTable) -> list[list[str]]:
    console = Console(width=160, no_color=True)
    with console.capture() as drawn:
        console.print(table)
    return [line.split() for line in drawn.get().splitlines()]


def test_what_a_policy_reads_stands_first_then_the_first_measure_of_each_channel() -> None:
    assert [line[:3] for line in _lines(_table())[1:]] == [
        ["burst", "right", "value"],
        ["burst", "left", "value"],
        ["beta", "left", "power"],
        ["beta", "right", "power"],
        ["sync", "left-right", "coherence"],
    ]


def test_a_measure_is_shown_with_unit_threshold_means_and_change() -> None:
    table = _table()
    table.see(_seen("burst", [0.0] * 4 + [10.0, 9.0, 1.0, 0.0]), is_active=False)
    table.see(_seen("burst", [0.0] * 4 + [5.0, 9.0, 0.0, 0.0]), is_active=True)
    assert _lines(table)[1][3:] == ["5.00", "µV²", "9.00", "-", "10.0", "5.00", "-50", "%"]


def test_what_chance_gives_stands_beside_its_measure() -> None:
    table = _table()
    table.see(_seen("sync", [0.36, 0.1, 0.125, 0.2]), is_active=True)
    assert _lines(table)[-1][3:] == ["0.360", "-", "0.125", "-", "0.360", "-"]


def test_what_is_not_valid_is_neither_shown_nor_in_a_mean() -> None:
    table = _table()
    table.see(_seen("beta", [4.0, None]), is_active=False)
    left, right = _lines(table)[3:5]
    assert left[3:] == ["4.00", "µV²", "-", "-", "4.00", "-", "-"]
    assert right[3:] == ["-"] * 6


def test_more_than_a_screen_holds_are_counted() -> None:
    layout = StreamLayout("LFP", 250.0, tuple(f"C{index}" for index in range(20)))
    lines = _lines(_table(_BETA, layout=layout))
    assert len(lines) == 1 + 12 + 1
    assert lines[-1] == ["and", "8", "more"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(99.96, "100.0"), (100.0, "100"), (9.0, "9.00"), (-1e6, "-1.0e+06"), (0.001, "0.001")],
)
def test_figures_have_three_digits(value: float, text: str) -> None:
    assert figure(value) == text
