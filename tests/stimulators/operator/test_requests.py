"""An operator's request reaches the newest service, and is done when devices report so."""

import asyncio
from typing import Any

import pytest

from stimulators.operator.asking import RequestResult, request
from stimulators.operator.operator_link import OperatorError
from stimulators.operator.sessions import SeveralServicesError
from stimulators.wire.messages import Control, ControlAction, Status
from stimulators.wire.mqtt import BrokerConfig
from stimulators.wire.payload import from_payload, to_payload
from streamer.clock import now_s
from tests.stimulators.conftest import quick
from tests.stimulators.operator.scripted import (
    OTHER_SESSION,
    ROOT,
    SESSION,
    ScriptedDevice,
    ScriptedService,
    known,
    known_device,
)
from tests.stimulators.operator.service_process import TalkingService
from tests.stimulators.wire.listening import peer, running
from tests.support.mosquitto import free_port

pytestmark = pytest.mark.broker


def _grant(service: ScriptedService, asked: Control) -> str:
    states = {"arm": "armed", "disarm": "idle", "pause": "paused", "resume": "active"}
    service.set(state=states.get(asked.action, service.said.state))
    return ""


async def _asked(
    broker: BrokerConfig, action: ControlAction, *others: Any, wait_s: float = 1.6, **keys: Any
) -> RequestResult:
    async with running(*(each.run() for each in others)):
        for each in others:
            await each.is_up.wait()
        return await request(
            known(broker), action, operator="me", now_s=now_s, wait_s=wait_s, **keys
        )


@pytest.mark.parametrize("ahead_s", [0.0, -5_000.0, 1e6])
def test_a_request_is_made_in_the_services_session_and_time(
    either_broker: BrokerConfig, ahead_s: float
) -> None:
    async def run() -> None:
        service = TalkingService(either_broker.port, ahead_s=ahead_s)
        async with running(service.run()):
            result = await request(known(either_broker), "arm", operator="me", now_s=now_s)
        assert (result.is_so, result.refused) == (True, "")
        assert (result.state, result.reason) == ("armed", "asked by me")
        (heard,) = service.requests
        asked = heard.message
        assert (heard.retained, asked.session, asked.action) == (False, SESSION, "arm")
        assert abs(service.now_s() - asked.issued_us / 1e6) < 2.0
        assert asked.expires_us - asked.issued_us == 2_000_000

    asyncio.run(run())


def test_every_reason_of_a_refusal_is_given(broker: BrokerConfig) -> None:
    service = ScriptedService(
        broker,
        at_request=lambda *_: "data (expected 2 s of good data, found 1.2); budget (wait 40 s)",
    )
    result = asyncio.run(_asked(broker, "arm", service))
    assert (result.is_answered, result.is_so, result.state) == (True, False, "idle")
    assert result.refusals == ("data (expected 2 s of good data, found 1.2)", "budget (wait 40 s)")


def test_a_request_without_an_answer_says_so(broker: BrokerConfig) -> None:
    service = ScriptedService(broker, at_request=lambda *_: None)
    result = asyncio.run(_asked(broker, "arm", service))
    assert (result.is_answered, result.is_so, result.refused) == (False, False, "")


def test_an_arming_that_is_granted_and_at_once_over_is_not_so(broker: BrokerConfig) -> None:
    def fall(service: ScriptedService, _: Control) -> str:
        service.set(state="safe")
        return ""

    service = ScriptedService(broker, at_request=fall)
    result = asyncio.run(_asked(broker, "arm", service, settle_s=0.3))
    assert (result.is_answered, result.is_in_state, result.is_so) == (True, False, False)


def test_the_session_that_drives_a_device_is_asked_not_the_idle_one(broker: BrokerConfig) -> None:
    idle = ScriptedService(broker, session=OTHER_SESSION, at_request=_grant)
    driving = ScriptedService(broker, state="active", drives=("stn",), at_request=_grant)
    result = asyncio.run(_asked(broker, "disarm", idle, driving, ScriptedDevice(broker)))
    assert (result.session, result.is_so) == (SESSION, True)
    assert (len(driving.requests), len(idle.requests)) == (1, 0)


@pytest.mark.parametrize("drives", [(), ("stn",)])
def test_of_two_sessions_that_are_alike_neither_is_asked_and_both_are_named(
    broker: BrokerConfig, drives: tuple[str, ...]
) -> None:
    services = [
        ScriptedService(broker, session=session, drives=drives, at_request=_grant)
        for session in (SESSION, OTHER_SESSION)
    ]
    with pytest.raises(SeveralServicesError, match=f"{SESSION}.*{OTHER_SESSION}"):
        asyncio.run(_asked(broker, "disarm", *services))
    assert [each.requests for each in services] == [[], []]


def test_another_services_refusal_is_no_answer(broker: BrokerConfig) -> None:
    async def run() -> RequestResult:
        async with peer(broker, [(f"{ROOT}control", 1)]) as other:

            async def refuse() -> None:
                _, payload, _ = await other.hears(f"{ROOT}control")
                said = Status(
                    state="idle",
                    session=OTHER_SESSION,
                    answered=from_payload(payload, Control).request_id,
                    refused="session",
                )
                assert other.link.publish(f"{ROOT}status", to_payload(said), qos=1)

            async with running(refuse()):
                service = ScriptedService(broker, at_request=lambda *_: None)
                return await _asked(broker, "arm", service)

    result = asyncio.run(run())
    assert (result.session, result.is_answered, result.refused) == (SESSION, False, "")


