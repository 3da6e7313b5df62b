"""What an arming needs, and each reason why it is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from stimulators.decisions import Refusal
from stimulators.gate_config import GateConfig
from stimulators.wire.messages import DeviceInfo, DeviceLimits
from stimulators.wire.received import InfoHeard, LinkChanged
from tests.stimulators.gate.gate_rig import (
    INSTANCE,
    SESSION,
    START_S,
    GateRig,
    device_of,
    feedback_of,
    info_of,
    limits_of,
)

_NO_BROKER = (
    "not armed; waits: no broker, expected a link to the broker: start the broker that [broker] "
    "names, or correct its host and port; the service goes on by itself once it is there"
)


def _tell(rig: GateRig, **keys: Any) -> None:
    rig.hear(InfoHeard("stn", info_of(rig.devices[0], **keys), retained=False))


def _be_offline(rig: GateRig) -> None:
    offline = DeviceInfo(device="stn", instance=INSTANCE, word=0, state="offline")
    rig.hear(InfoHeard("stn", offline, retained=True))


_LIMITS = DeviceLimits(amplitude_ma_max=3.0, slew_ma_per_s_max=12.0)

_CONDITIONS: list[tuple[str, Callable[[GateRig], None]]] = [
    ("device", _be_offline),
    ("session", lambda rig: _tell(rig, state="live", session="2020")),
    ("session", lambda rig: _tell(rig, session=SESSION + "9")),
    ("simulated", lambda rig: _tell(rig, simulated=False)),
    ("limits", lambda rig: _tell(rig, limits=DeviceLimits(amplitude_ma_max=3.0))),
    ("limits", lambda rig: _tell(rig, limits=DeviceLimits(slew_ma_per_s_max=12.0))),
    (
        "limits",
        lambda rig: _tell(rig, limits=DeviceLimits(amplitude_ma_max=2.9, slew_ma_per_s_max=12.0)),
    ),
    (
        "limits",
        lambda rig: _tell(rig, limits=DeviceLimits(amplitude_ma_max=3.0, slew_ma_per_s_max=11.0)),
    ),
    (
        "limits",
        lambda rig: _tell(
            rig,
            limits=DeviceLimits(
                amplitude_ma_max=float("nan"), slew_ma_per_s_max=12.0, triggers_per_s_max=1.0
            ),
        ),
    ),
    (
        "limits",
        lambda rig: _tell(
            rig,
            limits=DeviceLimits(
                amplitude_ma_max=3.0, slew_ma_per_s_max=12.0, triggers_per_s_max=0.9
            ),
        ),
    ),
    ("program", lambda rig: _tell(rig, programs=("other",))),
    ("safe", lambda rig: _tell(rig, safe_ma=1.0)),
    ("clock", lambda rig: rig.report(uncertainty_s=None)),
    ("clock", lambda rig: rig.report(uncertainty_s=0.0051)),
    ("clock", lambda rig: rig.report(uncertainty_s=float("nan"))),
    ("data", lambda rig: rig.report(problem="frozen")),
    ("data", lambda rig: rig.report(age_s=0.2)),
    ("data", lambda rig: rig.report(age_s=-0.2)),
]


@pytest.mark.parametrize(("reason", "spoil"), _CONDITIONS)
def test_a_condition_that_does_not_hold_is_named(
    reason: str, spoil: Callable[[GateRig], None]
) -> None:
    rig = GateRig().be_ready()
    state = rig.state
    spoil(rig)
    refused = [each for each in rig.control("arm") if isinstance(each, Refusal)]
    assert [each.reason for each in refused] == [reason]
    assert refused[0].request_id == "request-1"
    assert refused[0].found
    assert refused[0].expected
    assert rig.state == state


@pytest.mark.parametrize(
    ("reason", "keys"),
    [
        ("retained", {"retained": True}),
        ("session", {"session": "another"}),
        ("late", {"issued_us": round((START_S + 0.05) * 1e6)}),
        ("late", {"issued_us": round((START_S + 4.2) * 1e6), "expires_us": 2**60}),
        ("late", {"expires_us": round((START_S + 2.05) * 1e6)}),
    ],
)
def test_a_request_that_is_not_fresh_or_not_ours_is_refused(
    reason: str, keys: dict[str, Any]
) -> None:
    rig = GateRig().be_ready()
    assert [each.reason for each in rig.control("arm", **keys) if isinstance(each, Refusal)] == [
        reason
    ]
    assert rig.state == "idle"


def test_a_request_acts_once() -> None:
    rig = GateRig().be_ready()
    rig.control("arm", request_id="same")
    rig.control("disarm", request_id="same")
    assert rig.state == "idle"
    rig.run(1.0, hop=rig.report)
    rig.control("arm", request_id="same")
    assert rig.state == "idle"
    assert rig.refusals == ["repeated"]
    rig.control("arm", request_id="new")
    assert rig.state == "armed"


def test_a_request_of_a_clock_that_is_ahead_acts_once_too() -> None:
    rig = GateRig().be_ready()
    issued_us = round((rig.now_s + 1.9) * 1e6)
    keys: dict[str, Any] = {"request_id": "a", "issued_us": issued_us, "expires_us": 2**60}
    rig.control("arm", **keys)
    rig.control("disarm")
    rig.run(3.8, hop=rig.report)
    rig.control("arm", **keys)
    assert (rig.state, rig.refusals) == ("idle", ["repeated"])
    rig.run(0.3, hop=rig.report)
    rig.control("arm", **keys)
    assert (rig.state, rig.refusals) == ("idle", ["repeated", "late"])


def test_a_flood_of_requests_is_refused_and_forgotten() -> None:
    rig = GateRig().be_ready()
    rig.control("arm", request_id="first")
    for number in range(400):
        rig.control("arm", request_id=f"flood-{number}")
    assert rig.refusals[-1] != "busy"
    assert "busy" in rig.refusals
    assert len(rig.gate._arming.requests._received_s) <= 256
    rig.control("disarm")
    rig.control("arm", request_id="first")
    assert rig.state == "idle"
    rig.run(4.1)
    rig.control("arm")
    assert rig.state == "armed"


def test_who_is_armed_cannot_be_armed_again() -> None:
    rig = GateRig().be_active()
    rig.control("arm")
    assert rig.refusals[0] == "state"
    assert rig.state == "active"


def test_data_must_have_been_good_for_two_seconds() -> None:
    rig = GateRig()
    rig.connect()
    rig.run(1.9, hop=rig.report)
    rig.control("arm")
    assert rig.refusals == ["data"]
    rig.run(0.05, hop=rig.report)
    rig.report(problem="saturated")
    rig.run(1.9, hop=rig.report)
    rig.control("arm")
    assert rig.refusals == ["data", "data"]
    rig.run(0.15, hop=rig.report)
    rig.control("arm")
    assert rig.state == "armed"


def test_a_step_of_the_clock_begins_the_two_seconds_anew() -> None:
    rig = GateRig().be_ready()
    rig.take(rig.gate.clock_moved("LFP", 0.02, rig.now_s))
    rig.run(1.9)
    rig.control("arm")
    assert (rig.state, rig.refusals) == ("idle", ["data"])
    rig.run(0.2)
    rig.control("arm")
    assert rig.state == "armed"


def test_a_pause_in_the_data_begins_the_two_seconds_anew() -> None:
    rig = GateRig().be_ready()
    rig.now_s += 3.0
    rig.live()
    rig.report()
    rig.control("arm")
    assert sorted(rig.refusals) == ["data", "interval"]


def test_blocks_longer_than_the_age_allowed_are_refused() -> None:
    rig = GateRig(timing=GateConfig(data_age_s_max=0.05))
    rig.connect()
    for _ in range(50):
        rig.now_s += 0.1
        rig.report(age_s=0.0)
    rig.live()
    rig.control("arm")
    assert "interval" in rig.refusals
    assert rig.state == "idle"


def test_no_link_no_device_no_stream_no_arming() -> None:
    rig = GateRig()
    rig.control("arm")
    assert rig.refusals == ["link", "device", "data"]
    rig = GateRig().be_ready()
    rig.hear(LinkChanged(is_up=False, reason="gone"))
    rig.hear(LinkChanged(is_up=True))
    rig.control("arm")
    assert rig.refusals == ["device"]


def test_what_the_broker_remembers_of_a_device_is_no_sign_of_life() -> None:
    rig = GateRig()
    rig.hear(LinkChanged(is_up=True))
    rig.hear(InfoHeard("stn", info_of(rig.devices[0]), retained=True))
    rig.run(0.9, hop=rig.report)
    rig.control("arm")
    assert "device" in rig.refusals
    rig.live()
    rig.run(2.0, hop=rig.report)
    rig.control("arm")
    assert rig.refusals[-1] == "rest"  # a sign of life says nothing of what it gives
    rig.hear(InfoHeard("stn", rig.obedient["stn"].info(), retained=False))
    rig.control("arm")
    assert rig.state == "armed"


def test_a_device_that_was_driven_by_an_older_session_may_be_armed() -> None:
    rig = GateRig().be_ready()
    _tell(rig, word=2, state="safe", session="00001700000000000000-00000000")
    rig.control("arm")
    assert rig.state == "armed", rig.refusals


def test_every_device_must_be_ready() -> None:
    rig = GateRig(device_of(), feedback_of()).be_ready()
    rig.hear(InfoHeard("band", info_of(rig.devices[1], limits=_LIMITS), retained=False))
    refused = [each for each in rig.control("arm") if isinstance(each, Refusal)]
    assert [(each.reason, each.device) for each in refused] == [("limits", "band")] * 2


def test_a_simulated_rig_arms_itself_once() -> None:
    rig = GateRig(arm="auto")
    rig.run(1.0)
    assert rig.gate.status_text == _NO_BROKER
    rig.connect()
    rig.run(2.0)
    assert rig.state == "active"
    assert rig.refusals == []
    rig.control("disarm")
    rig.run(5.0)
    assert rig.state == "idle"
    rig = GateRig(arm="auto")
    rig.connect()
    rig.run(70.0, hop=rig.report)
    assert rig.changes == [("idle", "armed"), ("armed", "idle")]


@pytest.mark.parametrize(("configured", "said"), [(True, False), (False, True), (False, False)])
def test_a_rig_arms_itself_only_where_both_say_simulated(*, configured: bool, said: bool) -> None:
    rig = GateRig(device_of(simulated=configured), arm="auto")
    rig.connect()
    rig.hear(InfoHeard("stn", info_of(rig.devices[0], simulated=said), retained=False))
    rig.run(5.0)
    assert (rig.state, rig.refusals) == ("idle", [])


def test_a_rig_with_one_real_device_never_arms_itself() -> None:
    rig = GateRig(device_of(), device_of("pallidum", simulated=False), arm="auto")
    rig.connect()
    rig.run(6.3)
    assert rig.gate.status_text.endswith("ready to be armed")
    assert (rig.state, rig.refusals) == ("idle", [])


def test_a_rig_never_arms_itself_out_of_safe_nor_after_an_operator() -> None:
    rig = GateRig(arm="auto")
    rig.connect()
    rig.run(1.0)
    rig.stop()
    rig.run(5.0)
    assert rig.state == "safe"
    rig.control("arm")
    rig.control("disarm")
    rig.run(5.0)
    assert rig.state == "idle"
    rig = GateRig(arm="auto")
    rig.connect()
    rig.control("disarm")
    rig.run(5.0)
    assert rig.state == "idle"


def test_a_rig_without_devices_never_arms() -> None:
    rig = GateRig(arm="auto")
    rig.gate = type(rig.gate)(
        timing=GateConfig(),
        arm="auto",
        devices=(),
        streams=("LFP",),
        tick_s=0.02,
        session=SESSION,
        calibration_s=0.0,
    )
    rig.connect()
    rig.run(5.0)
    assert rig.state == "idle"


@pytest.mark.parametrize("keys", [{"session": "another"}, {"retained": True}])
def test_a_disarming_that_is_not_ours_is_refused(keys: dict[str, Any]) -> None:
    rig = GateRig().be_active()
    rig.control("disarm", **keys)
    assert rig.state == "active"
    assert len(rig.refusals) == 1


def test_triggers_a_minute_of_the_device_are_the_average() -> None:
    rig = GateRig(device_of(limits=limits_of(triggers_per_min_max=54))).be_ready()
    limits = DeviceLimits(amplitude_ma_max=3.0, slew_ma_per_s_max=12.0, triggers_per_s_max=0.9)
    _tell(rig, limits=limits)
    rig.control("arm")
    assert rig.state == "armed"


def test_only_a_valid_estimate_engages_a_device() -> None:
    rig = GateRig().be_ready()
    rig.observe()
    rig.control("arm")
    rig.observe(valid=False, calibrating=True)
    assert rig.leases == []
    rig.observe()
    assert len(rig.leases) == 1
