"""A clock that was set forward is no time that passed: what a device counted stays counted."""

import pytest

from stimulators.device.counts.binned_charge import BinnedCharge
from stimulators.device.counts.counts import BIN_US, Counts
from stimulators.device.counts.time_above_safe import TimeAboveSafe
from tests.stimulators.device.device_bench import Bench, reports, stimulator

_HOUR_US = 3_600_000_000


def _report(bench: Bench) -> tuple[float, float, float]:
    said = reports(bench.wait(1_100_000))[-1]
    return said.charge_uc, said.on_s, said.counted_since_s


@pytest.mark.parametrize("safe_ma", [0.0, 0.5])
@pytest.mark.parametrize("valid_us", [250_000, 10_000_000])
def test_a_clock_set_forward_makes_no_charge_older(safe_ma: float, valid_us: int) -> None:
    bench = Bench(stimulator(safe_ma=safe_ma)).leased(valid_us=valid_us)
    bench.drive(10_000_000, 3.0)
    bench.tell(bench.lease(valid_us=valid_us))
    given_uc, _, since_s = _report(bench)
    assert given_uc > 0.9 * 10.0 * 3.0 * 7.8
    for _ in range(3):
        bench.now_us += _HOUR_US
        bench.tick()
        charge_uc, _, counted_s = _report(bench)
        assert charge_uc >= given_uc
        assert counted_s < since_s + 10.0
    # And no more than the hour can have come to: ten minutes at the safe amount, and the lease.
    most_uc = given_uc + 602.0 * safe_ma * 7.8 + 3.0 * 7.8 * 11.0
    assert charge_uc <= most_uc
    # By time that is to be trusted it is over within ten minutes.
    for _ in range(1210):
        bench.now_us += 500_000
        bench.tick()
    assert _report(bench)[0] <= 603.0 * safe_ma * 7.8 + 1e-3


def test_a_clock_set_forward_ends_no_time_above_safe_and_frees_no_trigger() -> None:
    bench = Bench(stimulator(safe_ma=0.0)).leased()
    bench.tell(bench.lease())
    bench.drive(5_000_000, 2.0)
    for _ in range(5):
        bench.wait(60_000)
        bench.tell(bench.lease())
        assert bench.refusal(bench.command(1.0, kind="trigger")) is None
    n_before = bench.device.triggers.n_given
    on_before_s = bench.device.counts.on_us / 1e6
    bench.now_us += _HOUR_US
    bench.tick()
    assert bench.device.counts.on_us / 1e6 >= on_before_s >= 4.9
    bench.wait(60_000)
    assert bench.device.triggers.refusal(bench.device._delivery.now_us) == "triggers"
    assert bench.device.triggers.n_given == n_before


# The counts by themselves: of the doubtful time nothing expires, and none of it is a break.


def test_doubtful_time_is_counted_at_its_rate_but_never_beyond_a_window_of_it() -> None:
    charge = BinnedCharge(1.0, Counts())
    charge.doubt(10 * BIN_US)
    assert charge.worst_fc(0) == 301 * BIN_US
    charge.add_steady(0.25, 0, 2)
    assert charge.total_fc == 1
    # Just a window of it: all of it counts as of now.
    charge = BinnedCharge(0.0, Counts())
    charge.doubt(400 * BIN_US)
    charge.add_steady(1.0, 0, 301 * BIN_US)
    assert charge.total_fc == charge.kept(400 * BIN_US).bins_fc[-1] == 301 * BIN_US
    # More of it: each bin is at least at the rate, rounded up.
    charge = BinnedCharge(0.0, Counts())
    charge.doubt(1_000 * BIN_US)
    charge.add_steady(3e-7, 0, 1_000 * BIN_US)
    assert charge.total_fc == 301


def test_what_was_counted_before_a_doubtful_time_counts_beside_a_window_of_it() -> None:
    charge = BinnedCharge(0.0, Counts())
    charge.add(10**9, 0)
    charge.doubt(400 * BIN_US)
    charge.add_steady(1.0, 0, 400 * BIN_US)
    assert charge.total_fc == 10**9 + 300 * BIN_US
    assert charge.kept(400 * BIN_US).bins_fc[-2:] == (BIN_US, 10**9)
    assert charge.worst_fc(400 * BIN_US) == 10**9 + 300 * BIN_US


def test_doubtful_time_ends_no_time_above_safe_and_counts_where_it_is_above() -> None:
    on_time = TimeAboveSafe(500.0, Counts())
    on_time.count(0, 100, is_above=True)
    on_time.doubt(1_000, 1_100)
    assert (on_time.on_us, on_time.off_us(1_100)) == (100, 0)
    on_time.count(100, 400, is_above=True)
    assert (on_time.on_us, on_time.off_us(1_100)) == (400, 0)
    on_time.count(400, 1_000, is_above=False)
    assert (on_time.on_us, on_time.off_us(1_100)) == (400, 0)
    on_time.count(1_000, 1_100, is_above=True)
    assert on_time.on_us == 500
    on_time.count(1_100, 1_599, is_above=False)
    assert on_time.on_us == 500
    on_time.count(1_599, 1_600, is_above=False)
    assert on_time.on_us == 0


def test_a_time_above_safe_may_begin_in_a_doubtful_time() -> None:
    on_time = TimeAboveSafe(500.0, Counts())
    on_time.doubt(1_000, 1_000)
    assert (on_time.on_us, on_time.off_us(1_000)) == (0, 0)
    on_time.count(0, 300, is_above=True)
    assert (on_time.on_us, on_time.running_us(1_050)) == (300, 350)
    # After a break that was too short: it was above up to the end of the doubtful time.
    on_time = TimeAboveSafe(500.0, Counts())
    on_time.count(0, 100, is_above=True)
    on_time.count(100, 200, is_above=False)
    on_time.doubt(1_000, 1_200)
    assert on_time.off_us(1_200) == 100
    on_time.count(200, 500, is_above=True)
    assert on_time.off_us(1_200) == 0
