"""The file of a rig that levels of muscles give: a stream and its EMG detectors; drives nothing."""

from collections.abc import Iterator
from typing import Any, Final

from msgspec.structs import replace

from detectors.emg.bursts.config import MuscleBurstsConfig
from detectors.emg.co_contraction_config import CoContractionConfig
from detectors.emg.spectrum.config import MuscleSpectrumConfig
from detectors.emg.states.config import MuscleStateConfig
from replay.calibration.emg.calibrate import MuscleCalibration
from replay.recording import Recording
from stimloop.config import Config
from stimloop.library.validation.inspection import tables_of
from stimloop.recording_config import match_of
from stimloop.short_toml import short_toml
from stimloop.terminal.plain_text import plain
from streamer.config import RigSection

_N_DIGITS: Final = 4
#: Edges of the envelopes that the detectors have by default.
_POSTURE_HZ: Final = 6.0
_BURSTS_HZ: Final = 20.0


def muscle_lines(found: MuscleCalibration) -> Iterator[str]:
    """Yield what was found, for a person."""
    for label, each in found.muscles.items():
        posture, bursts = each.rest[_POSTURE_HZ], each.rest[_BURSTS_HZ]
        reference = "no reference contraction"
        if each.reference_uv is not None:
            reference = (
                f"reference {each.reference_uv:.3g} µV, {each.reference_uv / posture.mean_uv:.1f} "
                f"times rest ({each.reference_s:.1f} s)"
            )
        yield (
            f"{label} of {found.stream}: rest {posture.mean_uv:.3g} µV, SD {posture.sd_uv:.2g} at "
            f"6 Hz and {bursts.sd_uv:.2g} at 20 Hz ({each.rest_s:.1f} s); {reference}"
        )
    if found.bandwidth_hz is not None:
        yield f"bandwidth of the EMG: {found.bandwidth_hz:.0f} Hz"
    yield "Research features, not a diagnosis."


def muscle_fragment(found: MuscleCalibration, recording: Recording, unit: str | None = None) -> str:
    """Return the file as TOML, what was found as comments above.

    `stimloop run`, `replay` and `config check` take it as it is.

    Parameters
    ----------
    found : MuscleCalibration
        What was found.
    recording : Recording
        The recording it is of.
    unit : str, optional
        Unit of every EMG channel, whatever the recording says.
    """
    lines = [f"Levels of muscles of {found.path}.", *muscle_lines(found)]
    lines += [f"Doubtful: {each}" for each in found.warnings]
    comments = "".join(f"# {plain(line)}\n" for line in lines)
    return f"{comments}\n{short_toml(muscle_rig(found, recording, unit))}"


def muscle_rig(found: MuscleCalibration, recording: Recording, unit: str | None = None) -> Config:
    """Return the same as a configuration."""
    tables = tables_of(recording, unit)
    number = [each.name for each in tables].index(found.stream)
    chosen = recording.streams[number]
    stream = replace(tables[number], match=match_of(chosen, recording), kind="emg")
    labels = tuple(found.muscles)
    posture: dict[str, Any] = {
        "stream": found.stream,
        "channels": labels,
        **_levels(found, _POSTURE_HZ),
    }
    bursts: dict[str, Any] = {
        "stream": found.stream,
        "channels": labels,
        **_levels(found, _BURSTS_HZ),
    }
    detectors: list[Any] = []
    if len(labels) > 1:
        width_hz = found.bandwidth_hz and _rounded(found.bandwidth_hz)
        detectors.append(CoContractionConfig(id="posture", bandwidth_hz=width_hz, **posture))
        if set(bursts["reference_uv"]) == set(labels):
            detectors.append(MuscleStateConfig(id="state", bandwidth_hz=width_hz, **bursts))
    pairs = (labels[:2],) if len(labels) == 2 else ()
    detectors.append(MuscleBurstsConfig(id="bursts", pairs=pairs, **bursts))
    detectors.append(MuscleSpectrumConfig(id="drive", **posture))
    return Config(rig=RigSection(name="emg"), streams=(stream,), detectors=tuple(detectors))


def _levels(found: MuscleCalibration, envelope_hz: float) -> dict[str, dict[str, float]]:
    muscles = found.muscles.items()
    return {
        "rest_uv": {label: _rounded(each.rest[envelope_hz].mean_uv) for label, each in muscles},
        "rest_sd_uv": {label: _rounded(each.rest[envelope_hz].sd_uv) for label, each in muscles},
        "reference_uv": {
            label: _rounded(each.reference_uv)
            for label, each in muscles
            if each.reference_uv is not None
        },
    }


def _rounded(value: float) -> float:
    return float(f"{value:.{_N_DIGITS}g}")
