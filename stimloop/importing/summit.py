"""The importer of Summit RC+S's `adaptive_config.json`: a policy of kind `linear_discriminant`.

The keys are those of openmind-consortium/App-aDBS-ResearchFacingApp. What they count by is from
openmind-consortium/Analysis-rcs-data: an update lasts `UpdateRate` powers, blanking is in powers,
onset, termination and hold-off are in updates, and 65536 of a rise or fall is 1 mA/s.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stimloop.checking.mistakes import Mistake
from stimloop.checking.wording import listed, shown
from stimloop.importing.importer import Imported, Importer, RefusedError, read_as
from stimloop.importing.summit_file import (
    HOLD_MA,
    ONE_MA_PER_S,
    OneDiscriminantFile,
    SummitDiscriminant,
    SummitProgram,
    TwoDiscriminantsFile,
)

_NAME: Final = "summit"
_KEYS: Final = ("Detection", "Adaptive", "DetectionConfig")


def convert(document: Mapping[str, Any]) -> Imported:
    """Return a file's policy, and remarks on the parts of the file without a counterpart.

    Raises
    ------
    RefusedError
        With every value that cannot be.
    """
    _require_version(document)
    uses_both = _uses_second(document)
    file = read_as(TwoDiscriminantsFile if uses_both else OneDiscriminantFile, document)
    discriminants = {"LD0": file.Detection.LD0}
    if uses_both:
        discriminants["LD1"] = file.Detection.LD1
    used = file.Adaptive.used
    name, program = next(iter(used.items()), ("Program0", file.Adaptive.Program0))
    path = f"$.Adaptive.{name}"
    states = _states(discriminants, program)
    wrong = [*_wrong_program(path, program, states)]
    if wrong:
        raise RefusedError(wrong)
    policy = {
        "id": _NAME,
        "kind": "linear_discriminant",
        "device": _NAME,
        "states_ma": ["hold" if each == HOLD_MA else each for each in states],
        "rise_ma_per_s": program.RiseTimes / ONE_MA_PER_S,
        "fall_ma_per_s": program.FallTimes / ONE_MA_PER_S,
        "discriminants": [_discriminant(each) for each in discriminants.values()],
    }
    warnings = [
        *_of_rig(path, discriminants),
        *_of_discriminants(discriminants),
        *_of_programs(path, program, states, list(used)[1:]),
        *_of_rates(path, program, file.Adaptive.Rates),
    ]
    return Imported({"policies": [policy]}, warnings)


def _require_version(document: Mapping[str, Any]) -> None:
    if "DetectionConfig" in document:
        raise RefusedError(
            [
                Mistake(
                    "$.DetectionConfig",
                    "expected Detection as adaptive_config.json has it, found a record of a "
                    "session's DeviceSettings.json, whose numbers are scaled",
                )
            ]
        )
    if "Version" in document:
        raise RefusedError(
            [
                Mistake(
                    "$.Version",
                    "expected none, as in adaptive_config.json of App-aDBS-ResearchFacingApp, "
                    f"found {shown(document['Version'])}: this is another program's file",
                )
            ]
        )


def _uses_second(document: Mapping[str, Any]) -> bool:
    detection = document.get("Detection")
    second = detection.get("LD1") if isinstance(detection, dict) else None
    return isinstance(second, dict) and second.get("IsEnabled") is True


def _states(discriminants: Mapping[str, SummitDiscriminant], program: SummitProgram) -> list[float]:
    """Return the amplitude of each state that the policy has; hold where it cannot be reached."""
    n_first, *n_second = (each.n_levels for each in discriminants.values())
    n_rows = 3 if n_second else 1
    return [
        program.amplitudes_ma[3 * row + column]
        if column < n_first and row < (n_second[0] if n_second else 1)
        else HOLD_MA
        for row in range(n_rows)
        for column in range(3)
    ]


def _discriminant(of: SummitDiscriminant) -> dict[str, Any]:
    table: dict[str, Any] = {"lower_threshold": of.B0}
    if of.DualThreshold:
        table["upper_threshold"] = of.B1
    return table | {
        "update_features": of.UpdateRate,
        "onset_updates": of.OnsetDuration,
        "termination_updates": of.TerminationDuration,
        "holdoff_updates": of.HoldOffOnStartupTime,
        "blanking_features": of.StateChangeBlankingUponStateChange,
        "blanks_both": of.BlankBothLD,
        "features": [
            {
                "of": _detector(name),
                "measure": "power",
                "weight": of.WeightVector[position],
                "multiplier": of.NormalizationMultiplyVector[position],
                "subtrahend": of.NormalizationSubtractVector[position],
            }
            for position, name in enumerate(of.Inputs.names)
        ],
    }


def _detector(name: str) -> str:
    """Return the id of the detector of an input.

    >>> _detector("Ch0Band1")
    'ch0_band1'
    """
    return name.lower().replace("band", "_band")


def _wrong_program(path: str, program: SummitProgram, states: list[float]) -> Iterator[Mistake]:
    amplitudes = {each for each in states if each != HOLD_MA}
    if len(amplitudes) < 2:
        found = f"{amplitudes.pop():g} in each" if amplitudes else "hold (25.5) in each"
        yield Mistake(
            path,
            f"expected two different amplitudes among the states that are reached, found {found}",
        )
    for key in ("RiseTimes", "FallTimes"):
        if getattr(program, key) == 0:
            yield Mistake(
                f"{path}.{key}",
                f"expected a whole number above 0 ({ONE_MA_PER_S} is 1 mA/s), found 0",
            )


def _of_rig(path: str, discriminants: Mapping[str, SummitDiscriminant]) -> Iterator[Mistake]:
    yield Mistake(
        path, f'drives the device "{_NAME}" here: write the id of the rig\'s own in its place'
    )
    yield Mistake(
        path,
        'the file does not say expected_sign: write "falls" or "rises" (what '
        "discriminants[0] does as the amplitude rises), which a device that is not simulated needs",
    )
    told = set()
    for name, each in discriminants.items():
        for feature in each.Inputs.names:
            if feature not in told:
                yield Mistake(
                    f"$.Detection.{name}.Inputs.{feature}",
                    f'the rig needs a detector "{_detector(feature)}" of kind band_power: its '
                    "band is in sense_config.json, and hop_s is the FftInterval there",
                )
            told.add(feature)


def _of_discriminants(discriminants: Mapping[str, SummitDiscriminant]) -> Iterator[Mistake]:
    for name, each in discriminants.items():
        path = f"$.Detection.{name}"
        yield Mistake(
            f"{path}.B0",
            "thresholds are in the implant's own unit of power, of which the scale is not "
            "published, and were taken as they stand: set them anew in the unit of the detector",
        )
        if each.FractionalFixedPointValue:
            yield Mistake(
                f"{path}.FractionalFixedPointValue",
                f"the implant rounds to {each.FractionalFixedPointValue} binary places, which has "
                "no counterpart: numbers are not rounded",
            )
        for position, feature in enumerate(each.Inputs.names):
            if each.factor(position) == 0.0:
                yield Mistake(
                    f"{path}.Inputs.{feature}", "is true and counts for nothing: its weight is 0"
                )


def _of_programs(
    path: str, program: SummitProgram, states: list[float], others: list[str]
) -> Iterator[Mistake]:
    for other in others:
        yield Mistake(
            f"$.Adaptive.{other}", "left out: a device gives one program at a time, here the first"
        )
    reached = [*states, *[HOLD_MA] * (len(program.amplitudes_ma) - len(states))]
    for state, amplitude_ma in enumerate(program.amplitudes_ma):
        if amplitude_ma != reached[state]:
            yield Mistake(
                f"{path}.State{state}AmpInMilliamps",
                f"{amplitude_ma:g} was left out, as no discriminant leads to this state",
            )


def _of_rates(
    path: str, program: SummitProgram, rates: Mapping[str, Any] | None
) -> Iterator[Mistake]:
    if program.RateTargetInHz is not None:
        yield Mistake(
            f"{path}.RateTargetInHz",
            f"belongs to the program of the device: frequency_hz = {program.RateTargetInHz:g}",
        )
    if rates is None:
        return
    found = [each.get("RateTargetInHz") for each in rates.values() if isinstance(each, dict)]
    told = listed(dict.fromkeys(f"{each:g}" for each in found if isinstance(each, int | float)))
    yield Mistake(
        "$.Adaptive.Rates",
        "a rate for each state has no counterpart: the program of the device has one frequency_hz "
        f"(the file says {told})",
    )


IMPORTER: Final = Importer(
    format="Summit RC+S adaptive configuration",
    recognizes=lambda document: any(key in document for key in _KEYS),
    convert=convert,
)
