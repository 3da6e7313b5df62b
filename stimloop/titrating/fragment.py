"""The files of a titration: a TOML fragment for the file of the rig, and JSON."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import tomli_w

from replay.titration.recorded import RecordedStaircase
from replay.titration.titration import Titration
from stimloop.short_toml import table_of
from stimloop.terminal.plain_text import plain
from stimloop.titrating.section import TitrationSection, basis_of

#: Transitions of Percept's dual mode; a choice and no result of a titration.
_UP_S: Final = 150.0
_DOWN_S: Final = 300.0
_N_DIGITS: Final = 6
#: The longest name that the file of a rig may have.
_N_NAME_MAX: Final = 256


def section_of(recorded: RecordedStaircase, found: Titration) -> TitrationSection:
    """Return the table that the file of the rig keeps of a titration."""
    follows, limits = found.controllability, found.thresholds
    return TitrationSection(
        device=found.device,
        program=found.program,
        of=found.detector,
        channel=found.channel,
        measure=found.measure,
        session=found.session,
        operator=found.operator[:_N_NAME_MAX],
        time_utc=_time_utc(recorded),
        simulated=found.is_simulated,
        basis=basis_of(
            recorded.config, of=found.detector, device=found.device, program=found.program
        ),
        expected_sign=follows.sign,
        p=_rounded(follows.p_rises if follows.sign == "rises" else follows.p_falls) or 0.0,
        lowest_amount=None if limits is None else limits.lowest_amount,
        highest_amount=None if limits is None else limits.highest_amount,
        upper_threshold=None if limits is None else _rounded(limits.upper_threshold),
        lower_threshold=None if limits is None else _rounded(limits.lower_threshold),
        single_threshold=None if limits is None else _rounded(limits.single_threshold),
        percentile_25=None if limits is None else _rounded(limits.percentile_25),
        percentile_75=None if limits is None else _rounded(limits.percentile_75),
    )


def fragment(recorded: RecordedStaircase, found: Titration) -> str:
    """Return the fragment: `[[titrations]]`, and where a sign was shown a policy by it.

    A rig's file whose device has no policy takes it as it is; where it has one, that one's
    thresholds are to be replaced and the fragment's policy left out.
    """
    section = section_of(recorded, found)
    unit = found.unit or "the unit of the measure"
    lines = [
        # Channels are labelled by whoever sends them: a line break would begin a key.
        plain(f"# {found.measure} of {found.detector} ({found.channel}) under {found.device}."),
        plain(f"# Thresholds are in {unit}, by the means at both limits."),
        *(plain(f"# {each}") for each in found.warnings),
        tomli_w.dumps({"titrations": [table_of(section)]}),
    ]
    policy = _policy(recorded, section)
    if policy is not None:
        lines += [
            "# The transitions are those of an implant's dual mode: choose your own.",
            tomli_w.dumps({"policies": [policy]}),
        ]
    return "\n".join(lines)


def as_json(found: Titration) -> dict[str, Any]:
    """Return the result as plain data; what is endless or no number is None."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return plain


def _policy(recorded: RecordedStaircase, section: TitrationSection) -> dict[str, Any] | None:
    if section.upper_threshold is None or section.lower_threshold is None:
        return None
    device = next(each for each in recorded.config.devices if each.id == section.device)
    unit = device.unit
    # The way up must be over long before the time above the safe amount is.
    longest_s = 0.5 * device.limits.on_time_s_max
    return {
        "id": "titrated",
        "kind": "dual_threshold",
        "of": section.of,
        "channel": section.channel,
        "measure": section.measure,
        "device": section.device,
        **({"program": section.program} if section.program else {}),
        f"lowest_{unit}": section.lowest_amount,
        f"highest_{unit}": section.highest_amount,
        "upper_threshold": section.upper_threshold,
        "lower_threshold": section.lower_threshold,
        "transition_up_s": min(_UP_S, longest_s),
        "transition_down_s": _DOWN_S,
        "expected_sign": section.expected_sign,
    }


def _time_utc(recorded: RecordedStaircase) -> str:
    """Return when the first step began; empty where the session's clock was not a real one."""
    offset_us, hops = recorded.utc_offset_us, recorded.hops
    if offset_us is None or not hops.time_s.size:
        return ""
    first = recorded.attempts[0].start_sample if recorded.attempts else 0
    at = min(int(hops.sample.searchsorted(first)), hops.time_s.size - 1)
    when_s = float(hops.time_s[at]) + offset_us / 1e6
    return datetime.fromtimestamp(when_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_N_DIGITS}g}")
