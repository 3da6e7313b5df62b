"""Amounts as text: the range that a device may give, and the age of its newest report."""

from stimulators.wire.messages import DeviceBelief


def amount_text(belief: DeviceBelief | None, unit: str) -> str:
    """Return what a device may give now: ``?``, an amount, or a range.

    Parameters
    ----------
    belief : DeviceBelief or None
        What the gate holds it to give; None where it does not know the device.
    unit : {"ma", "mA", "level", ""}
        The device's unit; empty where it is not known.
    """
    if belief is None or belief.lowest is None or belief.highest is None:
        return "?"
    lowest, highest = f"{belief.lowest:.2f}", f"{belief.highest:.2f}"
    suffix = " mA" if unit.lower() == "ma" else ""
    return f"{highest}{suffix}" if lowest == highest else f"{lowest}-{highest}{suffix}"


def age_text(age_s: float | None) -> str:
    """Return the age of a device's newest report, as text."""
    if age_s is None:
        return "no word yet"
    return f"{age_s:.1f} s ago" if age_s < 100.0 else f"{age_s:.0f} s ago"
