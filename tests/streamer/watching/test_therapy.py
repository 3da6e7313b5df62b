"""The therapy of a session, held against what can be worked out by hand."""

from typing import Any

import msgspec
import pytest

from stimulators.policies.arms.sham import ShamConfig
from stimulators.policies.dual_threshold import DualThresholdConfig
from stimulators.policies.on_event import OnEventConfig
from stimulators.policies.pi import PiConfig
from stimulators.policies.policy import Clip, PolicyConfig
from stimulators.policies.registry import POLICIES
from stimulators.policies.threshold import ThresholdConfig
from stimulators.targets import DeviceChange, DeviceEvent, Target
from streamer.closed_loop import ClosedLoop
from streamer.watching.therapy import DeviceTherapy, Therapy
from tests.stimulators.gate.gate_rig import device_of
from tests.streamer.journal.journal_examples import TARGET
from tests.streamer.rigs import CONFIG, INFOS, SESSION

_STEP: dict[str, Any] = {"transition_up_s": 0.0, "transition_down_s": 0.0}
_ONSET_S = 2.0
_HOP_S = 0.5


def _dual(**keys: Any) -> DualThresholdConfig:
    settings: dict[str, Any] = {
        "upper_threshold": 3.0,
        "lower_threshold": 1.0,
        "highest_ma": 2.0,
        "onset_upper_s": _ONSET_S,
        "onset_lower_s": 1.0,
        **_STEP,
    }
    return DualThresholdConfig(id="p", of="beta", device="stn", **(settings | keys))


class _Course:
    """A device of which a test says what is wanted and given, hop by hop of half a second."""

    def __init__(
        self, policy: PolicyConfig, *, safe_ma: float = 0.0, kind: str = "amplitude"
    ) -> None:
        device = msgspec.structs.replace(device_of(), safe_ma=safe_ma)
        clip = Clip(device.id, "trigger" if kind == "trigger" else "amplitude", 0.0, 2.0)
        self.therapy = DeviceTherapy(device, policy, clip)
        self.now_s = 100.0
        self.therapy.pass_time(self.now_s)

    def tell(self, change: DeviceChange, lowest: float, highest: float | None = None) -> None:
        self.therapy.note(
            DeviceEvent(
                policy="p",
                device="stn",
                change=change,
                sample=0,
                lowest=lowest,
                highest=lowest if highest is None else highest,
                certain=highest is None,
            )
        )

    def hops(self, *wanted: float, value: float = 2.0, onset_s: float | None = None) -> None:
        """Let the policy want these amounts, one a hop, on one and the same value."""
        for amount in wanted:
            self.now_s += _HOP_S
            self.therapy.pass_time(self.now_s)
            crossed_s = self.now_s if onset_s is None else onset_s
            self.therapy.take(
                msgspec.structs.replace(
                    TARGET, amount=amount, value=value, time_s=self.now_s, onset_s=crossed_s
                )
            )

    @property
    def found(self) -> dict[str, Any]:
        return self.therapy.as_dict()


def test_hops_are_above_between_and_below_the_thresholds_of_the_table() -> None:
    course = _Course(_dual())
    course.hops(1.0, value=9.0)  # not driven yet
    course.tell("engaged", 0.0)
    course.hops(1.0, 1.0, 1.0, value=3.5)
    course.hops(1.0, value=3.0)  # at a threshold is between
    course.hops(1.0, 1.0, 1.0, value=1.0)
    course.hops(1.0, value=0.5)
    found = course.found
    assert [found[f"{side}_percent"] for side in ("above", "between", "below")] == [
        pytest.approx(100.0 * share, abs=1e-3) for share in (3 / 8, 4 / 8, 1 / 8)
    ]
    assert found["not_applicable"] == {}


def test_the_mean_is_over_the_time_that_the_loop_was_closed() -> None:
    course = _Course(_dual(), safe_ma=1.25)
    course.hops(*[2.0] * 4)  # 2 s before it is driven
    course.tell("engaged", 0.5)
    course.hops(*[2.0] * 6)  # 3 s at 0.5
    course.tell("applied", 1.0, 2.0)  # not certain: the middle counts
    course.hops(*[2.0] * 2)  # 1 s at 1.5
    course.tell("held", 1.5)
    course.hops(*[2.0] * 8)  # 4 s of hold
    course.tell("resumed", 2.0)
    course.hops(*[2.0] * 2)  # 1 s at 2
    course.tell("released", 2.0)
    found = course.found
    assert found["lasted_s"] == 11.0
    assert found["adaptive_s"] == 5.0
    assert found["adaptive_percent"] == pytest.approx(100.0 * 5 / 11, abs=1e-3)
    mean = (3 * 0.5 + 1 * 1.5 + 1 * 2.0) / 5
    assert found["mean_amount"] == mean == 1.0
    # The safe amount is the clinical therapy where it is above 0, else the most of the policy.
    assert (found["continuous_amount"], found["reduction_percent"]) == (1.25, 20.0)
    without = _Course(_dual())
    without.tell("engaged", 0.5)
    without.hops(2.0, 2.0)
    assert without.found["continuous_amount"] == 2.0
    assert without.found["reduction_percent"] == 75.0


