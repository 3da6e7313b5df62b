"""A rig whose tables do not fit together is refused, with the key."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from detectors.conditioning.artifacts.saturation import SaturationConfig
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from tests.streamer.rigs import CONFIG, INFOS, SESSION


def _plain() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(CONFIG))
    return found


def _changed(table: str, index: int, **keys: object) -> LoopConfig:
    plain = _plain()
    plain[table][index] |= keys
    return msgspec.convert(plain, LoopConfig)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (
            {"of": "beta"},
            r"policies[0].of: expected a detector that gives 'is_on' (burst), found 'beta', which",
        ),
        ({"of": "x"}, r"policies[0].of: expected a detector (beta, burst), found 'x'"),
        ({"channel": "GPi"}, r"policies[0].channel: expected one of STN, found 'GPi'"),
        ({"device": "x"}, r"policies[0].device: expected one of stn, found 'x'"),
        ({"program": "x"}, r"policies[0].program: expected one of adbs, found 'x'"),
        ({"on_ma": 4.0}, r"policies[0].on_ma: expected from 0 to 3"),
    ],
)
def test_a_policy_that_does_not_fit_is_refused(keys: Mapping[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=r"^policies\[0\]\.") as error:
        ClosedLoop(_changed("policies", 0, **keys), INFOS, SESSION)
    assert str(error.value).startswith(text)


def test_two_channels_need_a_choice() -> None:
    config = _changed("detectors", 0, channels=["STN", "ref"])
    with pytest.raises(ValueError, match=r"policies\[0\].channel: expected one of STN, ref, found"):
        ClosedLoop(config, INFOS, SESSION)


@pytest.mark.parametrize("repeated", ["device", "id"])
def test_two_policies_share_neither_device_nor_id(repeated: str) -> None:
    plain = _plain()
    other = "stn" if repeated == "device" else "stn_right"
    plain["devices"].append(plain["devices"][0] | {"id": "stn_right"})
    plain["policies"].append(plain["policies"][0] | {"device": other})
    if repeated == "device":
        plain["policies"][1]["id"] = "other"
    with pytest.raises(ValueError, match=rf"policies\[1\]\.{repeated}: expected"):
        ClosedLoop(msgspec.convert(plain, LoopConfig), INFOS, SESSION)


def test_a_stream_in_an_unknown_unit_is_refused_with_its_place() -> None:
    info = msgspec.structs.replace(INFOS[0], units=("bananas", ""))
    with pytest.raises(ValueError, match=r"streams\[0\]\.unit: .*'bananas' for channel STN"):
        ClosedLoop(CONFIG, (info, INFOS[1]), SESSION)


def test_a_unit_is_asked_of_the_channels_that_are_used_and_of_no_other() -> None:
    of_another = msgspec.structs.replace(INFOS[0], units=("uV", "bananas"))
    assert ClosedLoop(CONFIG, (of_another, INFOS[1]), SESSION).wirings
    of_its_own = msgspec.structs.replace(INFOS[0], units=("", "uV"))
    with pytest.raises(ValueError, match="no unit of voltage") as told:
        ClosedLoop(CONFIG, (of_its_own, INFOS[1]), SESSION)
    assert str(told.value) == (
        "detectors[0].channels[0]: expected one of ref, found 'STN', which has no unit of "
        'voltage: where its numbers are microvolts, write unit = "uV" in the table of stream LFP'
    )


def test_a_stream_that_no_detector_reads_needs_no_unit() -> None:
    config = msgspec.structs.replace(CONFIG, detectors=(), policies=(), devices=())
    info = msgspec.structs.replace(INFOS[0], units=("", ""))
    layout = ClosedLoop(config, (info, INFOS[1]), SESSION).conditioners["LFP"].layout
    assert layout.channels == ("STN", "ref")


def test_a_label_in_other_capitals_is_told_with_the_one_that_is_there() -> None:
    config = _changed("detectors", 0, channels=["stn"])
    with pytest.raises(ValueError, match=r"found 'stn' \(there is 'STN': capital and small"):
        ClosedLoop(config, INFOS, SESSION)


def test_a_detector_of_a_stream_that_is_no_signal_is_refused() -> None:
    config = _changed("detectors", 0, stream="cues")
    with pytest.raises(ValueError, match=r"detectors\[0\]\.stream: expected a regular stream"):
        ClosedLoop(config, INFOS, SESSION)


def test_a_stream_without_a_rate_is_a_marker_stream_whatever_it_is_called() -> None:
    config = msgspec.structs.replace(CONFIG, detectors=(), policies=(), devices=())
    info = msgspec.structs.replace(INFOS[0], rate_hz=0.0)
    assert ClosedLoop(config, (info, INFOS[1]), SESSION).conditioners == {}


def test_artifacts_of_a_stream_without_samples_are_refused() -> None:
    # Easily written by mistake: the table goes with the last [[streams]] above it.
    cues = msgspec.structs.replace(CONFIG.streams[1], artifacts=(SaturationConfig(),))
    config = msgspec.structs.replace(CONFIG, streams=(CONFIG.streams[0], cues))
    text = r"^streams\[1\]\.artifacts: expected none where there are no samples, found 1$"
    with pytest.raises(ValueError, match=text):
        ClosedLoop(config, INFOS, SESSION)
