"""Stimulation that falls into a detector's band is reported before a session."""

from typing import Any

import msgspec

from streamer.config import LoopConfig
from streamer.wiring.stimulation_bands import stimulation_in_bands
from tests.streamer.rigs import CONFIG


def _changed(table: str, **keys: object) -> LoopConfig:
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(CONFIG))
    plain[table][0] |= keys
    return msgspec.convert(plain, LoopConfig)


def test_harmonics_in_a_band_are_named_with_detector_program_and_rate() -> None:
    (told,) = stimulation_in_bands(CONFIG, {"LFP": 250.0, "cues": 0.0})
    assert told == (
        "detectors[0].band_hz: the stimulation lies within 13 to 30 Hz of 'beta': harmonic 4 at "
        "20 Hz, 6 at 30 Hz, of stn's program adbs (130 Hz) sampled at 250 Hz: see "
        "streams.artifacts"
    )


def test_where_no_harmonic_is_in_a_band_nothing_is_told() -> None:
    assert not list(stimulation_in_bands(CONFIG, {"LFP": 1000.0}))
    low = _changed("detectors", band_hz=[4.0, 8.0])
    assert not list(stimulation_in_bands(low, {"LFP": 250.0}))


def test_of_a_rate_that_is_not_known_nothing_is_told() -> None:
    assert not list(stimulation_in_bands(CONFIG, {}))


def test_a_rate_that_is_taken_off_is_no_news() -> None:
    removal = {"kind": "stimulation_period", "frequency_hz": 130.5}
    cleaned = _changed("streams", artifacts=[removal])
    assert not list(stimulation_in_bands(cleaned, {"LFP": 250.0}))
    other = _changed("streams", artifacts=[removal | {"frequency_hz": 160.0}])
    assert list(stimulation_in_bands(other, {"LFP": 250.0}))


def test_a_device_that_gives_no_pulses_is_nothing() -> None:
    light: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(CONFIG.devices[0]))
    for key in list(light):
        if key.endswith("_ma"):
            del light[key]
    limits = {
        key: value
        for key, value in light["limits"].items()
        if key.partition("_")[0] in {"refractory", "triggers", "commands", "on", "off", "rises"}
    }
    light |= {"safe_level": 0.0, "safe_program": "blink", "programs": {"blink": {}}}
    light["limits"] = limits | {"level_max": 1.0, "level_slew_per_s_max": 5.0}
    policy: dict[str, Any] = {"on_ma": None, "on_level": 0.5, "program": ""}
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(CONFIG))
    plain["devices"] = [light]
    plain["policies"][0] |= policy
    assert not list(stimulation_in_bands(msgspec.convert(plain, LoopConfig), {"LFP": 250.0}))