def test_a_square_wave_switches_twice_a_period_and_a_ramp_once_however_long() -> None:
    course = _Course(_dual())
    course.tell("engaged", 0.0)
    course.hops(*[0.0, 0.0, 2.0, 2.0] * 15)  # 30 s, a period of 2 s
    assert course.found["switches"] == 2 * 15 - 1  # the last period does not come down
    assert course.found["switches_per_h"] == pytest.approx(29 * 3600 / 30)
    ramp = _Course(_dual())
    ramp.tell("engaged", 0.0)
    ramp.hops(*[0.1 * step for step in range(10)], *[0.9] * 5, *[1.0, 1.1])
    assert ramp.found["switches"] == 1
    ramp.hops(1.0, 0.9)
    assert ramp.found["switches"] == 2


def test_where_a_ramp_begins_anew_is_no_switch() -> None:
    course = _Course(_dual())
    course.tell("engaged", 0.0)
    course.hops(0.0, 0.5, 1.0)
    course.tell("held", 1.0)
    course.tell("resumed", 0.2)
    course.hops(0.2, 0.4)  # up, as before
    assert course.found["switches"] == 1


def test_a_switch_is_undone_where_the_measure_is_back_within_one_onset() -> None:
    course = _Course(_dual())
    course.tell("engaged", 0.0)
    course.hops(0.0, 2.0)
    up_s = course.now_s
    course.hops(2.0, 2.0, 2.0, 2.0, 2.0)
    course.hops(0.0, onset_s=up_s + _ONSET_S)  # it crossed back just in time
    down_s = course.now_s
    course.hops(0.0, 0.0, 0.0, 0.0, 0.0)
    course.hops(2.0, onset_s=down_s + _ONSET_S + 0.1)  # it stayed for longer
    assert (course.found["switches"], course.found["undone_within_onset"]) == (3, 1)
    assert course.found["onset_s"] == _ONSET_S


@pytest.mark.parametrize(
    ("policy", "missing"),
    [
        (
            ThresholdConfig(id="p", of="burst", device="stn", on_ma=2.0),
            {"between_percent": "policy 'p' (threshold) has one threshold"},
        ),
        (
            _dual(upper_threshold=2.0, lower_threshold=2.0),
            {"between_percent": "policy 'p' (dual_threshold) has one threshold"},
        ),
        (
            PiConfig(id="p", of="beta", device="stn", highest_ma=2.0, set_point=1.0, **_STEP),
            {
                "between_percent": "policy 'p' (pi) has one threshold",
                "undone_within_onset": "policy 'p' (pi) has no onset in seconds",
            },
        ),
        (
            ShamConfig(id="p", wraps=ThresholdConfig(id="q", of="burst", device="stn", on_ma=2.0)),
            {"between_percent": "policy 'p' (sham) has one threshold"},
        ),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_does_not_apply_says_why(policy: PolicyConfig, missing: dict[str, str]) -> None:
    course = _Course(policy)
    course.tell("engaged", 0.0)
    course.hops(0.0, value=0.1)  # the threshold of the target is 0.2, of the others 1 and 2
    course.hops(2.0, 2.0, 2.0, value=5.0)
    found = course.found
    assert found["not_applicable"] == missing
    assert [name for name, value in found.items() if value is None] == list(missing)
    assert (found["above_percent"], found["below_percent"]) == (75.0, 25.0)


def test_triggers_have_no_amount_and_a_loop_that_was_never_closed_no_figure() -> None:
    triggers = _Course(
        OnEventConfig(id="p", of="burst", device="stn", event="onset", on_ma=1.0), kind="trigger"
    )
    triggers.tell("engaged", 0.0)
    triggers.hops(1.0)
    found = triggers.found
    assert found["adaptive_s"] == _HOP_S
    assert set(found["not_applicable"].values()) == {
        "policy 'p' (on_event) gives triggers, and holds no amount"
    }
    assert found["mean_amount"] is found["switches"] is found["above_percent"] is None
    never = _Course(_dual())
    never.hops(1.0, 2.0)
    assert never.found["adaptive_s"] == 0.0
    assert set(never.found["not_applicable"].values()) == {
        "the loop was never closed: the device was not driven"
    }


def test_every_device_that_a_policy_drives_has_its_therapy() -> None:
    therapy = Therapy(ClosedLoop(CONFIG, INFOS, SESSION))
    target: Target = msgspec.structs.replace(TARGET, device="nobody")
    therapy.take(1.0, (target,), ())
    assert list(therapy.as_dict()) == [device.id for device in CONFIG.devices]


@pytest.mark.parametrize(
    "table",
    [each for kind in POLICIES.policies.values() for each in kind.examples],
    ids=lambda each: f"{each.__struct_config__.tag} {each.id}",
)
def test_every_policy_says_what_its_value_is_held_against(table: PolicyConfig) -> None:
    thresholds = table.compares_with
    assert table.onset_longest_s >= 0.0
    if thresholds is not None and not thresholds.is_single:
        assert (thresholds.upper or 0.0) > (thresholds.lower or 0.0)


def test_a_table_of_another_package_that_says_it_wrongly_ends_no_session() -> None:
    class Wrong(ThresholdConfig, frozen=True, tag="wrong"):
        @property
        def compares_with(self) -> Any:
            return ("high", "low")

    class Broken(ThresholdConfig, frozen=True, tag="broken"):
        @property
        def onset_longest_s(self) -> float:
            raise KeyError("onset")

    for kind in (Wrong, Broken):
        course = _Course(kind(id="p", of="burst", device="stn", on_ma=2.0))
        course.tell("engaged", 0.0)
        course.hops(0.0, 2.0)
        assert course.found["above_percent"] is None
        assert course.found["switches"] == 1
