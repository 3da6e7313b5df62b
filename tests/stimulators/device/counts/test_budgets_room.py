"""What a device may still give: each budget at its limits.

At 1 mA the program gives 7.8 uC a second, which is 7800 fC a microsecond, and a pulse of 0.06 uC.
"""

from typing import Any

import msgspec
import pytest

from stimulators.device.amount_output import AmountOutput
from stimulators.device.counts.budgets import Budgets
from stimulators.device.counts.counts import Counts
from stimulators.device_config import DeviceConfig
from tests.stimulators.device.device_bench import Bench, feedback_device, stimulator

_LIMIT_FC = 14_000 * 10**9
_RATE = 7_800


def _device(safe_ma: float = 0.0, stop_ma: float = 0.0, **limits: Any) -> DeviceConfig:
    config = stimulator(safe_ma=safe_ma, stop_ma=stop_ma, safe_program="adbs")
    return msgspec.structs.replace(config, limits=msgspec.structs.replace(config.limits, **limits))


def _budgets(
    amount: float = 0.0,
    *,
    free_fc: int = _LIMIT_FC,
    on_us: int = 0,
    config: DeviceConfig | None = None,
    **keys: Any,
) -> tuple[Budgets, AmountOutput]:
    config = config or _device()
    output = AmountOutput(amount, 12.0, "adbs", **keys)
    limit_uc = config.limits.charge_uc_per_10_min_max or 0.0
    counts = Counts(bins_fc=(round(limit_uc * 1e9) - free_fc,), on_us=on_us, counted_us=700)
    return Budgets(config, output, counts), output


def test_both_counts_reach_back_to_the_former_life() -> None:
    budgets, _ = _budgets(free_fc=_LIMIT_FC - 5 * 10**9, on_us=3_000_000)
    assert (budgets.charge_uc, budgets.on_s) == (5.0, 3.0)
    assert budgets.counted_s(50) == 750e-6
    kept = budgets.kept(50)
    assert (kept.counted_us, kept.on_us, kept.off_us, kept.newest_us) == (750, 3_000_000, 50, 50)


def test_a_stretch_counts_with_the_higher_of_its_two_ends() -> None:
    budgets, output = _budgets()
    budgets.advance(0, 0)
    output.go(3.0)
    assert output.amount == pytest.approx(0.6)
    budgets.advance(0, 50_000)
    assert output.amount == pytest.approx(1.2)
    assert budgets.charge_uc == pytest.approx(1.2 * 7.8 * 0.05)
    output.go(0.0)
    budgets.advance(50_000, 100_000)
    assert output.amount == pytest.approx(0.6)
    assert budgets.charge_uc == pytest.approx(2 * 1.2 * 7.8 * 0.05)


def test_a_stretch_that_begins_or_ends_above_safe_is_above_it() -> None:
    budgets, output = _budgets(0.5, config=_device(0.5))
    budgets.advance(0, 100)
    assert budgets.on_s == 0.0
    output.go(0.5)
    budgets.advance(100, 50_000)
    output.goal = 1.0
    budgets.advance(50_000, 60_000)
    assert budgets.on_s == pytest.approx(0.01)
    output.amount = output.goal = 0.6
    output.goal = 0.5
    budgets.advance(60_000, 70_000)
    assert output.amount == 0.5
    assert budgets.on_s == pytest.approx(0.02)
    budgets.advance(70_000, 80_000)
    assert budgets.on_s == pytest.approx(0.02)


@pytest.mark.parametrize(("step", "given"), [(0.3, 0.6), (0.2, 0.4)])
def test_what_it_gives_at_its_safe_amount_is_never_above_it(step: float, given: float) -> None:
    budgets, output = _budgets(0.5, config=_device(0.5), step=step)
    budgets.advance(0, 5_000)
    assert (output.given, budgets.on_s) == (given, 0.0)


@pytest.mark.parametrize(("spare_fc", "limit"), [(0, None), (-1, "charge")])
def test_there_is_room_if_the_highest_amount_fits_for_a_second(
    spare_fc: int, limit: str | None
) -> None:
    budgets, _ = _budgets(free_fc=3 * _RATE * 10**6 + spare_fc)
    assert budgets.exhausted_limit(0) == limit


@pytest.mark.parametrize(("spare_fc", "limit"), [(0, None), (-1, "charge")])
def test_there_is_room_if_a_hundredth_of_the_limit_is_free(
    spare_fc: int, limit: str | None
) -> None:
    config = _device(charge_uc_per_10_min_max=1_000.0)
    budgets, _ = _budgets(free_fc=10 * 10**9 + spare_fc, config=config)
    assert budgets.exhausted_limit(0) == limit


