"""The highest amount, charge density and Shannon's k, each at its border.

Pulses of 62.5 us on a contact of 1/16 cm2: at 1 mA a phase has 1/16 uC, and 1 uC/cm2.
"""

from typing import Any

import msgspec
import pytest

from stimulators.decisions import Refusal
from stimulators.gate.limits.amount import AmountLimit, ChargeDensityLimit, ShannonLimit
from stimulators.gate.limits.limit import Asked, Limit, Limited
from stimulators.gate.usage.account import Account
from stimulators.limits import ProgramConfig
from tests.stimulators.gate.driving.bench import TICK_S, Bench
from tests.stimulators.gate.gate_rig import limits_of


def _limit(kind: type[Limit], *, area_cm2: float = 0.0625, **limits: Any) -> Limit:
    program = ProgramConfig(frequency_hz=130.0, pulse_width_us=62.5, contact_area_cm2=area_cm2)
    bench = Bench(programs={"a": program}, safe_ma=0.0)
    config = bench.config
    # At start such limits would refuse the highest amount: here they are held for each command.
    msgspec.structs.force_setattr(config, "limits", limits_of(**limits))
    account = Account(config, lease_s=1.0, tick_s=TICK_S)
    return kind(Limited(config, bench.drive.belief, account, TICK_S))


def _up(amount: float, **keys: Any) -> Asked:
    settings: dict[str, Any] = {"kind": "amplitude", "program": "a", "now_s": 64.0, "is_up": True}
    return Asked(amount=amount, **(settings | keys))


def _said(refusal: Refusal | None) -> tuple[str, str]:
    assert refusal is not None
    return refusal.found, refusal.expected


@pytest.mark.parametrize("kind", ["target", "amplitude", "trigger"])
def test_no_amount_beyond_the_highest(kind: Any) -> None:
    limit = _limit(AmountLimit, amplitude_ma_max=3.0)
    for amount in (0.0, 3.0):
        assert limit.check(_up(amount, kind=kind)) is None
    for amount in (-0.125, 3.125):
        assert _said(limit.check(_up(amount, kind=kind))) == (f"{amount:g}", "from 0 to 3")


def test_a_way_down_has_no_highest_amount() -> None:
    assert _limit(AmountLimit).check(_up(4.0, is_up=False)) is None
    assert _limit(AmountLimit).check(_up(4.0, kind="target", is_up=False)) is not None


def test_charge_density_is_that_of_one_phase() -> None:
    limit = _limit(ChargeDensityLimit, charge_density_uc_per_cm2_max=16.0)
    assert limit.check(_up(16.0)) is None
    assert _said(limit.check(_up(16.125))) == ("16.12 uC/cm2 a phase", "at most 16")
    assert limit.check(_up(16.125, is_up=False)) is None
    assert limit.check(_up(16.125, is_up=False, kind="trigger")) is not None
    assert limit.check(_up(16.125, program="")) is None
    halved = _limit(ChargeDensityLimit, area_cm2=0.125, charge_density_uc_per_cm2_max=16.0)
    assert halved.check(_up(32.0)) is None
    assert halved.check(_up(32.125)) is not None


@pytest.mark.parametrize("written", [None, 31.0])
def test_no_configuration_has_more_than_the_ceiling_of_charge_density(
    written: float | None,
) -> None:
    limit = _limit(ChargeDensityLimit, charge_density_uc_per_cm2_max=written)
    assert limit.check(_up(30.0)) is None
    assert _said(limit.check(_up(30.125)))[1] == "at most 30"


def test_shannons_k_is_that_of_charge_times_density() -> None:
    # At 40 mA 2.5 uC on 0.625 cm2: 2.5 times 4 is 10, of which the logarithm is 1.
    limit = _limit(ShannonLimit, area_cm2=0.625, shannon_k_max=1.0)
    assert limit.check(_up(40.0)) is None
    assert _said(limit.check(_up(41.0))) == ("a Shannon k of 1.021", "at most 1")
    assert limit.check(_up(41.0, is_up=False)) is None
    assert limit.check(_up(41.0, program="")) is None


def test_shannons_k_may_be_below_zero_and_has_no_value_at_zero() -> None:
    limit = _limit(ShannonLimit, shannon_k_max=-1.0)
    assert limit.check(_up(0.0)) is None
    assert limit.check(_up(1.0)) is None
    assert _said(limit.check(_up(2.0))) == ("a Shannon k of -0.6021", "at most -1")


@pytest.mark.parametrize("written", [None, 1.9])
def test_no_configuration_has_more_than_the_ceiling_of_k(written: float | None) -> None:
    limit = _limit(ShannonLimit, shannon_k_max=written)
    # 10 ** 1.85 is 70.79: the charge is 2.103 uC, and the density sixteen times as much.
    assert limit.check(_up(33.6)) is None
    assert _said(limit.check(_up(33.7)))[1] == "at most 1.85"


def test_what_is_asked_has_no_way_and_no_times_unless_they_are_given() -> None:
    asked = Asked("target", 1.0, "a", 64.0)
    assert asked[4:] == (False, False, 0.0, 0.0, 0.0, 0.0)
    assert not asked.gives_more


def test_a_limit_that_refuses_nothing_cannot_be_asked() -> None:
    limit = Limit(Limited(Bench().config, Bench().drive.belief, Bench().drive.account, TICK_S))
    with pytest.raises(NotImplementedError):
        limit.check(_up(1.0))