def test_a_disarming_is_done_when_the_device_says_that_it_is_at_its_safe_amount(
    broker: BrokerConfig,
) -> None:
    device = ScriptedDevice(broker, amount=3.0, state="live")

    def disarm(service: ScriptedService, asked: Control) -> str:
        # Its lease ends, and it comes down by its own slew, half a second later.
        asyncio.get_running_loop().call_later(0.5, device.go, "safe", 0.0)
        return _grant(service, asked)

    told: list[tuple[float, str]] = []
    service = ScriptedService(broker, state="active", drives=("stn",), at_request=disarm)
    result = asyncio.run(
        _asked(
            broker,
            "disarm",
            service,
            device,
            settle_s=5.0,
            countdown=lambda left_s, missing: told.append((left_s, missing)),
        )
    )
    assert result.is_so
    assert [each.text for each in result.devices] == ["safe, 0 mA"]
    assert told[0] == (4.5, "stn")


@pytest.mark.parametrize(
    ("device", "kind"),
    [
        ({"amount": 3.0, "state": "live"}, "not so"),
        ({"amount": 0.0, "state": "live"}, "not so"),
        ({"amount": 3.0, "state": "safe"}, "not so"),
        ({"amount": None, "state": "safe"}, "not known"),
        ({"is_talkative": False}, "no answer"),
        ({"amount": 0.0, "state": "stopped"}, "so"),
    ],
)
def test_a_disarming_that_the_service_grants_is_not_so_while_the_device_says_otherwise(
    broker: BrokerConfig, device: dict[str, Any], kind: str
) -> None:
    service = ScriptedService(broker, state="active", drives=("stn",), at_request=_grant)
    result = asyncio.run(
        _asked(broker, "disarm", service, ScriptedDevice(broker, **device), settle_s=0.4)
    )
    assert (result.is_answered, result.refused, result.state) == (True, "", "idle")
    assert [each.kind for each in result.devices] == [kind]
    assert result.is_so == (kind == "so")


def test_a_disarming_looks_at_every_device_of_the_configuration(broker: BrokerConfig) -> None:
    async def run() -> RequestResult:
        service = ScriptedService(broker, at_request=_grant)
        device = ScriptedDevice(broker)
        async with running(service.run(), device.run()):
            await asyncio.gather(service.is_up.wait(), device.is_up.wait())
            rig = known(broker, known_device(), known_device("missing"))
            return await request(rig, "disarm", operator="me", now_s=now_s, settle_s=0.4)

    result = asyncio.run(run())
    assert not result.is_so
    assert {each.device: each.kind for each in result.devices} == {
        "missing": "no answer",
        "stn": "so",
    }


def test_an_arming_is_not_so_where_two_devices_have_one_name(broker: BrokerConfig) -> None:
    service = ScriptedService(broker, at_request=_grant)
    devices = [ScriptedDevice(broker, instance=each) for each in ("boot-1", "boot-2")]
    result = asyncio.run(_asked(broker, "arm", service, *devices, settle_s=0.4))
    assert [each.kind for each in result.devices] == ["two devices"]
    assert not result.is_so


@pytest.mark.parametrize(
    ("state", "amount", "is_so"), [("paused", 0.0, True), ("paused", 1.0, False)]
)
def test_a_pause_is_so_when_every_driven_device_is_at_its_safe_amount(
    broker: BrokerConfig, state: str, amount: float, *, is_so: bool
) -> None:
    device = ScriptedDevice(broker, amount=amount, state="live")
    bystander = ScriptedDevice(broker, "gpi", amount=2.0)
    service = ScriptedService(broker, state="active", drives=("stn",), at_request=_grant)
    result = asyncio.run(_asked(broker, "pause", service, device, bystander, settle_s=0.4))
    assert (result.state, result.is_so) == (state, is_so)
    assert [each.device for each in result.devices] == ["stn"]


def test_a_resume_is_so_when_it_is_granted(broker: BrokerConfig) -> None:
    service = ScriptedService(broker, state="paused", drives=("stn",), at_request=_grant)
    result = asyncio.run(_asked(broker, "resume", service))
    assert (result.is_so, result.state) == (True, "active")


def test_a_resume_that_ended_in_safe_is_not_so(broker: BrokerConfig) -> None:
    def grant_and_fail(service: ScriptedService, asked: Control) -> str:  # noqa: ARG001 its shape
        service.set(state="safe")
        return ""

    service = ScriptedService(broker, state="paused", drives=("stn",), at_request=grant_and_fail)
    result = asyncio.run(_asked(broker, "resume", service, settle_s=0.2))
    assert (result.refused, result.state, result.is_so) == ("", "safe", False)


def test_a_mark_carries_its_text(broker: BrokerConfig) -> None:
    service = ScriptedService(broker)
    assert asyncio.run(_asked(broker, "mark", service, text="coffee")).is_so
    assert [each.text for each in service.requests] == ["coffee"]


def test_what_the_broker_had_kept_of_a_service_is_nobody_to_ask(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(broker) as one:
            said = to_payload(Status(state="active", session=SESSION))
            assert one.link.publish(f"{ROOT}status", said, qos=1, retain=True)
            await one.hears(f"{ROOT}status")
            with pytest.raises(OperatorError, match="rig-1: no service answers"):
                await _asked(broker, "arm")
            assert one.payloads(f"{ROOT}control") == []

    asyncio.run(run())


def test_without_a_broker_a_request_fails_with_its_address() -> None:
    broker = quick(free_port())
    with pytest.raises(OperatorError, match=f"no broker: 127.0.0.1:{broker.port}: .*refused"):
        asyncio.run(_asked(broker, "arm", wait_s=0.3))
