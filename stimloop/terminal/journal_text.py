"""Entries of a journal as lines: time, kind, device, and the text of the entry."""

from datetime import tzinfo
from typing import Any, Final

from replay.explanation.entries import Entry
from replay.explanation.session_times import SessionTimes

#: Columns that have a position of their own in a line, or repeat another one.
_ELSEWHERE: Final = (
    *("text", "amount", "unit", "value", "threshold", "time_s", "onset_s", "seq"),
    *("limit", "limit_share", "runner_up", "runner_up_share"),
)
#: Columns whose name says nothing that their value does not.
_PLAIN: Final = ("stream", "detector", "channel", "operator")


def entry_line(entry: Entry, times: SessionTimes, zone: tzinfo | None = None) -> str:
    """Return one entry as a line.

    Parameters
    ----------
    entry : Entry
        The entry.
    times : SessionTimes
        Of its session.
    zone : tzinfo, optional
        Of the times; this machine's without.
    """
    what = entry.what if entry.what != entry.kind else ""
    device = f"{entry.device}: " if entry.device else ""
    named = " ".join(each for each in (entry.kind, what) if each)
    said = entry_text(entry)
    line = f"{times.text(entry.since_s, zone)}  {entry.record:>7}  {named:<20}  {device}{said}"
    return line.rstrip(" :")


def entry_text(entry: Entry) -> str:
    """Return the text of an entry, without its time, kind and device."""
    columns = entry.columns
    parts = [f"seq {columns['seq']}" if "seq" in columns else "", _amount(columns)]
    # What the gate sends by itself is compared with nothing.
    is_own = entry.kind == "command" and "detector" not in columns
    parts.append("" if is_own else _compared(columns))
    parts += [
        str(each) if name in _PLAIN else f"{name.replace('_', ' ')} {_value(each)}"
        for name, each in columns.items()
        if name not in _ELSEWHERE
    ]
    parts += [_binds(columns), str(columns.get("text", ""))]
    return ", ".join(each for each in parts if each)


def _amount(columns: dict[str, Any]) -> str:
    if "amount" not in columns:
        return ""
    unit = f" {columns['unit']}" if columns.get("unit") else ""
    return f"{columns['amount']:g}{unit}"


def _compared(columns: dict[str, Any]) -> str:
    if "value" not in columns:
        return ""
    against = f" against {columns['threshold']:.4g}" if "threshold" in columns else ""
    return f"{columns['value']:.4g}{against}"


def _binds(columns: dict[str, Any]) -> str:
    """Return the limits that bind most, with the share of each that is used."""
    names = [name for name in ("limit", "runner_up") if name in columns]
    shares = [f"{columns[each]} {100.0 * columns[f'{each}_share']:.0f} %" for each in names]
    return f"binds {', then '.join(shares)}" if shares else ""


def _value(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
