"""What is unknown of a stream before it is found is never reported as a mistake."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from stimloop.checking.loops import of_detectors
from stimloop.checking.names import of_names
from stimloop.checking.parts import Parts
from stimloop.config import Config, build_loop, load
from stimloop.errors import ConfigError
from streamer.source import StreamInfo
from tests.stimloop.checking.changed import LAB

_ROOT = Path(__file__).parents[3]
_FILES = [_ROOT / "config.toml", *sorted((_ROOT / "docs" / "examples").glob("*.toml"))]


def _as_of_strangers(config: Config, *, with_rates: bool) -> Config:
    """Return the rig as if nothing, or only the rates, were known of its streams."""
    streams = tuple(
        msgspec.structs.replace(
            each,
            channels=(),
            rate_hz=1000.0 if with_rates and each.kind != "markers" else None,
        )
        for each in config.streams
    )
    return msgspec.structs.replace(config, streams=streams, patient=None)


@pytest.mark.parametrize("with_rates", [False, True])
@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.name)
def test_a_rig_that_holds_holds_when_less_is_known_of_its_streams(
    file: Path, *, with_rates: bool
) -> None:
    parts = Parts.of_config(_as_of_strangers(load(file), with_rates=with_rates))
    assert list(of_names(parts)) == []
    assert list(of_detectors(parts, {})) == []


@pytest.mark.parametrize(
    ("rate", "band", "is_found"),
    [("", "[200.0, 800.0]", False), ("rate_hz = 1000.0", "[200.0, 800.0]", True)],
)
def test_a_band_is_held_against_a_rate_that_is_written_whatever_the_channels(
    tmp_path: Path, rate: str, band: str, *, is_found: bool
) -> None:
    file = tmp_path / "rig.toml"
    text = LAB.replace("rate_hz = 1000.0", rate).replace("[13.0, 30.0]", band)
    text = text.replace('channels = ["STN_L_1", "STN_L_2", "STN_L_3"]\n', "")
    file.write_text(text, encoding="utf-8")
    if not is_found:
        load(file)
        return
    with pytest.raises(ConfigError, match=r"\$\.detectors\[0\]\.band_hz: expected at most 500 Hz"):
        load(file)


def test_streams_that_were_found_give_all_that_does_not_fit_at_once_with_the_tables_named(
    tmp_path: Path,
) -> None:
    file = tmp_path / "rig.toml"
    file.write_text(LAB.replace("[3.0, 8.0]", "[300.0, 800.0]"), encoding="utf-8")
    config = load(file)
    made: dict[str, Any] = {"dtype": "float32"}
    labels = ("STN_L_1", "STN_L_2", "STN_L_3")
    infos = [
        StreamInfo(name="LFP", rate_hz=500.0, channels=labels, units=("uV",) * 3, **made),
        StreamInfo(name="EMG", rate_hz=1000.0, channels=("APB",), units=("mV",), **made),
        StreamInfo(name="Events", rate_hz=0.0, channels=("m",), units=("",), dtype="string"),
    ]
    with pytest.raises(ConfigError) as told:
        build_loop(file, config, infos, session="s")
    assert told.value.lines == (
        f"{file}: stream 'LFP': $.streams[0].rate_hz: expected 1000 Hz, found 500 Hz",
        f"{file}: detector 'tremor': $.detectors[2].channels[0]: expected one of APB, found 'FDI'",
    )
