"""Devices as a first reading of the contract may give them: each breaks it in one way."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from stimulators.device.device_topics import Heard
from stimulators.wire.messages import ClockReply, Command, Lease, Stop
from tests.stimulators.device.ends import ReferenceEnd, Said

#: Changes a device so that it breaks the contract.
Breach = Callable[[ReferenceEnd], None]


def _hearing(change: Callable[[ReferenceEnd, Any], Any]) -> Breach:
    """Return a breach: the device receives a changed message, or none."""

    def broken(end: ReferenceEnd) -> None:
        device, right = end.device, end.device.hear

        def hear(message: Any, now_us: int, *, verified: bool = True) -> Any:
            device.tick(now_us)
            changed = change(end, message)
            return () if changed is None else right(changed, now_us, verified=verified)

        device.hear = hear  # type: ignore[method-assign]

    return broken


def _service_now_us(end: ReferenceEnd, session: str) -> int | None:
    now_us = end.device._delivery.now_us
    known = end.device._clocks.time_of(session, now_us)
    return None if known is None else now_us + known.offset_us


def _when(kind: type[Any], change: Callable[[ReferenceEnd, Any], Any]) -> Breach:
    return _hearing(
        lambda end, message: change(end, message) if isinstance(message, kind) else message
    )


def retained_is_done(end: ReferenceEnd) -> None:
    right = end.topics.read
    end.topics.read = lambda topic, payload, *, retained: right(  # type: ignore[method-assign]
        topic, payload, retained=retained and topic.endswith("stop")
    )


def client_id_of_its_own(end: ReferenceEnd) -> None:
    end.client_id = "my-device"


def limit_before_all(end: ReferenceEnd) -> None:
    check = end.device._check
    right = check.refusal

    def refusal(command: Command, newest_seq: int, now_us: int) -> Any:
        amount = command.amplitude_ma
        is_over = amount is not None and not 0.0 <= amount <= 3.0
        return "limit" if is_over else right(command, newest_seq, now_us)

    check.refusal = refusal  # type: ignore[method-assign]


def doubled_is_refused(end: ReferenceEnd) -> None:
    def forget(each: ReferenceEnd, message: Command) -> Command:
        each.device._done.clear()
        return message

    _when(Command, forget)(end)


def older_is_done(end: ReferenceEnd) -> None:
    def forget(each: ReferenceEnd, message: Command) -> Command:
        each.device._newest_seq = -1
        return message

    _when(Command, forget)(end)


def lease_from_receipt(end: ReferenceEnd) -> None:
    numbers = iter(range(1, 10**6))

    def now(each: ReferenceEnd, lease: Lease) -> Lease:
        now_us = _service_now_us(each, lease.session)
        if now_us is None or lease.valid_us > 10_000_000:
            return lease
        return msgspec.structs.replace(lease, issued_us=now_us, lease_seq=next(numbers))

    _when(Lease, now)(end)


def lease_without_end(end: ReferenceEnd) -> None:
    def longer(_: ReferenceEnd, lease: Lease) -> Lease:
        return msgspec.structs.replace(lease, valid_us=max(lease.valid_us, 9_000_000))

    _when(Lease, longer)(end)


def session_of_anybody(end: ReferenceEnd) -> None:
    def ours(each: ReferenceEnd, command: Command) -> Command:
        return msgspec.structs.replace(command, session=each.device.session or command.session)

    _when(Command, ours)(end)


def late_is_done(end: ReferenceEnd) -> None:
    def fresh(each: ReferenceEnd, command: Command) -> Command:
        now_us = _service_now_us(each, command.session) or 0
        return msgspec.structs.replace(command, issued_us=now_us, expires_us=now_us + 100_000)

    _when(Command, fresh)(end)


def more_than_its_limit(end: ReferenceEnd) -> None:
    def lower(_: ReferenceEnd, command: Command) -> Command:
        return msgspec.structs.replace(command, amplitude_ma=min(command.amplitude_ma or 0.0, 3.0))

    _when(Command, lower)(end)


def at_once(end: ReferenceEnd) -> None:
    end.device._output._spare = end.device._output._spare_max = 100.0


def unsigned_is_done(end: ReferenceEnd) -> None:
    right = end.topics.read
    signed = re.compile(rb"[0-9a-f]{8}\.[0-9a-f]{64}\.")

    def read(topic: str, payload: bytes, *, retained: bool) -> Heard | None:
        body = signed.sub(b"", payload, count=1)
        return right(topic, end.topics._keys.seal(topic, body), retained=retained)

    end.topics.read = read  # type: ignore[method-assign]


def stop_only_where_readable(end: ReferenceEnd) -> None:
    _when(Stop, lambda _, stop: stop if stop.request_id else None)(end)


def stop_only_where_signed(end: ReferenceEnd) -> None:
    right = end.topics.read

    def read(topic: str, payload: bytes, *, retained: bool) -> Heard | None:
        heard = right(topic, payload, retained=retained)
        return heard if heard is not None and heard.verified else None

    end.topics.read = read  # type: ignore[method-assign]


def stop_until_the_next_lease(end: ReferenceEnd) -> None:
    def later(each: ReferenceEnd, lease: Lease) -> Lease:
        armed_us = max(lease.armed_us, (_service_now_us(each, lease.session) or 0) - 1)
        issued_us = max(lease.issued_us, armed_us) if each.device.state == "stopped" else 0
        if each.device.state != "stopped":
            return lease
        return msgspec.structs.replace(lease, armed_us=armed_us, issued_us=issued_us)

    _when(Lease, later)(end)


def clock_of_anybody(end: ReferenceEnd) -> None:
    def ours(each: ReferenceEnd, reply: ClockReply) -> ClockReply:
        open_ = each.device._clocks._open.get(reply.request_seq)
        return reply if open_ is None else msgspec.structs.replace(reply, nonce=open_.nonce)

    _when(ClockReply, ours)(end)


def _saying(end: ReferenceEnd, change: Callable[[Said], Said]) -> None:
    for name in ("tick", "describe", "hear"):
        right = getattr(end, name)
        setattr(end, name, lambda *given, right=right: change(right(*given)))


def nonce_that_stays(end: ReferenceEnd) -> None:
    end.device._clocks._new_nonce = lambda: "always-the-same"


def no_numbers(end: ReferenceEnd) -> None:
    number = re.compile(rb'"word":\d+')
    _saying(end, lambda said: [(t, number.sub(b'"word":1', p), q, r) for t, p, q, r in said])


def info_not_kept(end: ReferenceEnd) -> None:
    _saying(end, lambda said: [(topic, payload, qos, False) for topic, payload, qos, _ in said])


def no_reports(end: ReferenceEnd) -> None:
    _saying(end, lambda said: [each for each in said if not each[0].endswith("/state")])


def no_last_will(end: ReferenceEnd) -> None:
    end.will = lambda: ("stimloop/demo/nowhere", b"", 0, False)  # type: ignore[method-assign]


def old_last_will(end: ReferenceEnd) -> None:
    topic, payload, qos, retain = end.will()
    other = payload.replace(b'"instance":"1"', b'"instance":"0"')
    end.will = lambda: (topic, other, qos, retain)  # type: ignore[method-assign]


#: A device after a restart: what it remembers, its instance, and the check that finds the breach.
SWITCHED: tuple[tuple[str, str, list[str]], ...] = (
    ("00000000000000000002-0000000b", "2", []),
    ("00000000000000000002-0000000b", "1", ["another instance after it was switched on"]),
    ("", "2", ["the session that it stored in its info", "no lease of an arming from before"]),
)
#: The breaches of a first device that was written from the documents alone.
FIRST_DEVICE: tuple[Breach, ...] = (
    retained_is_done,
    client_id_of_its_own,
    limit_before_all,
    doubled_is_refused,
    lease_from_receipt,
)
#: Each breach, and the check that must find it.
BREACHES: dict[Breach, str] = {
    retained_is_done: "retained",
    client_id_of_its_own: "client id",
    limit_before_all: "order of refusals",
    doubled_is_refused: "command",
    older_is_done: "overtaken",
    lease_from_receipt: "false leases",
    lease_without_end: "end of a lease",
    session_of_anybody: "refusals",
    late_is_done: "refusals",
    more_than_its_limit: "refusals",
    at_once: "slew",
    stop_only_where_readable: "stop by hand",
    stop_until_the_next_lease: "stop",
    clock_of_anybody: "clock",
    nonce_that_stays: "clock request",
    no_numbers: "numbers of words",
    info_not_kept: "info kept",
    no_reports: "report",
    no_last_will: "client id",
    old_last_will: "client id",
}
#: Breaches that only a rig with signatures can find.
UNSIGNED_BREACHES: dict[Breach, str] = {
    unsigned_is_done: "signatures",
    stop_only_where_signed: "stop unsigned",
}
