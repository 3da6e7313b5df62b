"""The gate and the reference device on one wire, each with its own clock."""

from typing import Any

import pytest

from stimulators.decisions import Decision, Refusal, Send
from stimulators.device.device import FromDevice, ReferenceDevice
from stimulators.wire.messages import (
    Ack,
    ClockReply,
    Command,
    DeviceInfo,
    DeviceStatus,
    Lease,
    Stop,
)
from stimulators.wire.received import (
    AckHeard,
    ClockAsked,
    DeviceStatusHeard,
    InfoHeard,
    LinkChanged,
    StopHeard,
)
from tests.stimulators.gate.gate_rig import INSTANCE, SESSION, GateRig, device_of

#: The device's clock is ahead of the service's by this.
_AHEAD_US = 7_000_000_123


class GateAndDevice:
    """Passes messages between gate and device within one step, until neither sends another."""

    def __init__(self, **keys: Any) -> None:
        self.rig = GateRig(device_of(**keys), answers=False)
        self.rig.adopts = False
        self.device = ReferenceDevice(self.rig.devices[0], instance=INSTANCE)
        self.n_taken = 0
        self.lost: tuple[type, ...] = ()
        self.rig.hear(LinkChanged(is_up=True))
        self.exchange((self.device.describe(),))
        self.run(2.2, service=True)
        self.rig.control("arm")

    @property
    def now_us(self) -> int:
        return round(self.rig.now_s * 1e6) + _AHEAD_US

    @property
    def applied_ma(self) -> float:
        return self.device.applied_ma or 0.0

    def run(self, seconds: float, amount: float | None = None, *, service: bool = True) -> None:
        for _ in range(round(seconds * 100)):
            if service:
                self.rig.run(0.01, amount=amount)
            else:
                self.rig.now_s += 0.01
            self.exchange(self.device.tick(self.now_us))

    def exchange(self, said: tuple[FromDevice, ...] = ()) -> None:
        queue = list(said)
        while True:
            for each in queue:
                self.tell_service(each)
            sent = self.rig.decided[self.n_taken :]
            self.n_taken += len(sent)
            if not sent and not queue:
                return
            queue = [answer for each in sent for answer in self.tell_device(each)]

    def tell_service(self, said: FromDevice) -> None:
        if isinstance(said, Ack):
            self.rig.hear(AckHeard("stn", said))
        elif isinstance(said, DeviceInfo):
            self.rig.hear(InfoHeard("stn", said, retained=False))
        elif isinstance(said, DeviceStatus):
            self.rig.hear(DeviceStatusHeard("stn", said))
        else:
            now_us = self.now_us - _AHEAD_US
            reply = ClockReply(
                request_seq=said.request_seq,
                sent_us=said.sent_us,
                nonce=said.nonce,
                session=SESSION,
                received_us=now_us,
                replied_us=now_us,
            )
            self.rig.hear(ClockAsked("stn", said))
            self.exchange(self.device.hear(reply, self.now_us))

    def tell_device(self, decision: Decision) -> tuple[FromDevice, ...]:
        if not isinstance(decision, Send) or isinstance(decision.message, self.lost):
            return ()
        return self.device.hear(decision.message, self.now_us)

    def stop(self) -> None:
        stop = Stop(request_id="s", operator="o", reason="enough")
        self.rig.hear(StopHeard(stop))
        self.exchange(self.device.hear(stop, self.now_us))


def test_the_device_follows_the_policy_and_refuses_nothing() -> None:
    wire = GateAndDevice()
    wire.run(0.1)
    for amount in (2.5, 0.0, 1.2, 3.0, 0.0):
        wire.run(0.5, amount)
        assert wire.applied_ma == pytest.approx(amount)
    assert wire.rig.state == "active"
    assert not [each for each in wire.rig.decided if isinstance(each, Refusal)]
    assert wire.rig.notices == []


def test_triggers_reach_the_device() -> None:
    wire = GateAndDevice()
    wire.run(0.1)
    for _ in range(5):
        wire.run(0.06)
        wire.rig.trigger(1.0)
        wire.exchange()
    assert wire.device.triggers.n_given == 5
    assert wire.rig.refusals == []


def test_a_disarming_brings_the_device_to_safe_and_it_says_so() -> None:
    wire = GateAndDevice(safe_ma=0.5)
    wire.run(0.5, 2.0)
    wire.rig.control("disarm")
    assert wire.rig.gate.driven == ("stn",)
    wire.run(1.0)
    assert not wire.rig.gate.driven
    assert (wire.applied_ma, wire.device.state) == (0.5, "safe")


def test_a_service_that_falls_silent_leaves_the_device_at_safe() -> None:
    wire = GateAndDevice(safe_ma=0.5)
    wire.run(0.5, 2.0)
    wire.run(0.25 + 1.5 / 12.0 + 0.02, service=False)
    assert (wire.applied_ma, wire.device.state) == (0.5, "safe")


def test_a_stop_is_at_once_and_a_new_arming_starts_from_safe() -> None:
    wire = GateAndDevice(safe_ma=1.0, stop_ma=0.0)
    wire.run(0.5, 2.0)
    wire.stop()
    assert (wire.applied_ma, wire.device.state, wire.rig.state) == (0.0, "stopped", "safe")
    wire.run(1.0, 2.0)
    assert wire.applied_ma == 0.0
    wire.rig.control("arm")
    wire.run(1.0, 2.0)
    assert wire.rig.state == "active"
    assert wire.applied_ma == pytest.approx(2.0)


def test_a_wire_that_loses_everything_for_a_while_ends_in_safe_on_both_sides() -> None:
    wire = GateAndDevice()
    wire.run(0.5, 2.0)
    wire.lost = (Command, Lease)
    wire.run(3.1, 1.0)
    assert (wire.rig.state, wire.device.state, wire.applied_ma) == ("safe", "safe", 0.0)


def test_leases_that_are_lost_for_a_while_end_with_the_amount_that_is_wished() -> None:
    wire = GateAndDevice()
    wire.run(0.5, 2.0)
    wire.lost = (Lease,)
    wire.run(0.5, 2.0)
    assert (wire.rig.state, wire.applied_ma) == ("hold", 0.0)
    wire.lost = ()
    wire.run(2.0, 2.0)
    assert wire.rig.state == "active"
    assert wire.applied_ma == pytest.approx(2.0)
