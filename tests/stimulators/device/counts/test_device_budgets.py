"""A device counts what it gives, never too little, and goes safe while its way down still fits."""

from typing import Any

import msgspec
import pytest

from stimulators.device.amount_output import AmountOutput
from stimulators.device.counts.budgets import Budgets
from stimulators.device.counts.counts import Counts
from stimulators.device_config import DeviceConfig
from tests.stimulators.device.device_bench import (
    Bench,
    acks,
    feedback_device,
    infos,
    reports,
    stimulator,
)

#: Of 1 mA in the program "adbs".
_UC_PER_S = 60.0 * 130.0 / 1000.0
_DAY_S = 86_400.0


def _limited(**limits: Any) -> DeviceConfig:
    config = stimulator()
    return msgspec.structs.replace(config, limits=msgspec.structs.replace(config.limits, **limits))


def _charge_uc(bench: Bench) -> float:
    return bench.device._budgets.charge_uc


def test_at_its_safe_amount_it_counts_what_that_gives_and_half_a_percent_more_at_most() -> None:
    bench = Bench()
    bench.wait(20_000_000)
    assert _charge_uc(bench) == pytest.approx(20.0 * 0.5 * _UC_PER_S, rel=1e-3)
    for _ in range(1_300):
        bench.now_us += 500_000
        bench.tick()
    for _ in range(400):
        bench.wait(10_000)
        truth_uc = 600.0 * 0.5 * _UC_PER_S
        assert truth_uc <= _charge_uc(bench) <= 1.005 * truth_uc


def test_a_stopped_device_counts_what_its_stop_amount_gives() -> None:
    bench = Bench(stimulator(stop_ma=0.2))
    bench.stop()
    bench.wait(100_000_000)
    assert _charge_uc(bench) == pytest.approx(100.0 * 0.2 * _UC_PER_S, rel=1e-3)


def test_a_trigger_of_several_pulses_counts_with_all_of_them() -> None:
    config = stimulator(safe_ma=0.0)
    program = msgspec.structs.replace(config.programs["adbs"], pulses=5)
    bench = Bench(msgspec.structs.replace(config, programs={"adbs": program})).leased()
    bench.ask(bench.command(2.0, kind="trigger"))
    assert _charge_uc(bench) == pytest.approx(5 * 2.0 * 60.0 / 1000.0)


def test_a_trigger_counts_with_its_amount_and_width() -> None:
    bench = Bench(stimulator(safe_ma=0.0)).leased()
    bench.ask(bench.command(2.0, kind="trigger"))
    assert _charge_uc(bench) == pytest.approx(2.0 * 60.0 / 1000.0)


def test_what_was_given_ten_minutes_ago_is_forgotten_within_two_seconds() -> None:
    bench = Bench(stimulator(safe_ma=0.0)).leased()
    bench.drive(10_000_000, 2.0)
    bench.wait(1_000_000)
    given_uc = _charge_uc(bench)
    assert given_uc > 10.0 * 2.0 * _UC_PER_S * 0.99
    bench.wait(588_000_000)
    assert _charge_uc(bench) == given_uc
    bench.wait(14_000_000)
    assert _charge_uc(bench) == 0.0


def test_it_tells_its_counts_and_how_far_they_reach_back() -> None:
    bench = Bench().leased()
    bench.drive(5_000_000, 2.0)
    report = reports(bench.wait(1_100_000))[-1]
    assert report.charge_uc == pytest.approx(_charge_uc(bench), rel=0.05)
    assert report.on_s == pytest.approx(5.2, abs=0.1)
    assert report.counted_since_s == pytest.approx(5.2, abs=0.1)
    assert reports(bench.wait(2_000_000))[-1].on_s == 0.0


@pytest.mark.parametrize("limit_uc", [2_400.0, 3_000.0, 5_000.0])
def test_it_goes_safe_by_itself_while_its_charge_limit_still_holds(limit_uc: float) -> None:
    bench = Bench(_limited(charge_uc_per_10_min_max=limit_uc, on_time_s_max=_DAY_S)).leased()
    said = bench.drive(300_000_000, 3.0)
    reasons = [each.reason for each in infos(said)]
    assert "its charge limit is reached" in reasons
    assert "lease refused: charge: no budget left above the safe amount" in reasons
    highest_uc = max(each.charge_uc for each in reports([*said, *bench.wait(700_000_000)]))
    assert 0.97 * limit_uc <= highest_uc <= limit_uc


def test_it_is_driven_again_once_there_is_room() -> None:
    bench = Bench(_limited(charge_uc_per_10_min_max=3_000.0, on_time_s_max=_DAY_S)).leased()
    said = bench.drive(1_300_000_000, 3.0)
    rises = [each for each in infos(said) if each.state == "live"]
    assert 1 <= len(rises) < 100
    assert max(each.charge_uc for each in reports(said)) <= 3_000.0


def test_a_trigger_that_the_charge_limit_leaves_no_room_for_is_refused() -> None:
    limit_uc = 2_382.0
    limits = {"refractory_s": 0.0, "triggers_per_min_max": 60_000}
    bench = Bench(_limited(charge_uc_per_10_min_max=limit_uc, **limits)).leased(valid_us=10_000_000)
    for _ in range(1_000):
        refused = bench.refusal(bench.command(3.0, kind="trigger"))
        if refused is not None:
            break
    assert (refused, bench.state) == ("charge", "live")
    assert bench.device.triggers.n_given > 100
    charges_uc = [each.charge_uc for each in reports(bench.wait(700_000_000))]
    assert max(charges_uc) <= limit_uc


