"""Devices in virtual time: the rules of the wire contract, in the same order every time."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from replay.virtual_devices import VirtualDevices
from replay.virtual_time import run_virtually
from stimulators.wire.messages import Command, Lease, Reason, Status, Stop
from stimulators.wire.received import (
    AckHeard,
    ClockAsked,
    DeviceStatusHeard,
    InfoHeard,
    LinkChanged,
    Received,
)
from tests.replay.rig import rig

_wait = asyncio.sleep
_DEVICE = msgspec.structs.replace(rig().devices[0], simulated=True)
_SESSION = "00000000000000000001-0000000a"
_WORDS = (AckHeard, InfoHeard, DeviceStatusHeard)
_Heard = list[tuple[float, Received]]


def _lease(now_s: float, seq: int = 1) -> Lease:
    return Lease(
        session=_SESSION,
        lease_seq=seq,
        issued_us=round(now_s * 1e6),
        valid_us=250_000,
        armed_us=round(now_s * 1e6),
        simulated=True,
    )


def _command(now_s: float, seq: int, amplitude_ma: float) -> Command:
    now_us = round(now_s * 1e6)
    return Command(
        session=_SESSION,
        seq=seq,
        kind="amplitude",
        channel="c",
        program="adbs",
        onset_us=now_us,
        issued_us=now_us,
        expires_us=now_us + 100_000,
        reason=Reason(detector="d", value=1.0, threshold=0.5, policy="p"),
        simulated=True,
        amplitude_ma=amplitude_ma,
    )


def _heard(
    script: Callable[[VirtualDevices], Awaitable[None]], *, start_s: float = 100.0
) -> tuple[VirtualDevices, _Heard]:
    """Run devices for the length of a script; return each message with its time."""
    devices = VirtualDevices([_DEVICE], _SESSION)

    async def main() -> _Heard:
        loop = asyncio.get_running_loop()
        heard: _Heard = []
        living = asyncio.create_task(
            devices.feed(lambda received: heard.append((loop.time(), received)))
        )
        await _wait(0.5)
        await script(devices)
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)
        return heard

    return devices, run_virtually(main(), start_s=start_s)


async def _drive(devices: VirtualDevices) -> None:
    now_s = asyncio.get_running_loop().time()
    assert devices.send("left", _lease(now_s))
    for seq, amplitude_ma in enumerate((0.2, 0.4, 99.0), 1):
        assert devices.send("left", _command(now_s, seq, amplitude_ma))
    await _wait(0.1)


def _acks(heard: _Heard) -> list[tuple[float, AckHeard]]:
    return [(time_s, each) for time_s, each in heard if isinstance(each, AckHeard)]


def test_the_link_and_the_devices_are_there_at_once() -> None:
    _, heard = _heard(lambda _: _wait(0.0))
    assert heard[0] == (100.0, LinkChanged(is_up=True))
    assert isinstance(heard[1][1], InfoHeard)
    assert heard[1][1].message.state == "safe"
    assert isinstance(heard[2][1], ClockAsked)
    assert isinstance(heard[3][1], DeviceStatusHeard)
    words = [each.message.word for _, each in heard if isinstance(each, _WORDS)]
    assert words == list(range(1, len(words) + 1))


def test_commands_are_answered_in_order_two_milliseconds_later() -> None:
    devices, heard = _heard(_drive)
    acks = _acks(heard)
    assert [ack.message.seq for _, ack in acks] == [1, 2, 3]
    assert [ack.message.refused for _, ack in acks] == [None, None, "limit"]
    assert {round(time_s, 6) for time_s, _ in acks} == {100.502}
    assert devices.devices["left"].session == _SESSION


def test_a_device_without_a_newer_lease_goes_safe_by_itself() -> None:
    async def drive_and_leave(devices: VirtualDevices) -> None:
        await _drive(devices)
        assert devices.devices["left"].applied_ma != 0.0
        await _wait(0.5)

    devices, heard = _heard(drive_and_leave)
    assert devices.devices["left"].applied_ma == 0.0
    states = [each.message.state for _, each in heard if isinstance(each, InfoHeard)]
    assert states[:2] == ["safe", "live"]
    assert states[-1] == "safe"


def test_a_stop_reaches_every_device_and_is_answered() -> None:
    async def drive_and_stop(devices: VirtualDevices) -> None:
        await _drive(devices)
        assert devices.stop(Stop(request_id="stop-1", operator="service", reason="test"))
        await _wait(0.01)

    devices, heard = _heard(drive_and_stop)
    assert devices.devices["left"].state == "stopped"
    assert devices.devices["left"].applied_ma == 0.0
    assert _acks(heard)[-1][1].message.request_id == "stop-1"


def test_nothing_is_sent_to_nobody_or_without_a_link() -> None:
    async def try_others(devices: VirtualDevices) -> None:
        assert not devices.send("right", _lease(100.0))

    devices, _ = _heard(try_others)
    assert not devices.send("left", _lease(100.0))
    assert not devices.stop(Stop(request_id="s", operator="o", reason="r"))
    devices.announce(Status(state="idle", session=_SESSION))


def test_the_same_script_is_heard_the_same_every_time() -> None:
    assert _heard(_drive)[1] == _heard(_drive)[1]
