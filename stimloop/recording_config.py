"""A configuration for a recording that comes without one: beta power and bursts of every signal."""

import re
from collections import Counter

from detectors.band_power import BandPowerConfig
from detectors.burst import BurstConfig, BurstThreshold
from detectors.quality import Kind
from replay.recording import RecordedStream, Recording
from stimloop.config import Config
from stimloop.errors import ConfigError
from streamer.config import RigSection
from streamer.streams import Match, StreamConfig

_BAND_HZ = (13.0, 30.0)
_CALIBRATE_S = 20.0
_KINDS: dict[str, Kind] = {
    "LFP": "lfp",
    "ECOG": "lfp",
    "IEEG": "lfp",
    "SEEG": "lfp",
    "EEG": "lfp",
    "EMG": "emg",
}


def config_for(recording: Recording) -> Config:
    """Return a configuration that detects beta bursts on every channel and drives nothing.

    Parameters
    ----------
    recording : Recording
        Its signals sampled above 60 Hz whose stream type is LFP, ECoG, EEG or EMG are taken;
        where there is none of these types, all that are fast enough, as LFP.

    Raises
    ------
    ConfigError
        Where there is no such signal.
    """
    signals = [each for each in recording.streams if _is_fit(each)]
    if not signals:
        raise ConfigError(
            f"{recording.path}: expected a signal sampled above {2 * _BAND_HZ[1]:g} Hz, found none"
        )
    signals = [each for each in signals if each.info.lsl_type.upper() in _KINDS] or signals
    names = Counter(each.info.lsl_name for each in signals)
    streams: list[StreamConfig] = []
    detectors: list[BandPowerConfig | BurstConfig] = []
    for place, signal in enumerate(signals, 1):
        info = signal.info
        name = info.lsl_name if names[info.lsl_name] == 1 else f"{info.lsl_name}_{place}"
        kind = _KINDS.get(info.lsl_type.upper(), "lfp")
        streams.append(StreamConfig(name=name, kind=kind, match=_match(signal)))
        beta = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:48] + "_beta"
        length_s = len(signal.timestamps_s) / info.rate_hz
        detectors.append(BandPowerConfig(id=beta, stream=name, band_hz=_BAND_HZ))
        detectors.append(
            BurstConfig(
                id=f"{beta}_burst",
                of=beta,
                threshold=BurstThreshold(
                    percentile=75.0, calibrate_s=min(_CALIBRATE_S, length_s / 3.0)
                ),
            )
        )
    return Config(
        rig=RigSection(name="recording"), streams=tuple(streams), detectors=tuple(detectors)
    )


def _is_fit(signal: RecordedStream) -> bool:
    return signal.is_signal and signal.info.rate_hz > 2.0 * _BAND_HZ[1] and signal.samples.size > 0


def _match(signal: RecordedStream) -> Match:
    info = signal.info
    return Match(
        name=info.lsl_name or None, type=info.lsl_type or None, source_id=info.source_id or None
    )