def test_it_ends_its_on_time_within_the_limit() -> None:
    bench = Bench(_limited(on_time_s_max=10.0)).leased()
    said = bench.drive(12_000_000, 3.0)
    assert "its on_time limit is reached" in [each.reason for each in infos(said)]
    on_s = [each.on_s for each in reports(said)]
    assert 9.5 <= max(on_s) <= 10.0


def test_a_break_that_is_too_short_does_not_end_the_on_time() -> None:
    bench = Bench(_limited(on_time_s_max=10.0, off_time_s_min=0.5)).leased()
    said = []
    for _ in range(10):
        said += bench.drive(2_000_000, 1.0)
        said += bench.drive(300_000, 0.5)
    assert "its on_time limit is reached" in [each.reason for each in infos(said)]
    assert max(each.on_s for each in reports(said)) <= 10.0


def test_a_break_that_is_long_enough_ends_it() -> None:
    bench = Bench(_limited(on_time_s_max=10.0, off_time_s_min=0.5)).leased()
    said = []
    for _ in range(10):
        said += bench.drive(2_000_000, 1.0)
        said += bench.drive(700_000, 0.5)
    assert "its on_time limit is reached" not in [each.reason for each in infos(said)]
    assert max(each.on_s for each in reports(said)) <= 2.1


def test_after_its_on_time_it_adopts_no_lease_before_the_break_is_over() -> None:
    bench = Bench(_limited(on_time_s_max=5.0, off_time_s_min=3.0)).leased()
    said = bench.drive(7_000_000, 1.0)
    assert bench.state == "safe"
    assert infos(said)[-1].reason == "lease refused: on_time: no budget left above the safe amount"
    bench.drive(2_000_000, 1.0)
    assert bench.state == "live"


def test_a_feedback_device_has_an_on_time_too_and_no_charge() -> None:
    config = feedback_device()
    config = msgspec.structs.replace(
        config, limits=msgspec.structs.replace(config.limits, on_time_s_max=5.0)
    )
    bench = Bench(config).leased()
    said = bench.drive(5_500_000, 0.5)
    assert "its on_time limit is reached" in [each.reason for each in infos(said)]
    assert {each.charge_uc for each in reports(said)} == {0.0}


def test_the_way_down_is_never_refused_by_a_budget() -> None:
    bench = Bench(_limited(charge_uc_per_10_min_max=2_500.0, on_time_s_max=_DAY_S)).leased()
    amounts = [0.6, 3.0, 2.0, 1.0, 0.5]
    for step in range(200):
        said = bench.drive(100_000, amounts[step % 5])
        assert {each.refused for each in acks(said)} <= {None, "lease", "charge"}
        if amounts[step % 5] < 1.0:
            assert "charge" not in {each.refused for each in acks(said)}


def test_counts_that_were_kept_go_on_where_they_were() -> None:
    bench = Bench().leased()
    bench.drive(5_000_000, 2.0)
    kept = bench.device.counts
    reborn = Bench(counts=kept.after(100_000_000))
    report = reports(reborn.tick())[0]
    assert report.charge_uc == bench.device._budgets.charge_uc
    assert report.counted_since_s == pytest.approx(kept.counted_us / 1e6 + 100.0)
    assert report.on_s == 0.0
    at_once = reports(Bench(counts=kept).tick())[0]
    assert at_once.on_s == pytest.approx(kept.on_us / 1e6)


def test_what_it_gave_since_its_last_look_counts_where_it_is_switched_off() -> None:
    bench = Bench().leased()
    bench.drive(1_000_000, 2.0)
    seen_uc = sum(bench.device.counts.bins_fc) / 1e9
    counts = bench.device.switch_off(bench.now_us + 9_000)
    assert sum(counts.bins_fc) / 1e9 - seen_uc == pytest.approx(0.009 * 2.0 * _UC_PER_S)
    assert counts.counted_us == bench.now_us + 9_000 - 1_000


def test_restarts_neither_forget_nor_add_a_charge() -> None:
    config = stimulator(safe_ma=0.0)
    output = AmountOutput(1.0, 12.0, "adbs")
    counts = Counts()
    for _ in range(20):
        budgets = Budgets(config, output, counts)
        budgets.advance(0, 7_300_000)
        counts = budgets.kept(7_300_000).after(700_000)
    total_uc = Budgets(config, output, counts).charge_uc
    assert total_uc == pytest.approx(20 * 7.3 * _UC_PER_S, rel=1e-6)


@pytest.mark.parametrize("safe_ma", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("lease_s", [0.25, 1.0])
def test_the_lowest_limit_that_a_rig_takes_lets_a_device_be_driven_from_its_safe_amount(
    safe_ma: float, lease_s: float
) -> None:
    config = msgspec.structs.replace(stimulator(safe_ma=safe_ma))
    least_uc = _least_charge_uc(config, lease_s)
    bench = Bench(_with_limit(config, least_uc * (1.0 + 1e-6)))
    for _ in range(1300):
        bench.now_us += 500_000
        bench.tick()
    bench.leased()
    assert bench.refusal(bench.command(3.0)) is None


def _with_limit(config: DeviceConfig, limit_uc: float) -> DeviceConfig:
    limits = msgspec.structs.replace(config.limits, charge_uc_per_10_min_max=limit_uc)
    return msgspec.structs.replace(config, limits=limits)


def _least_charge_uc(config: DeviceConfig, lease_s: float) -> float:
    limits = msgspec.structs.replace(config.limits, charge_uc_per_10_min_max=1e-3)
    asked = msgspec.structs.replace(config)
    msgspec.structs.force_setattr(asked, "limits", limits)
    with pytest.raises(ValueError, match="at least") as told:
        asked.require_way_out(lease_s)
    return float(str(told.value).split("at least ")[1].split()[0])