@pytest.mark.parametrize(
    ("on_s_max", "on_us", "limit"),
    [
        (120.0, 118_999_999, None),
        (120.0, 119_000_000, "on_time"),
        (4.0, 3_599_999, None),
        (4.0, 3_600_000, "on_time"),
        (4.0, 0, None),
    ],
)
def test_there_is_room_if_a_second_or_a_tenth_of_the_time_above_safe_is_left(
    on_s_max: float, on_us: int, limit: str | None
) -> None:
    budgets, _ = _budgets(on_us=on_us, config=_device(on_time_s_max=on_s_max))
    assert budgets.exhausted_limit(0) == limit


#: Twenty milliseconds more of 1 mA, and the way down from there: half of its square by the slew.
_WAY_FC = 20_000 * _RATE + _RATE * 10**6 // 24


@pytest.mark.parametrize(("spare_fc", "limit"), [(2, None), (-2, "charge")])
def test_a_device_goes_safe_while_two_looks_more_and_its_way_down_fit(
    spare_fc: int, limit: str | None
) -> None:
    budgets, _ = _budgets(1.0, free_fc=_WAY_FC + spare_fc)
    assert budgets.limit_due(0) == limit
    assert budgets.limit_for(1.0, "adbs", 0) == limit
    pulse_fc = 6 * 10**7
    budgets, _ = _budgets(1.0, free_fc=_WAY_FC + pulse_fc + spare_fc)
    assert budgets.limit_for_trigger(1.0, "adbs", 0) == limit


@pytest.mark.parametrize(("spare_fc", "limit"), [(2, None), (-2, "charge")])
def test_a_device_on_its_way_up_reckons_with_where_it_is_a_look_later(
    spare_fc: int, limit: str | None
) -> None:
    budgets, output = _budgets(1.0, free_fc=int(1.12 * 20_000 * _RATE + 1.12**2 * 325e6) + spare_fc)
    output.advance(0)
    output.go(1.6)
    output.jump(1.0)
    output.goal = 3.0
    assert budgets.limit_due(0) == limit


def test_a_way_to_safe_costs_what_is_above_it_or_all_where_it_leads_through_0() -> None:
    config = _device(0.5)
    pulses = config.programs["adbs"]
    config = msgspec.structs.replace(config, programs={"adbs": pulses, "other": pulses})
    rest_fc = 301 * 2_000_000 * _RATE // 2
    direct_fc = 20_000 * _RATE + 325_000_000 // 4
    budgets, _ = _budgets(1.0, free_fc=_LIMIT_FC, config=config)
    worst_fc = budgets._charge.worst_fc(0)
    assert worst_fc == rest_fc
    assert budgets._reserve_fc(1.0, "adbs", 0) == pytest.approx(rest_fc + direct_fc, abs=1)
    assert budgets._reserve_fc(1.0, "other", 0) == pytest.approx(rest_fc + _WAY_FC, abs=1)
    assert budgets._reserve_fc(0.5, "adbs", 0) == rest_fc
    assert budgets._reserve_fc(0.2, "adbs", 0) == rest_fc
    assert budgets._reserve_fc(0.0, "other", 0) == rest_fc
    assert budgets._reserve_fc(1.0, "unknown", 0) == rest_fc


def test_a_device_of_large_steps_reckons_with_what_it_gives_there() -> None:
    budgets, _ = _budgets(0.0, step=0.5)
    rounded_fc = 20_000 * _RATE + _RATE * 10**6 // 24
    assert budgets._reserve_fc(0.8, "adbs", 0) == pytest.approx(rounded_fc, abs=1)


@pytest.mark.parametrize(
    ("on_us", "goal", "limit"),
    [
        # Up to 0.6 at once, two looks more, and 50 ms down.
        (119_929_990, 3.0, None),
        (119_930_010, 3.0, "on_time"),
        (119_980_000, 0.0, None),
        (119_980_001, 0.0, "on_time"),
        (0, 0.0, None),
    ],
)
def test_the_time_above_safe_ends_with_the_way_down_within_its_limit(
    on_us: int, goal: float, limit: str | None
) -> None:
    budgets, _ = _budgets(on_us=on_us)
    assert budgets.limit_for(goal, "adbs", 0) == limit


@pytest.mark.parametrize(
    ("amount", "on_us", "limit"),
    [
        (0.5, 119_980_000, None),
        (0.5, 119_980_001, "on_time"),
        (0.2, 119_980_000, None),
        (0.2, 119_980_001, "on_time"),
    ],
)
def test_at_or_below_the_safe_amount_there_is_no_way_down(
    amount: float, on_us: int, limit: str | None
) -> None:
    budgets, _ = _budgets(amount, on_us=on_us, config=_device(0.5))
    assert budgets.limit_due(0) == limit


