"""Checks of the device's link: its client id, its Last Will, and messages that the broker kept."""

from stimulators.conformance.checks.check import Check, Found, UntriedError
from stimulators.conformance.examiner import Examiner
from stimulators.wire import topics
from stimulators.wire.messages import Ack, DeviceInfo
from stimulators.wire.payload import to_payload
from stimulators.wire.topics import device_client_id

_WILL_S_MAX = 3.0
_BACK_S_MAX = 15.0
_SWITCH_S_MAX = 30.0


async def is_displaced(examiner: Examiner, found: Found) -> None:
    """Leave a retained command on the broker, then end the device's link by using its client id."""
    address = examiner.at(topics.COMMAND)
    # It has expired and asks for the safe amount, so that it does no harm to a device that obeys
    # it.
    kept = examiner.make(examiner.safe, issued_us=-2_000_000, expires_us=-1_000_000)
    payload = examiner.keys.seal(address, to_payload(kept))
    examiner.line.publish(address, payload, qos=1, retain=True)
    await examiner.wait(0.3)
    since = len(examiner.words)
    client_id = device_client_id(examiner.rig, examiner.device)
    try:
        if not await examiner.line.displace(client_id):
            raise UntriedError("the broker names its clients by their users")
        if await _comes_back(examiner, found, since, client_id):
            examiner.left = (kept, since)
        await examiner.wait(0.3)
    finally:
        examiner.line.publish(address, b"", qos=1, retain=True)


async def leaves_what_was_kept(examiner: Examiner, found: Found) -> None:
    """Check that the retained command had no effect when the device connected again."""
    if examiner.left is None:
        raise UntriedError("it did not connect again")
    kept, since = examiner.left
    answers = [each for each in examiner.of(Ack, since) if each.seq == kept.seq]
    if answers:
        found(
            "nothing to come of a command that the broker had kept",
            f"an answer to it ({answers[0].refused or 'it was done'})",
        )


async def _comes_back(examiner: Examiner, found: Found, since: int, client_id: str) -> bool:
    """Check its Last Will against the contract; return whether the device connected again."""

    def infos(*, offline: bool) -> list[DeviceInfo]:
        return [
            each for each in examiner.of(DeviceInfo, since) if (each.state == "offline") == offline
        ]

    if not await examiner.until(lambda: infos(offline=True), _WILL_S_MAX):
        found(
            f"client id {client_id}, and a Last Will on info that says offline",
            "no offline where another connected with this id",
        )
        if examiner.operator is not None:
            examiner.operator(f"switch {examiner.device} off and on again, within 30 s")
            return await examiner.until(lambda: infos(offline=False), _SWITCH_S_MAX)
        return False
    will = infos(offline=True)[0]
    if will.word != 0:
        found("word 0 in the Last Will", f"{will.word}")
    if will.instance != examiner.described.instance:
        found("the instance of this boot in the Last Will", repr(will.instance))
    is_back = await examiner.until(lambda: infos(offline=False), _BACK_S_MAX)
    if not is_back:
        found("a new connection within 15 s, and an info with it", "none")
    return is_back


CHECKS = (
    Check("client id", "Client id", is_displaced),
    Check("retained", "Retained", leaves_what_was_kept),
)
