"""What each device gave, in the words that implants' reports use."""

from collections.abc import Mapping
from typing import Any, Final

from stimloop.reporting.page import Section, Table
from stimloop.terminal.score_text import figure

_OF: Final = (
    "In the words of implants' reports. All of it is of the time in which the loop was closed."
)
_WORDS: Final = {
    "adaptive_percent": "Adaptive therapy, % of the time",
    "above_percent": "Above the upper threshold, %",
    "between_percent": "Between the thresholds, %",
    "below_percent": "Below the lower threshold, %",
    "mean_amount": "Mean amount while adaptive",
    "continuous_amount": "Continuous amount it is compared with",
    "reduction_percent": "Less than continuous, %",
    "switches": "Switches",
    "switches_per_h": "Switches an hour",
    "undone_within_onset": "Switches undone within one onset",
    "lasted_s": "Lasted, s",
    "adaptive_s": "Adaptive, s",
}


def therapy_section(therapy: Mapping[str, Mapping[str, Any]]) -> Section | None:
    """Return the section of what devices gave; None where no policy drives one."""
    if not therapy:
        return None
    rows: list[list[str]] = []
    for name, words in _WORDS.items():
        cells = [_cell(figures, name) for figures in therapy.values()]
        rows.append([words, *cells])
    heads = [
        "",
        *(
            f"{device}: {figures['policy']} ({figures['kind']})"
            + (f", {figures['unit']}" if figures["unit"] else "")
            for device, figures in therapy.items()
        ),
    ]
    return Section(
        title="Therapy",
        texts=[_OF],
        tables=[Table(heads, rows)],
    )


def _cell(figures: Mapping[str, Any], name: str) -> str:
    value = figures.get(name)
    if value is None:
        why = figures.get("not_applicable", {}).get(name)
        return f"none: {why}" if why else "-"
    return figure(float(value))
