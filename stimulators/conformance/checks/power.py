"""Checks of a device that is switched off and on by hand while it is driven."""

from stimulators.conformance.checks.check import Check, Found, UntriedError
from stimulators.conformance.examiner import Examiner, amount_of
from stimulators.wire.messages import DeviceInfo

_BY_HAND_S_MAX = 60.0


async def starts_anew(examiner: Examiner, found: Found) -> None:
    """Ask somebody to switch it off and on, while leases of the earlier arming are still sent."""
    if examiner.operator is None:
        raise UntriedError("nobody is there to switch it off and on: --by-hand")
    await examiner.go_live()
    await examiner.ask(examiner.low)
    before, since = examiner.described, len(examiner.words)

    def infos(*, offline: bool) -> list[DeviceInfo]:
        said = examiner.of(DeviceInfo, since)
        return [each for each in said if (each.state == "offline") == offline]

    examiner.operator(f"switch {examiner.device} off by its power, and on again after 10 s")
    if not await examiner.until(lambda: infos(offline=True), _BY_HAND_S_MAX):
        found("a Last Will that says offline where it has no power", "none within 60 s")
        return
    examiner.n_switched += 1
    if not await examiner.until(lambda: infos(offline=False), _BY_HAND_S_MAX):
        found("an info once it was switched on", "none within 60 s")
        return
    _hold_to(examiner, found, before, infos(offline=False)[0])
    # Long enough for several leases, and for a clock to be known.
    if await examiner.until(lambda: examiner.state == "live", 1.5):
        found("no lease of an arming from before it was switched on to count", "live on one")
    examiner.is_leasing = False
    await examiner.wait(1.0)
    examiner.arm()
    if not await examiner.go_live(5.0):
        found("live again on a lease of a later arming", examiner.described.reason)


def _hold_to(examiner: Examiner, found: Found, before: DeviceInfo, info: DeviceInfo) -> None:
    if info.instance == before.instance:
        found("another instance after it was switched on", f"{info.instance} again")
    if info.state != "safe" or abs(amount_of(info) - examiner.safe) > examiner.tolerance:
        found(
            f"safe, at {examiner.safe:g}, after it was switched on",
            f"{info.state}, at {amount_of(info):g}",
        )
    if info.session != examiner.session:
        found("the session that it stored in its info", f"{info.session}")


CHECKS = (Check("power", "Words", starts_anew),)
