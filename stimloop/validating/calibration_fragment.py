"""The file of a rig that a calibration gives: stream, band power and bursts; it drives nothing."""

import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from detectors.bursts.burst import BurstConfig, BurstThreshold
from detectors.power.band_power import BandPowerConfig
from replay.calibration.calibrated import Calibration
from replay.recording import Recording
from stimloop.config import Config
from stimloop.library.validation.inspection import tables_of
from stimloop.recording_config import match_of
from stimloop.short_toml import short_toml
from stimloop.terminal.plain_text import plain
from stimloop.validating.calibration_text import calibration_lines
from streamer.config import RigSection

_N_DIGITS: Final = 6
#: Names of bands by the frequency of a peak, in hertz.
_NAMES: Final = ((4.0, "delta"), (8.0, "theta"), (13.0, "alpha"), (35.0, "beta"))


def fragment(found: Calibration, recording: Recording, unit: str | None = None) -> str:
    """Return the file as TOML, what was found as comments above.

    `stimloop run`, `replay` and `config check` take it as it is. A policy and a device, whose
    limits only who drives it can write, are added below; the comments have what they need.

    Parameters
    ----------
    found : Calibration
        What was found.
    recording : Recording
        The recording it is of.
    unit : str, optional
        Unit of every LFP channel, whatever the recording says.
    """
    comments = "".join(f"# {line}\n" for line in _comments(found))
    return f"{comments}\n{short_toml(rig_of(found, recording, unit))}"


def rig_of(found: Calibration, recording: Recording, unit: str | None = None) -> Config:
    """Return the same as a configuration."""
    tables = tables_of(recording, unit)
    number = [each.name for each in tables].index(found.stream)
    chosen = recording.streams[number]
    stream = replace(
        tables[number],
        match=match_of(chosen, recording),
        montage=() if found.montage is None else (found.montage,),
        kind=found.kind,
    )
    name = band_name(found.peak.frequency_hz)
    power = BandPowerConfig(
        id=name,
        stream=stream.name,
        channels=(found.channel,),
        band_hz=found.band_hz,
        window_s=found.window_s,
        hop_s=found.hop_s,
    )
    level = float(f"{found.level_of(75):.{_N_DIGITS}g}")
    burst = BurstConfig(id=f"{name}_burst", of=name, threshold=BurstThreshold(level=level))
    return Config(
        rig=RigSection(name=_rig_name(recording)), streams=(stream,), detectors=(power, burst)
    )


def band_name(frequency_hz: float) -> str:
    """Return what a rhythm of this frequency is called.

    >>> band_name(18.5), band_name(65.0)
    ('beta', 'gamma')
    """
    return next((name for below_hz, name in _NAMES if frequency_hz < below_hz), "gamma")


def _rig_name(recording: Recording) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", recording.path.stem).strip("-")[:32] or "calibrated"


def _comments(found: Calibration) -> Iterator[str]:
    yield plain(f"Calibrated on {found.path}: {found.good_s:.1f} s of good samples,")
    yield f"{found.n_surrogates} surrogates, seed {found.seed}."
    for line in calibration_lines(found):
        yield plain(line)
    for warning in found.warnings:
        yield plain(f"Doubtful: {warning}")
    upper, lower = (float(f"{found.level_of(each):.{_N_DIGITS}g}") for each in (75, 25))
    name = band_name(found.peak.frequency_hz)
    onset = ""
    if found.onset_s is not None:
        onset = f", onset_upper_s = onset_lower_s = {found.onset_s:.3g}"
    yield f'A policy of kind "dual_threshold" would have of = "{name}",'
    yield f"upper_threshold = {upper:g}, lower_threshold = {lower:g}{onset},"
    yield f"averaging_s = {found.averaging_s:g}, and a device whose limits you write."
