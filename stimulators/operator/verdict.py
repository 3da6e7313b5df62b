"""Whether a device's own words show that it is stopped, or at its safe amount. No I/O."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from stimulators.operator.device_words import DeviceWord, DeviceWords, InstanceWords, StopAnswer
from stimulators.operator.known_rig import KnownDevice

VerdictKind = Literal["so", "not so", "not known", "no answer", "offline", "two devices"]


class DeviceVerdict(msgspec.Struct, frozen=True):
    """The verdict on one device, by its own words.

    Parameters
    ----------
    device : str
        Its name.
    kind : str
        ``so`` is the only good one.
    text : str
        The verdict for people, with amounts.
    """

    device: str
    kind: VerdictKind
    text: str

    @property
    def is_so(self) -> bool:
        """Whether the device's words show that it is as it should be."""
        return self.kind == "so"


def stopped(
    device: KnownDevice, words: DeviceWords | None, request_id: str, *, is_configured: bool
) -> DeviceVerdict:
    """Judge whether a device is stopped: it answered, and gives no more than a stop allows.

    A stop takes a device to the lesser of its amount and its stop amount. Its amount is known where
    it reported before that it was at rest; where it was driven, its stop amount is the bound. No
    report after its answer may be above that, and it may not be driven again.

    Parameters
    ----------
    device : KnownDevice
        The device by the configuration.
    words : DeviceWords or None
        Its words so far.
    request_id : str
        The id of the stop.
    is_configured : bool
        Whether the configuration names it; else its own description states its stop amount.
    """
    instance = None if words is None else words.current
    if words is None or instance is None:
        return DeviceVerdict(device.id, "no answer", "NO ANSWER")
    if (twice := two_devices(device, words)) is not None:
        return twice
    if instance.is_offline:
        return DeviceVerdict(device.id, "offline", "offline, so it cannot be told to stop")
    answer = instance.answer(request_id)
    if answer is None:
        return DeviceVerdict(device.id, "no answer", f"NO ANSWER{_last_word(instance.newest)}")
    known = words.known(device, is_configured=is_configured)
    kind, text = _stop_verdict(known, instance, answer, known.tolerance(words.amount_tolerance))
    return DeviceVerdict(device.id, kind, text)


def at_safe(
    device: KnownDevice,
    words: DeviceWords | None,
    *,
    since: int,
    is_configured: bool,
    is_leased: bool,
) -> DeviceVerdict:
    """Judge whether a device is at its safe amount, or, where it has no lease, below it.

    Parameters
    ----------
    device, words, is_configured
        As for `stopped`.
    since : int
        Words whose `order` is lower do not count.
    is_leased : bool
        Whether the service renews its lease there (paused): then it is at its safe amount, not
        below. Else it must not be driven.
    """
    instance = None if words is None else words.current
    if words is None or instance is None:
        return DeviceVerdict(device.id, "no answer", "NO ANSWER")
    if (twice := two_devices(device, words)) is not None:
        return twice
    if instance.is_offline:
        return DeviceVerdict(device.id, "offline", "offline, so nobody knows what it gives")
    newest = instance.newest
    if newest is None or newest.is_retained or newest.order < since:
        return DeviceVerdict(device.id, "no answer", f"NO ANSWER{_last_word(newest)}")
    known = words.known(device, is_configured=is_configured)
    tolerance = known.tolerance(words.amount_tolerance)
    kind, text = _safe_verdict(known, instance, newest, tolerance, is_leased=is_leased)
    return DeviceVerdict(device.id, kind, text)


def two_devices(device: KnownDevice, words: DeviceWords) -> DeviceVerdict | None:
    """Return the verdict on two devices of one name; None where there is one at most."""
    speaking = words.speaking
    if len(speaking) < 2:
        return None
    each = "; ".join(
        f"instance {name or 'without a name'} gives {said_amount(words.newest)}"
        for name, words in speaking.items()
    )
    return DeviceVerdict(device.id, "two devices", f"{len(speaking)} DEVICES OF THIS NAME: {each}")


def said_amount(word: DeviceWord | None) -> str:
    """Return the amount that a device reported, with its unit."""
    if word is None or word.amount is None:
        return "an unknown amount"
    return f"{word.amount:g} mA" if word.unit == "mA" else f"level {word.amount:g}"


def bad(verdicts: Sequence[DeviceVerdict]) -> tuple[DeviceVerdict, ...]:
    """Return the verdicts that are not good."""
    return tuple(each for each in verdicts if not each.is_so)


def _stop_verdict(
    known: KnownDevice, instance: InstanceWords, answer: StopAnswer, tolerance: float
) -> tuple[VerdictKind, str]:
    if answer.ack.refused is not None:
        return "not so", f"NOT STOPPED: it refuses ({answer.ack.refused})"
    newest, stated = instance.newest, instance.stated
    amount = None if newest is None else _amount(known, newest)
    if amount is None:
        return "not known", "NOT KNOWN: it does not say what it gives"
    allowed = _allowed_after_stop(known, answer.before)
    if not abs(amount) <= allowed + tolerance:
        return (
            "not so",
            f"NOT STOPPED: it gives {said_amount(newest)}, expected at most {allowed:g}",
        )
    if stated is not None and stated.word > answer.ack.word and stated.state != "stopped":
        since = "it is driven again" if stated.state == "live" else "it was armed again since"
        return "not so", f"NOT STOPPED: {since}"
    unverified = "" if answer.ack.verified else " (by a stop that it could not verify)"
    return "so", f"stopped at {said_amount(newest)}{unverified}"


def _safe_verdict(
    known: KnownDevice,
    instance: InstanceWords,
    newest: DeviceWord,
    tolerance: float,
    *,
    is_leased: bool,
) -> tuple[VerdictKind, str]:
    amount, stated = _amount(known, newest), instance.stated
    if amount is None:
        return "not known", "NOT KNOWN: it does not say what it gives"
    if stated is None or stated.is_retained:
        return "not known", "NOT KNOWN: it does not say its state"
    highest = known.safe_amount
    if stated.state == "stopped":
        highest = max(highest, known.stop_amount)
    lowest = highest if is_leased else 0.0
    if not lowest - tolerance <= amount <= highest + tolerance:
        expected = f"{highest:g}" if is_leased else f"at most {highest:g}"
        return (
            "not so",
            f"NOT AT ITS SAFE AMOUNT: it gives {said_amount(newest)}, expected {expected}",
        )
    if stated.state == "live" and not is_leased:
        return "not so", "STILL DRIVEN: it holds a lease"
    return "so", f"{stated.state}, {said_amount(newest)}"


def _allowed_after_stop(known: KnownDevice, before: DeviceWord | None) -> float:
    amount = None if before is None else _amount(known, before)
    if before is None or amount is None or before.state not in {"safe", "stopped"}:
        return known.stop_amount
    # At rest by its own report: a device in `safe` may since have reached its safe amount.
    highest = amount if before.state == "stopped" else max(amount, known.safe_amount)
    return min(highest, known.stop_amount)


def _amount(known: KnownDevice, word: DeviceWord) -> float | None:
    is_other_unit = known.unit is not None and word.unit != known.unit
    return None if is_other_unit else word.amount


def _last_word(newest: DeviceWord | None) -> str:
    if newest is None:
        return ""
    whose = "the broker kept of it" if newest.is_retained else "it said"
    return f" (the last that {whose}: {newest.state or 'driven'}, {said_amount(newest)})"
