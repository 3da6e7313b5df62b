"""Warns before a session of stimulation whose harmonics fall into a detector's band."""

from collections.abc import Iterator, Mapping, Sequence

from detectors.bands.aliasing import aliased_harmonics, bands_of
from detectors.conditioning.artifacts.path import AnyArtifactConfig
from detectors.conditioning.artifacts.stimulation_period import StimulationPeriodConfig
from detectors.detector import DetectorConfig
from stimulators.device_config import DeviceConfig
from streamer.config import LoopConfig


def stimulation_in_bands(config: LoopConfig, rates_hz: Mapping[str, float]) -> Iterator[str]:
    """Yield a line for each program of a device that has a harmonic in a detector's band.

    Parameters
    ----------
    config : LoopConfig
        The rig.
    rates_hz : mapping of str to float
        Rate of each stream that is known, by name; 0 where it has none.

    Notes
    -----
    Not of programs whose rate is taken off the stream by a `StimulationPeriodConfig`.
    """
    cleaned = {stream.name: stream.artifacts for stream in config.streams}
    for device in config.devices:
        for index, detector in enumerate(config.detectors):
            for reads in detector.reads:
                rate_hz = rates_hz.get(reads.name, 0.0) if reads.kind == "stream" else 0.0
                if rate_hz > 0.0:
                    programs = _left_in(device, cleaned.get(reads.name, ()))
                    for told in _of_detector(detector, programs, rate_hz):
                        yield f"detectors[{index}].{told}: see streams.artifacts"


def _left_in(device: DeviceConfig, artifacts: Sequence[AnyArtifactConfig]) -> dict[str, float]:
    """Return the pulse rates of a device's programs that no artifact step removes, by name."""
    removed = [each for each in artifacts if isinstance(each, StimulationPeriodConfig)]
    return {
        f"{device.id}'s program {name}": program.frequency_hz
        for name, program in device.programs.items()
        if program.frequency_hz is not None
        and not any(
            abs(each.frequency_hz - program.frequency_hz) <= each.search_hz for each in removed
        )
    }


def _of_detector(
    detector: DetectorConfig, programs: Mapping[str, float], rate_hz: float
) -> Iterator[str]:
    for band in bands_of(detector):
        for name, frequency_hz in programs.items():
            found = aliased_harmonics(frequency_hz, rate_hz, (band.low_hz, band.high_hz))
            where = ", ".join(f"{each.harmonic} at {each.frequency_hz:g} Hz" for each in found)
            if found:
                yield (
                    f"{band.key}: the stimulation lies within {band.low_hz:g} to "
                    f"{band.high_hz:g} Hz of {detector.id!r}: harmonic {where}, of {name} "
                    f"({frequency_hz:g} Hz) sampled at {rate_hz:g} Hz"
                )
