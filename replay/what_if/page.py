"""What each fault does, as one page for people: no script, nothing to load from elsewhere."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from replay.what_if.onlooker import AFTER_S
from replay.what_if.picture import picture
from replay.what_if.stand_ins import WHY
from replay.what_if.what_if import FaultRow
from stimulators.device_config import DeviceConfig

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 76em; padding: 0 1em; }
h2 { margin: 2em 0 0.2em; font-size: 1.15em; }
table { border-collapse: collapse; width: 100%; }
th, td { border-top: 1px solid #bbb; padding: 0.4em 0.6em; text-align: left; vertical-align: top; }
th { font-weight: 600; }
td ul { margin: 0; padding-left: 1.1em; }
svg { background: #fafafa; }
svg text { font: 9px system-ui, sans-serif; fill: #555; }
polyline { fill: none; }
.given { stroke: #b3261e; stroke-width: 2; }
.wished { stroke: #7a7a7a; stroke-dasharray: 3 3; }
.safe { stroke: #2e7d32; }
.driven { color: #b3261e; }
@media (prefers-color-scheme: dark) { body { background: #fff; color: #000; } }
"""
_HEADS = (
    "The rig was",
    "Noticed after",
    "Ten seconds later",
    "At the safe amount after",
    "What the operator is told",
    "The way back",
    "What was given",
)


def page(rows: Sequence[FaultRow], devices: Sequence[DeviceConfig], rig: str) -> str:
    """Return the page as XHTML that also is HTML.

    Parameters
    ----------
    rows : sequence of FaultRow
        Fault by fault.
    devices : sequence of DeviceConfig
        Of the rig.
    rig : str
        Its name.
    """
    title = f"What if: rig {escape(rig)}"
    sections = "".join(
        _section(tuple(each), devices) for _, each in groupby(rows, key=lambda row: row.fault)
    )
    return (
        '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head>'
        f'<meta charset="utf-8"/><title>{title}</title><style>{_STYLE}</style></head><body>'
        f"<h1>{title}</h1>{_introduction(rows, devices)}{sections}</body></html>\n"
    )


def stood_in(rows: Sequence[FaultRow]) -> tuple[str, ...]:
    """Return what stood in the place of which policy, a line each device."""
    return tuple(f"{name}: {text}" for name, text in rows[0].policies.items()) if rows else ()


def _introduction(rows: Sequence[FaultRow], devices: Sequence[DeviceConfig]) -> str:
    items = "".join(f"<li>{escape(_described(device))}</li>" for device in devices)
    policies = "".join(f"<li>{escape(each)}</li>" for each in stood_in(rows))
    return (
        "<p>Each fault below was tried from each state of the rig, in virtual time, with the "
        "program's own safety gate and its reference device; nothing here is written by hand. "
        "While a fault goes on the policy wants its lowest amount after one second, and its "
        "highest one again after two. "
        "Research software, not a medical device: this shows what the program does, not what a "
        "stimulator of another maker does.</p>"
        "<p>In the pictures the fault begins at the left edge. Red is what the device gave, dashed "
        "grey what the policy wanted, green the device's safe amount.</p>"
        f"<ul>{items}</ul><p>{escape(WHY)}</p><ul>{policies}</ul>"
    )


def _described(device: DeviceConfig) -> str:
    unit = "mA" if device.unit == "ma" else "level"
    return (
        f"Device {device.id}: at most {device.amount_max:g} {unit}, "
        f"{device.slew_per_s_max:g} {unit} a second; safe amount {device.safe_amount:g} {unit}, "
        f"after a stop at most {device.stop_amount:g} {unit}."
    )


def _section(rows: Sequence[FaultRow], devices: Sequence[DeviceConfig]) -> str:
    heads = "".join(f"<th>{head}</th>" for head in _HEADS)
    body = "".join(_line(row, devices) for row in rows)
    return (
        f"<h2>{escape(rows[0].fault.capitalize())}</h2><p>{escape(rows[0].sentence)}</p>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    )


def _line(row: FaultRow, devices: Sequence[DeviceConfig]) -> str:
    noticed = "nothing to notice" if row.noticed_s is None else f"{row.noticed_s:.2f} s"
    pictures = "".join(_picture(row, device) for device in devices)
    cells = (
        f"<td>{escape(row.state)}</td>",
        f"<td>{noticed}</td>",
        f"<td>{escape(row.state_after)}</td>",
        f"<td>{rest_of(row)}</td>",
        f"<td>{_list(row.sees)}</td>",
        f"<td>{_list(way_back_of(row))}</td>",
        f"<td>{pictures}</td>",
    )
    return f"<tr>{''.join(cells)}</tr>"


def rest_of(row: FaultRow) -> str:
    """Return when the devices were at rest, in words."""
    if row.at_rest_s is None:
        return "driven"
    return "it was" if row.at_rest_s == 0.0 else f"{row.at_rest_s:.2f} s"


def way_back_of(row: FaultRow) -> tuple[str, ...]:
    """Return what had to be done until the rig drove again, in words."""
    if row.drives_again_s is None:
        return (*row.way_back, "the rig did not drive again")
    steps = row.way_back or ("nothing: it drives on by itself",)
    return (*steps, f"drives {row.drives_again_s:.1f} s after the fault began")


def _list(texts: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>" if texts else ""


def _picture(row: FaultRow, device: DeviceConfig) -> str:
    return picture(
        row.amounts[device.id],
        row.wishes[device.id],
        safe=device.safe_amount,
        highest=device.amount_max,
        end_s=AFTER_S,
        title=f"device {device.id}: {row.fault}, from {row.state}",
    )