def test_a_time_above_safe_that_is_shorter_than_two_looks_is_never_begun_and_ends_at_once() -> None:
    """At 1000 mA/s the way down takes 3 ms, and 15 are allowed."""
    config = _device(on_time_s_max=0.015, slew_ma_per_s_max=1_000.0)
    budgets, _ = _budgets(config=config)
    assert budgets.limit_due(0) is None
    assert budgets.limit_for(0.0, "adbs", 0) is None
    assert budgets.limit_for(0.0005, "adbs", 0) == "on_time"
    for on_us in (1, 5_000):
        budgets, _ = _budgets(config=config, on_us=on_us)
        assert budgets.limit_due(0) == "on_time"


def test_what_just_fits_fits() -> None:
    budgets, _ = _budgets(free_fc=60_000_000)
    assert budgets.limit_for_trigger(1.0, "adbs", 0) is None
    budgets, _ = _budgets(free_fc=59_999_999)
    assert budgets.limit_for_trigger(1.0, "adbs", 0) == "charge"
    budgets, _ = _budgets(free_fc=0)
    assert budgets.limit_due(0) is None
    budgets, _ = _budgets(free_fc=-1)
    assert budgets.limit_due(0) == "charge"


def test_a_pulse_counts_rounded_up() -> None:
    budgets, _ = _budgets()
    budgets.count_trigger(1e-9, "adbs", 0)
    assert budgets.kept(0).bins_fc[-1] == 1
    budgets.count_trigger(2.0, "adbs", 0)
    assert budgets.kept(0).bins_fc[-1] == 1 + 120_000_000


def test_a_feedback_device_has_no_charge_to_pass() -> None:
    config = feedback_device()
    budgets = Budgets(config, AmountOutput(0.0, 2.0), Counts())
    budgets.advance(0, 1_000_000)
    assert (budgets.limit_due(0), budgets.limit_for(0.8, "", 0), budgets.exhausted_limit(0)) == (
        *(None, None),
        None,
    )
    assert budgets.limit_for_trigger(0.5, "any", 0) is None
    assert budgets.charge_uc == 0.0


# A device that did not look for a while.


def _spent_but(free_uc: float, config: DeviceConfig) -> Bench:
    """Return a leased device with this much charge left beyond what its safe amount will give."""
    rest_uc = 602.0 * config.safe_amount * 7.8
    spent = Counts(bins_fc=(round((14_000.0 - rest_uc - free_uc) * 1e9),), counted_us=600_000_000)
    return Bench(config, counts=spent).leased(valid_us=5_000_000)


def test_of_a_way_down_that_it_slept_through_a_device_counts_what_it_gave() -> None:
    bench = Bench(_device(0.5)).leased()
    bench.drive(400_000, 3.0)
    before_uc = bench.device.counts.bins_fc[-1] / 1e9
    bench.now_us += 900_000
    bench.device.tick(bench.now_us)
    assert (bench.state, bench.amount) == ("safe", 0.5)
    # At most 250 ms of 3 mA, 208 ms on the way from there to 0.5, and that for the rest.
    given_uc = 7.8 * (3.0 * 0.25 + 1.75 * 0.2084 + 0.5 * 0.65)
    assert bench.device.counts.bins_fc[-1] / 1e9 - before_uc <= given_uc * 1.02


def test_a_stopped_device_that_slept_was_at_its_safe_amount_before_its_charge_was_used_up() -> None:
    bench = _spent_but(30.0, _device(stop_ma=1.5))
    bench.ask(bench.command(1.5))
    bench.wait(200_000)
    bench.stop()
    assert bench.amount == 1.5
    bench.now_us += 30_000_000
    bench.device.tick(bench.now_us)
    assert (bench.state, bench.amount) == ("stopped", 0.0)
    assert 13_990.0 < sum(bench.device.counts.bins_fc) / 1e9 <= 14_000.0


def test_a_stopped_device_in_a_dearer_program_leaves_it_before_its_charge_is_used_up() -> None:
    pulses = stimulator().programs["adbs"]
    dear = msgspec.structs.replace(pulses, frequency_hz=250.0)
    config = _device(0.5, stop_ma=0.4)
    config = msgspec.structs.replace(config, programs={"adbs": pulses, "dear": dear})
    bench = _spent_but(60.0, config)
    bench.ask(bench.command(0.0))
    bench.wait(200_000)
    assert bench.ask(bench.command(0.4, program="dear")).program == "dear"
    bench.stop()
    bench.now_us += 60_000_000
    bench.device.tick(bench.now_us)
    assert (bench.state, bench.amount, bench.device.program) == ("stopped", 0.4, "adbs")
    rest_uc = 7.8 * 0.4 * 540.0
    assert sum(bench.device.counts.bins_fc) / 1e9 + rest_uc <= 14_000.0
