"""PI: the published controller, against a discrete reference with the same saturation."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.policies.pi import PiConfig
from tests.stimulators.gate.gate_rig import device_of, feedback_of
from tests.stimulators.policies.driven import HOP_S, Driven

_VALUES = st.lists(st.floats(0.0, 40.0), min_size=1, max_size=60)


def pi(device: Any = None, **keys: Any) -> Driven:
    settings: dict[str, Any] = {
        "highest_ma": 3.0,
        "set_point": 10.0,
        "gain_ma": 0.5,
        "integral_s": 0.5,
        "transition_up_s": 0.0,
        "transition_down_s": 0.0,
    }
    table = PiConfig(id="pi", of="beta", device=device.id if device else "stn", **(settings | keys))
    driven = Driven(table, device)
    driven.tell("engaged", driven.devices[0].safe_amount)
    return driven


def obeyed(policy: Driven, values: list[float]) -> list[float]:
    """Return its amounts for a device that gives and reports what is wanted before each hop."""
    wanted = []
    for value in values:
        (amount,) = policy.wants([value])
        wanted.append(amount)
        policy.tell("applied", amount)
    return wanted


def reference(values: list[float], *, start_ma: float = 0.0) -> list[float]:
    """Return what a PI controller gives whose step of the integral is undone where it saturates."""
    integral_ma, wanted = None, []
    for value in values:
        error = (value - 10.0) / 10.0
        if integral_ma is None:
            integral_ma = min(max(start_ma - 0.5 * error, 0.0), 3.0)
        else:
            step_ma = 0.5 * error * HOP_S / 0.5
            total_ma = 0.5 * error + integral_ma + step_ma
            is_out = (total_ma > 3.0 and error > 0.0) or (total_ma < 0.0 and error < 0.0)
            integral_ma += 0.0 if is_out else step_ma
        wanted.append(min(max(0.5 * error + integral_ma, 0.0), 3.0))
    return wanted


@given(values=_VALUES)
def test_it_is_the_reference(values: list[float]) -> None:
    assert obeyed(pi(), values) == pytest.approx(reference(values), abs=1e-8)


def test_the_step_response_is_that_of_the_formula() -> None:
    """Of a constant error e the k-th amount is ``gain * e * (1 + k * hop_s / integral_s)``."""
    found = obeyed(pi(), [10.0] + [12.0] * 20)
    assert found[1:] == pytest.approx([0.1 * (1 + k * HOP_S / 0.5) for k in range(1, 21)])


def test_it_does_not_wind_up_at_its_clip() -> None:
    policy = pi()
    obeyed(policy, [40.0] * 500)
    # The integral fits within the clip: back at the set point the amount is within it at once.
    assert obeyed(policy, [5.0] * 40)[-1] < 0.5


def test_it_does_not_wind_up_where_the_device_gives_less_than_is_wanted() -> None:
    policy = pi()
    policy.wants([10.0])
    policy.tell("applied", 0.0)
    wanted = policy.wants([12.0] * 500)  # the gate refuses all of it: the device stays at 0
    assert wanted[1:] == [pytest.approx(wanted[0])] * 499
    # A step the other way is taken: it leads to what the device gives.
    assert policy.wants([9.0])[0] < 0.1


def test_it_integrates_only_where_what_the_device_gives_is_certain() -> None:
    policy = pi()
    policy.wants([10.0, 10.0])
    policy.tell("applied", 0.0, 3.0)
    assert policy.wants([12.0] * 5) == [0.1] * 5
    policy.tell("applied", 0.1)
    assert policy.wants([12.0]) == [0.12]


def test_in_hold_and_at_hops_that_are_not_valid_the_integral_stays() -> None:
    policy = pi()
    before = obeyed(policy, [10.0] + [12.0] * 5)[-1]
    assert policy.wants([40.0] * 50, is_valid=False) == [None] * 50
    policy.tell("held", before)
    assert policy.wants([40.0] * 50) == [before] * 50
    policy.tell("resumed", before)
    # Bumpless: the first amount is what the device gives.
    assert policy.wants([14.0]) == [before]
    policy.policy.reset()
    policy.tell("engaged", 0.0)
    assert policy.wants([10.0]) == [0.0]


def test_without_an_integral_it_is_proportional() -> None:
    policy = pi(integral_s=0.0, gain_ma=5.0)
    assert policy.wants([10.0, 12.0, 11.0, 9.0, 90.0]) == [0.0, 1.0, 0.5, 0.0, 3.0]


def test_with_the_other_sign_it_gives_more_where_the_measure_is_low() -> None:
    assert pi(expected_sign="rises", integral_s=0.0).wants([5.0, 15.0]) == [0.25, 0.0]


def test_a_step_of_the_integral_lasts_as_long_as_its_mean() -> None:
    policy = pi(averaging_s=2 * HOP_S)
    found = obeyed(policy, [10.0, 10.0, 12.0, 12.0])
    assert found[-1] == pytest.approx(0.1 * (1 + 2 * HOP_S / 0.5))


def test_a_step_of_the_device_is_no_windup() -> None:
    policy = pi(step_ma=0.25)
    found = obeyed(policy, [10.0] + [11.0] * 30)
    assert set(found) <= {0.0, 0.25, 0.5, 0.75}
    assert found == sorted(found)


def test_the_published_gain_is_that_of_milliampere_alone() -> None:
    assert pi(gain_ma=None, integral_s=0.0).wants([20.0]) == [0.23]
    band = {"highest_ma": None, "gain_ma": None, "highest_level": 0.8}
    with pytest.raises(ValueError, match=r"^gain_level: expected a gain"):
        pi(feedback_of(), **band)
    with pytest.raises(ValueError, match=r"^gain_ma: expected gain_level for device 'band'"):
        pi(feedback_of(), **(band | {"gain_ma": 0.5, "gain_level": 0.1}))
    assert pi(device_of(amount_tolerance=0.05)).wants([10.0]) == [0.0]
