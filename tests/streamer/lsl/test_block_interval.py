"""The interval between deliveries, measured by their times of arrival."""

import pytest

from streamer.lsl.block_interval import BlockInterval, BlockIntervalMeter


def measured(*arrivals_s: float) -> BlockInterval | None:
    meter = BlockIntervalMeter()
    for arrival_s in arrivals_s:
        meter.add(arrival_s)
    return meter.measured


def test_too_few_deliveries_say_nothing() -> None:
    assert measured(1.0, 1.1, 1.2) is None


def test_a_block_that_the_network_cut_in_pieces_counts_once() -> None:
    found = measured(1.0, 1.0002, 1.0004, 1.25, 1.2501, 1.5, 1.5004, 1.8)
    assert found is not None
    assert found.median_s == pytest.approx(0.25)
    assert found.max_s == pytest.approx(0.3)


def test_the_longest_interval_is_forgotten_in_time() -> None:
    found = measured(0.0, 5.0, *(5.0 + 0.02 * k for k in range(1, 70)))
    assert found is not None
    assert found.max_s == pytest.approx(0.02)


def test_a_pause_in_which_the_stream_was_silent_is_no_interval() -> None:
    meter = BlockIntervalMeter()
    for arrival_s in (0.0, 0.1, 0.2, 0.3):
        meter.add(arrival_s)
    meter.interrupt()
    meter.add(9.0)
    meter.add(9.1)
    assert meter.measured is not None
    assert meter.measured.max_s == pytest.approx(0.1)
