"""The therapy of a session as lines, in the words of implants' reports."""

from collections.abc import Iterator, Mapping
from typing import Any

_HOUR_S = 3600.0
_MINUTE_S = 60.0


def therapy_lines(therapy: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each device that a policy drives, and what of it does not apply.

    Parameters
    ----------
    therapy : mapping
        What `summary.json` has under ``therapy``.
    """
    for device, told in therapy.items():
        yield f"{device}: policy {told['policy']} ({told['kind']}): {_figures(told)}"
        by_reason: dict[str, list[str]] = {}
        for name, why in told["not_applicable"].items():
            by_reason.setdefault(why, []).append(name.removesuffix("_percent").replace("_", " "))
        if told["adaptive_s"] > 0.0:
            for why, names in by_reason.items():
                yield f"{device}: does not apply: {', '.join(names)}: {why}"


def _figures(told: Mapping[str, Any]) -> str:
    if told["adaptive_s"] <= 0.0:
        return "the loop was never closed"
    adaptive = f"adaptive for {_duration(told['adaptive_s'])} ({told['adaptive_percent']:.1f} %)"
    sides = [
        f"{told[f'{side}_percent']:.1f} % {side}"
        for side in ("above", "between", "below")
        if told[f"{side}_percent"] is not None
    ]
    parts = [adaptive, ", ".join(sides), _amounts(told), _switches(told)]
    return "; ".join(each for each in parts if each)


def _amounts(told: Mapping[str, Any]) -> str:
    if told["mean_amount"] is None:
        return ""
    unit = f" {told['unit']}" if told["unit"] else ""
    reduction = told["reduction_percent"]
    than = "less" if reduction >= 0.0 else "more"
    return (
        f"mean {told['mean_amount']:.3g}{unit}, {abs(reduction):.1f} % {than} than continuous "
        f"({told['continuous_amount']:g}{unit})"
    )


def _switches(told: Mapping[str, Any]) -> str:
    if told["switches"] is None:
        return ""
    per_h = told["switches_per_h"]
    text = f"{per_h:.0f} switches an hour" if per_h >= 100.0 else f"{per_h:.3g} switches an hour"
    if told["undone_within_onset"] is None:
        return text
    return (
        f"{text}, {told['undone_within_onset']} of {told['switches']} undone within one onset "
        f"({told['onset_s']:g} s)"
    )


def _duration(seconds: float) -> str:
    """Return a duration as people say it.

    >>> _duration(12.3), _duration(95.0), _duration(7260.0)
    ('12.3 s', '1 min 35 s', '2 h 1 min')
    """
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S:.0f} min {seconds % _MINUTE_S:.0f} s"
    return f"{seconds // _HOUR_S:.0f} h {seconds % _HOUR_S // _MINUTE_S:.0f} min"
