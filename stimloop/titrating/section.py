"""The table of a titration in a rig's file, and the policies whose sign no titration supports."""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from stimloop.key_path import innermost
from stimulators.policies.amounts import program_of
from stimulators.policies.policy import MeasureRead

if TYPE_CHECKING:
    from stimulators.policies.policy import PolicyConfig
    from streamer.config import LoopConfig

_Text = Annotated[str, Meta(max_length=256)]
_N_DIGEST: Final = 16
#: Keys of a stream that say where it is found, and do not change what is measured.
_ADDRESS: Final = ("match",)


class TitrationSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `[[titrations]]` table: what was titrated, who did it and when, and what came of it.

    For the record: nothing that is detected or decided depends on it. It supports the
    `expected_sign` of policies that drive the same device, in the same program, by the same
    measure.

    Parameters
    ----------
    device, program : str
        What was given.
    of, channel, measure : str
        What was measured.
    session : str
        The session that it was computed from.
    operator, time_utc : str
        Who armed it, and when; empty where the rig armed by itself, or time was not a real one.
    simulated : bool
        Whether the device was: then it supports nothing of a real one.
    basis : str
        Digest of the detector and what it reads, and of the program's pulses: see `basis_of`.
    expected_sign : {"falls", "rises"}, optional
        What the measure does as the amount rises, where that was shown.
    p : float
        Of the test that shows it, or does not.
    lowest_amount, highest_amount : float, optional
        The amounts of the clean steps.
    upper_threshold, lower_threshold, single_threshold : float, optional
        By the published rule, in the unit of the measure.
    percentile_25, percentile_75 : float, optional
        Of the measure.
    """

    device: _Text
    of: _Text
    measure: _Text
    session: _Text
    p: Annotated[float, Meta(ge=0.0, le=1.0)]
    basis: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$")]
    program: _Text = ""
    channel: _Text = ""
    operator: _Text = ""
    time_utc: _Text = ""
    simulated: bool = False
    expected_sign: Literal["falls", "rises"] | None = None
    lowest_amount: float | None = None
    highest_amount: float | None = None
    upper_threshold: float | None = None
    lower_threshold: float | None = None
    single_threshold: float | None = None
    percentile_25: float | None = None
    percentile_75: float | None = None


def basis_of(config: "LoopConfig", *, of: str, device: str, program: str) -> str:
    """Return a digest of the settings on which a titration depends.

    That is the detector and all it reads (other detectors, the streams' montage, units and
    artifacts), and the pulses of the program. Which amplifier sends a stream is left out.

    Parameters
    ----------
    config : LoopConfig
        The rig.
    of : str
        Id of the detector.
    device, program : str
        What is given; an empty program is the device's first.
    """
    detectors = {each.id: each for each in config.detectors}
    streams = {each.name: each for each in config.streams}
    behind: dict[str, Any] = {}
    left = [("detector", of)]
    while left:
        kind, name = left.pop()
        found = detectors.get(name) if kind != "stream" else streams.get(name)
        key = f"{'stream' if kind == 'stream' else 'detector'} {name}"
        if found is None or key in behind:
            continue
        table = msgspec.to_builtins(found)
        if kind == "stream":
            table = {name: each for name, each in table.items() if name not in _ADDRESS}
        else:
            left += [(each.kind, each.name) for each in detectors[name].reads]
        behind[key] = table
    driven = next((each for each in config.devices if each.id == device), None)
    pulses = None if driven is None else driven.programs.get(program_of(program, driven))
    encoded = msgspec.json.encode([behind, msgspec.to_builtins(pulses)], order="sorted")
    return hashlib.sha256(encoded).hexdigest()[:_N_DIGEST]


def unsupported_signs(
    config: "LoopConfig", titrations: tuple[TitrationSection, ...]
) -> Iterator[str]:
    """Yield a line for each `expected_sign` of a real device that no titration supports.

    Parameters
    ----------
    config : LoopConfig
        The rig.
    titrations : tuple of TitrationSection
        Those of its file; of several of the same the newest session counts.
    """
    devices = {each.id: each for each in config.devices}
    for index, policy in enumerate(config.policies):
        path, table = innermost(f"$.policies[{index}]", policy)
        sign: str | None = getattr(table, "expected_sign", None)
        device = devices.get(getattr(table, "device", ""))
        if sign is None or device is None or device.simulated:
            continue
        why = _why_not(config, table, sign, titrations)
        if why:
            yield (
                f"policy {policy.id!r}: {path}.expected_sign: expected {sign!r} to be supported by "
                f"a titration of {device.id!r}, found {why}: run `stimloop titrate`, and put the "
                "[[titrations]] that it writes into this file"
            )


def _why_not(
    config: "LoopConfig",
    table: "PolicyConfig",
    sign: str,
    titrations: tuple[TitrationSection, ...],
) -> str:
    """Return why no titration supports the sign of a policy; empty where one does."""
    name, program = getattr(table, "device", ""), getattr(table, "program", "")
    device = next(each for each in config.devices if each.id == name)
    program = program_of(program, device)
    measures = {
        (each.detector, each.channel, each.measure)
        for each in table.reads
        if isinstance(each, MeasureRead)
    }
    if len(measures) != 1:
        return f"that it follows {len(measures)} measures, of which a titration shows one"
    ((of, channel, measure),) = measures
    if _is_turned(table):
        sign = "rises" if sign == "falls" else "falls"
    alike = [
        each
        for each in titrations
        if (each.device, each.of, each.measure) == (name, of, measure)
        and program_of(each.program, device) == program
        and (not channel or channel == each.channel)
    ]
    real = [each for each in alike if not each.simulated]
    if not real:
        return "one of a simulated device" if alike else "none"
    newest = max(real, key=lambda each: each.session)
    if newest.expected_sign is None:
        return f"that session {newest.session} shows no sign (p = {newest.p:.3g})"
    if newest.expected_sign != sign:
        return f"that session {newest.session} shows {newest.expected_sign!r}"
    if newest.basis != basis_of(config, of=of, device=name, program=program):
        return f"that session {newest.session} had another detector, stream or pulses"
    return ""


def _is_turned(table: "PolicyConfig") -> bool:
    """Return whether a policy follows the measure with a negative weight."""
    weights = [
        feature.weight * feature.multiplier
        for discriminant in getattr(table, "discriminants", ())
        for feature in discriminant.features
    ]
    return bool(weights) and all(each < 0.0 for each in weights)
