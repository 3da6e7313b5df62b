"""The channels of a stream as BIDS describes them: type, unit, and whether each was good."""

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from detectors.conditioning.units import is_voltage_unit, microvolts_per, unit_of
from stimloop.sharing.material import SharedSession

#: Share of flawed samples from which on a channel is bad.
BAD_SHARE: Final = 0.5
#: Types of channels that this writes, and what MNE calls each.
MNE_TYPES: Final = {
    "DBS": "dbs",
    "SEEG": "seeg",
    "ECOG": "ecog",
    "EEG": "eeg",
    "EMG": "emg",
    "EOG": "eog",
    "ECG": "ecg",
    "TRIG": "stim",
    "MISC": "misc",
}
_WORDS: Final = {
    "not_finite": "not a number",
    "frozen": "repeats one value",
    "saturated": "at its rail",
    "implausible": "of an amplitude that its unit cannot have",
}


class Channel(NamedTuple):
    """One channel of a file.

    Parameters
    ----------
    name : str
        Its label.
    type : str
        As BIDS has it.
    unit : str
        Of the samples in the file; ``n/a`` where nobody said.
    factor : float
        From the stream's numbers to that unit.
    status, status_description : str
        ``good`` or ``bad``, and why.
    """

    name: str
    type: str
    unit: str
    factor: float
    status: str
    status_description: str


def channels_of(
    session: SharedSession, stream: str, chosen: Mapping[str, str], *, in_microvolts: bool
) -> list[Channel]:
    """Return the channels of a stream in its order.

    Parameters
    ----------
    session : SharedSession
        The session.
    stream : str
        The stream.
    chosen : mapping of str to str
        Types that somebody said, by label.
    in_microvolts : bool
        Whether voltages are converted; else each keeps its own unit, and its numbers.

    Notes
    -----
    Of an LFP stream a voltage is ``ECOG`` where its label says so, else ``DBS``; of an EMG stream
    ``EMG``; what is no voltage is ``MISC``. A channel is bad where more than half of its samples
    are flawed.
    """
    config, info = session.streams[stream], session.infos[stream]
    units = info.units or ("",) * len(info.channels)
    flaws, n_samples = session.flaws(stream), session.times[stream].n_samples
    found: list[Channel] = []
    for label, said in zip(info.channels, units, strict=True):
        unit, factor = _unit(config.unit or said, in_microvolts=in_microvolts)
        shares = {
            each.kind: (each.samples or 0) / n_samples for each in flaws.get(label, ()) if n_samples
        }
        is_bad = max(shares.values(), default=0.0) > BAD_SHARE
        kind = chosen.get(label) or _type(config.kind, label, is_voltage=math.isfinite(factor))
        found.append(
            Channel(
                name=label,
                type=kind,
                unit=unit,
                factor=factor if math.isfinite(factor) else 1.0,
                status="bad" if is_bad else "good",
                status_description=", ".join(
                    f"{_WORDS[each]} {100.0 * share:.2g} %" for each, share in shares.items()
                )
                or "n/a",
            )
        )
    return found


def table(
    channels: Sequence[Channel],
    rate_hz: float,
    *,
    reference: str,
    names: Sequence[str],
    muscles: Mapping[str, str] | None,
) -> str:
    """Return `*_channels.tsv`.

    Parameters
    ----------
    channels : sequence of Channel
        In the order of the file.
    rate_hz : float
        Of the file.
    reference : str
        What they are referenced to.
    names : sequence of str
        Their labels in the file, which may be shorter.
    muscles : mapping of str to str, optional
        Of EMG, the muscle of those of which it is known.
    """
    columns = [
        "name",
        "type",
        "units",
        "low_cutoff",
        "high_cutoff",
        "reference",
        "description",
        "sampling_frequency",
        "status",
        "status_description",
        *(["target_muscle"] if muscles is not None else []),
    ]
    lines = ["\t".join(columns)]
    for channel, name in zip(channels, names, strict=True):
        kind = {"DBS": "contact of a lead for deep brain stimulation"}.get(channel.type, "n/a")
        described = kind if name == channel.name else f"in the stream: {channel.name}"
        values = (
            name,
            channel.type,
            channel.unit,
            "n/a",
            "n/a",
            reference if channel.type not in {"MISC", "TRIG"} else "n/a",
            described,
            f"{rate_hz:.12g}",
            channel.status,
            channel.status_description,
            *([muscles.get(channel.name, "n/a")] if muscles is not None else []),
        )
        lines.append("\t".join(" ".join(each.split()) for each in values))
    return "\n".join(lines) + "\n"


def _unit(said: str, *, in_microvolts: bool) -> tuple[str, float]:
    """Return the unit in the file and the factor to it, NaN where it is no voltage."""
    if not is_voltage_unit(said):
        return " ".join(said.split()) or "n/a", math.nan
    factor = microvolts_per(said)
    own = unit_of(factor)
    return ("uV", factor) if in_microvolts or own is None else (own, 1.0)


def _type(kind: str, label: str, *, is_voltage: bool) -> str:
    if not is_voltage:
        return "MISC"
    if kind == "emg":
        return "EMG"
    return "ECOG" if "ecog" in label.lower() else "DBS"
