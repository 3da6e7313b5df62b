"""The oracle of the electrode finds each limit that is broken on purpose."""

from collections.abc import Callable

import pytest

from replay.virtual.electrode import Given, Pulses
from stimulators.limits import ProgramConfig
from tests.stimulators.gate.gate_rig import device_of, limits_of
from tests.world.electrode_oracle import JUDGED, ElectrodeOracle, ViolationError

_SECOND_US = 1_000_000


def _judge() -> ElectrodeOracle:
    limits = limits_of(
        shannon_k_max=1.575,
        refractory_s=0.5,
        triggers_per_min_max=3,
        commands_per_s_max=2.0,
        on_time_s_max=20.0,
        rises_per_min_max=2,
        charge_uc_per_10_min_max=300.0,
    )
    # 3 mA are 1.5 uC a phase, 25 uC/cm2 and a k of 1.574.
    pulses = ProgramConfig(frequency_hz=10.0, pulse_width_us=500.0, contact_area_cm2=0.06)
    config = device_of(limits=limits, programs={"a": pulses}, safe_program="a")
    judge = ElectrodeOracle(config, config, 0)
    judge.change(Given(1, 0.0, "a", is_powered=True), may_jump=False, is_set=False)
    return judge


def _give(judge: ElectrodeOracle, second: float, amount: float, *, may_jump: bool = True) -> None:
    given = Given(round(second * _SECOND_US), amount, "a", is_powered=True)
    judge.change(given, may_jump=may_jump, is_set=False)


def _pulse(judge: ElectrodeOracle, second: float, n_given: int = 1, amount: float = 1.0) -> None:
    judge.pulse(Pulses(round(second * _SECOND_US), n_given, amount, "a"))


def _too_much(judge: ElectrodeOracle) -> None:
    _give(judge, 1.0, 3.01)


def _too_fast(judge: ElectrodeOracle) -> None:
    _give(judge, 0.05, 2.9, may_jump=False)


def _too_dense(judge: ElectrodeOracle) -> None:
    judge._check_phase(3.7, "a")


def _beyond_shannon(judge: ElectrodeOracle) -> None:
    judge._check_phase(3.01, "a")


def _too_much_charge(judge: ElectrodeOracle) -> None:
    # 3 mA give 15 uC a second.
    for second in range(1, 25, 2):
        _give(judge, second, 3.0)
        _give(judge, second + 1, 3.0)


def _too_long(judge: ElectrodeOracle) -> None:
    _give(judge, 1.0, 0.5)
    judge.pass_time(30 * _SECOND_US)


def _too_often(judge: ElectrodeOracle) -> None:
    for second in range(1, 8, 2):
        _give(judge, second, 0.5)
        _give(judge, second + 1, 0.0)


def _too_soon(judge: ElectrodeOracle) -> None:
    _pulse(judge, 1.0)
    _pulse(judge, 1.45)


def _two_at_once(judge: ElectrodeOracle) -> None:
    _pulse(judge, 1.0, n_given=2)


def _too_many(judge: ElectrodeOracle) -> None:
    for second in range(1, 7):
        _pulse(judge, second)


def _too_many_commands(judge: ElectrodeOracle) -> None:
    for second in (1.0, 1.5, 1.9):
        judge.check_commands(second)


@pytest.mark.parametrize(
    ("key", "breach", "text"),
    [
        ("amplitude_ma_max", _too_much, "above its limit"),
        ("slew_ma_per_s_max", _too_fast, "faster than"),
        ("charge_density_uc_per_cm2_max", _too_dense, "in a phase"),
        ("shannon_k_max", _beyond_shannon, "a phase of k"),
        ("charge_uc_per_10_min_max", _too_much_charge, "in ten minutes"),
        ("on_time_s_max", _too_long, "above its safe amount"),
        ("rises_per_min_max", _too_often, "rose 3 times"),
        ("refractory_s", _too_soon, "after the last"),
        ("refractory_s", _two_at_once, "0 s after the last"),
        ("triggers_per_min_max", _too_many, "triggers in a minute"),
        ("commands_per_s_max", _too_many_commands, "3 commands in a second"),
    ],
)
def test_a_broken_limit_is_found(
    key: str, breach: Callable[[ElectrodeOracle], None], text: str
) -> None:
    assert hasattr(ElectrodeOracle, JUDGED[key])
    with pytest.raises(ViolationError, match=text):
        breach(_judge())


def test_what_is_within_every_limit_is_let_pass() -> None:
    judge = _judge()
    _give(judge, 1.0, 3.0)
    _give(judge, 2.0, 0.0)
    for second in (10.0, 10.5, 11.0):
        _pulse(judge, second)
    for second in (1.0, 1.5, 2.0, 2.5):
        judge.check_commands(second)
    judge.pass_time(900 * _SECOND_US)
