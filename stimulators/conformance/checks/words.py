"""Checks of the messages that a device sends by itself, before it is driven."""

from itertools import pairwise

from stimulators.conformance.checks.check import Check, Found
from stimulators.conformance.examiner import Examiner
from stimulators.wire import topics
from stimulators.wire.messages import Ack, ClockRequest, DeviceInfo, DeviceStatus

_LISTEN_S = 2.6
_REPORT_GAP_US_MAX = 1_500_000
_TOLERANCE_SHARE_MAX = 0.1
_N_NONCE_MIN = 8
_UNCERTAINTY_US_MAX = 10_000


async def describes_itself(examiner: Examiner, found: Found) -> None:
    """Check that its info has all that a service needs to know of the device."""
    info = examiner.described
    is_level, is_current = info.safe_level is not None, info.safe_ma is not None
    if is_level == is_current:
        found("safe_ma or safe_level in info", "both" if is_level else "neither")
        return
    unit, highest = "level" if is_level else "ma", examiner.highest
    stop = info.stop_level if is_level else info.stop_ma
    applied = info.applied_level if is_level else info.applied_ma
    is_coarse = examiner.tolerance > _TOLERANCE_SHARE_MAX * highest + 2e-6
    is_known = not info.programs or info.safe_program in info.programs
    for is_right, expected, told in (
        (info.device == examiner.device, f"device {examiner.device} in info", info.device),
        (info.instance, "an instance in info, another for each boot", "none"),
        (info.word >= 1, "a word of 1 or more in info", info.word),
        (highest > 0.0, "its highest amount in info.limits", "none"),
        (examiner.slew_per_s < 1e9, "its slew in info.limits", "none"),
        (0.0 <= examiner.safe <= highest, f"safe_{unit} from 0 to {highest:g}", examiner.safe),
        (stop is not None and 0.0 <= stop <= highest, f"stop_{unit} from 0 to {highest:g}", stop),
        (is_known, f"safe_program of {', '.join(info.programs)}", repr(info.safe_program)),
        (not is_coarse, "an amount_tolerance of a tenth of that at most", info.amount_tolerance),
        (applied is not None, f"applied_{unit} in info", "none"),
    ):
        if not is_right:
            found(expected, f"{told}")


async def keeps_info(examiner: Examiner, found: Found) -> None:
    """Check that the broker keeps its info."""
    if await examiner.line.kept(examiner.at(topics.INFO)) is None:
        found("an info that the broker keeps (retain)", "none")


async def reports(examiner: Examiner, found: Found) -> None:
    """Check its reports, which must come once a second."""
    since = len(examiner.words)
    await examiner.wait(_LISTEN_S)
    times_us = [each.at_us for each in examiner.words[since:]
                if isinstance(each.message, DeviceStatus)]  # fmt: skip
    gaps_us = [later - earlier for earlier, later in pairwise(times_us)]
    if len(times_us) < 2:
        found("a state once a second", f"{len(times_us)} in {_LISTEN_S:g} s")
    elif max(gaps_us) > _REPORT_GAP_US_MAX:
        found("a state once a second", f"{max(gaps_us) / 1e6:.1f} s without one")


async def asks_for_time(examiner: Examiner, found: Found) -> None:
    """Check the form of its clock requests, and that it uses the replies."""

    def is_known() -> bool:
        return any(each.uncertainty_us is not None for each in examiner.of(ClockRequest))

    await examiner.until(is_known, 3.0)
    asked = examiner.of(ClockRequest)
    if not asked:
        found("a clock/request, ten a second while no clock is known", "none")
        return
    nonces = [each.nonce for each in asked]
    if len(set(nonces)) < len(nonces) or min(map(len, nonces)) < _N_NONCE_MIN:
        found(
            f"a nonce of at least {_N_NONCE_MIN} characters, never the same twice",
            f"{len(set(nonces))} in {len(nonces)} requests, as {nonces[-1]!r}",
        )
    if not is_known():
        found("an uncertainty_us in clock/request once it was answered", "none")
    elif (asked[-1].uncertainty_us or 0) > _UNCERTAINTY_US_MAX:
        found("a clock known to 10 ms", f"{asked[-1].uncertainty_us} us")


async def numbers_words(examiner: Examiner, found: Found) -> None:
    """Check the numbers and the instance of all its messages so far."""
    words = [each.message for each in examiner.words
             if isinstance(each.message, Ack | DeviceInfo | DeviceStatus)]  # fmt: skip
    newest: dict[str, int] = {}
    instances = {each.instance for each in words}
    for each in words:
        if isinstance(each, DeviceInfo) and each.state == "offline":
            # Messages that it sends while it has no link are not received.
            newest.pop(each.instance, None)
            continue
        last = newest.get(each.instance)
        if last is not None and each.word != last + 1:
            found("a word one higher than the last, over ack, info and state together",
                  f"{each.word} after {last}")  # fmt: skip
            return
        newest[each.instance] = each.word
    if len(instances) > 1 + examiner.n_switched:
        found("one instance while it is switched on", ", ".join(sorted(instances)))


async def says_what_is_known(examiner: Examiner, found: Found) -> None:
    """Return every payload so far that does not follow the contract."""
    for each in examiner.wrong[:5]:
        found("payloads as the contract describes them", each)


FIRST = (
    Check("info", "Words", describes_itself, drives=False),
    Check("info kept", "Retained", keeps_info, drives=False),
    Check("clock request", "Clock", asks_for_time, drives=False),
    Check("report", "Words", reports, drives=False),
)
LAST = (
    Check("numbers of words", "Words", numbers_words, drives=False),
    Check("form", "Form", says_what_is_known, drives=False),
)
