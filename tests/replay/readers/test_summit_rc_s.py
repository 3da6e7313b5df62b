"""Summit RC+S: packets by their ticks over rollovers, losses as gaps, and what is wrong told."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from replay import readers
from replay.recording import RecordedStream, RecordingError
from tests.replay.recordings import whole

_SAMPLES_MV = np.random.default_rng(11).normal(0.0, 0.02, (2, 4000)).round(6)
_SECOND = 650_739_204
_UNIX_MS = 1_602_632_979_000
_INFO = {"ApiVer": "1.6.0.0", "DeviceId": "NPC1", "HostUnixTime": _UNIX_MS, "SessionId": "1"}


def header(ticks: int, sequence: int, *, data_type: int = 1) -> dict[str, Any]:
    """Return a header at so many ticks of 100 µs after the session's first second."""
    return {
        "dataSize": 100,
        "dataType": data_type,
        "dataTypeSequence": sequence % 256,
        "globalSequence": 3 * sequence % 256,
        "info": 1,
        "systemTick": (48_000 + ticks) % 65_536,
        "timestamp": {"seconds": _SECOND + ticks // 10_000},
        "user1": 0,
        "user2": 1,
    }


def time_domain(ticks: int, sequence: int, first: int, n_samples: int = 25) -> dict[str, Any]:
    """Return a packet of two channels at 250 Hz; the first ones know no time of the computer."""
    known = _UNIX_MS + ticks // 10 if sequence > 2 else -62_135_568_000_000
    values = _SAMPLES_MV[:, first : first + n_samples]
    return {
        "Header": header(ticks, sequence),
        "PacketGenTime": known,
        "PacketRxUnixTime": _UNIX_MS + ticks // 10 + 60,
        "ChannelSamples": [
            {"Key": key, "Value": values[number].tolist()} for number, key in enumerate((0, 2))
        ],
        "DebugInfo": 1,
        "EvokedMarker": [],
        "IncludedChannels": 5,
        "SampleRate": 0,
        "Units": "millivolts",
    }


def packets_at(ticks: Sequence[int]) -> list[dict[str, Any]]:
    return [time_domain(tick, number, 25 * number) for number, tick in enumerate(ticks)]


def write_packets(
    path: Path, packets: list[dict[str, Any]], section: str = "TimeDomainData"
) -> None:
    path.write_text(json.dumps([{"RecordInfo": _INFO, section: packets}]), "utf-8")


def write_settings(folder: Path) -> None:
    inputs = [(8, 2), (4, 1), (1, 0), (128, 16)]
    channels = [{"plusInput": plus, "minusInput": minus, "sampleRate": 0} for plus, minus in inputs]
    sensing = {"timeDomainChannels": channels, "fftConfig": {"interval": 100, "size": 1}}
    record = {"RecordInfo": _INFO, "UtcOffset": -7, "SensingConfig": sensing}
    (folder / "DeviceSettings.json").write_text(json.dumps([record]), "utf-8")


def write_example(path: Path) -> None:
    """Write 160 packets of time domain, whose ticks roll over twice, and what stands beside."""
    folder = path.parent
    ticks = [1000 * (number + 1) for number in range(160)]
    write_packets(path, packets_at(ticks))
    write_settings(folder)
    power = [
        {
            "Header": header(tick, number, data_type=32),
            "PacketGenTime": _UNIX_MS + tick // 10,
            "PacketRxUnixTime": _UNIX_MS,
            "Bands": [number, 2 * number, 0, 0, 0, 0, 0, 7],
            "FftSize": 1,
            "SampleRate": 0,
            "ValidDataMask": 255,
        }
        for number, tick in enumerate(ticks[10:])
    ]
    write_packets(folder / "RawDataPower.json", power, "PowerDomainData")
    status = {"featureInputs": [5, 0, 0, 0], "fixedDecimalPoint": 0, "highThreshold": 150}
    status |= {"lowThreshold": 100, "output": 5}
    log = [
        {
            "RecordInfo": _INFO,
            "AdaptiveUpdate": {
                "Header": header(tick, number, data_type=48),
                "PacketGenTime": _UNIX_MS + tick // 10,
                "CurrentAdaptiveState": number % 3,
                "CurrentProgramAmplitudesInMilliamps": [1.5, 0, 0, 0],
                "Ld0Status": status,
                "Ld1Status": status | {"output": 9},
                "StimRateInHz": 130,
            },
        }
        for number, tick in enumerate(ticks[20::5])
    ]
    (folder / "AdaptiveLog.json").write_text(json.dumps(log), "utf-8")
    acceleration = [
        {
            "Header": header(tick, number, data_type=2),
            "PacketGenTime": _UNIX_MS + tick // 10,
            "XSamples": [0.1] * 8,
            "YSamples": [0.2] * 8,
            "ZSamples": [number] * 8,
            "SampleRate": 0,
        }
        for number, tick in enumerate(range(1250, 100_000, 1250))
    ]
    write_packets(folder / "RawDataAccel.json", acceleration, "AccelData")
    event: dict[str, Any] = {
        "EventName": "UserCustom",
        "EventType": "Start : Montage",
        "EventSubType": "1\r\n2",
    }
    event |= {"UnixOnsetTime": _UNIX_MS + 2000, "UnixOffsetTime": _UNIX_MS + 2000}
    record = [{"RecordInfo": _INFO, "Event": event}]
    (folder / "EventLog.json").write_text(json.dumps(record), "utf-8")


def streams_of(path: Path) -> dict[str, RecordedStream]:
    return {each.info.lsl_name: each for each in readers.open(path).streams}


def write_folder(folder: Path) -> None:
    write_example(folder / "RawDataTD.json")


def test_a_folder_is_its_streams_on_one_clock(tmp_path: Path) -> None:
    write_folder(tmp_path)
    found = streams_of(tmp_path)
    assert {name: (each.info.lsl_type, each.info.rate_hz) for name, each in found.items()} == {
        "TimeDomain": ("LFP", 250.0),
        "Power": ("Power", 10.0),
        "Accelerometer": ("Accelerometer", 64.0),
        "Adaptive": ("Adaptive", 2.0),
        "EventLog": ("Markers", 0.0),
    }
    signal = found["TimeDomain"]
    assert signal.info.channels == ("key0 +3-1", "key2 +8-case")
    assert signal.info.units == ("uV", "uV")
    samples: Any
    samples, stamps_s = whole(signal)
    np.testing.assert_allclose(samples, _SAMPLES_MV.T * 1000.0, rtol=1e-12)
    expected_s = _SECOND - 24 / 250 + np.arange(4000) / 250.0
    np.testing.assert_allclose(stamps_s, expected_s, rtol=0.0, atol=1e-6)
    power, power_s = whole(found["Power"])
    assert (power[3].tolist(), power.shape) == ([3, 6, 0, 0, 0, 0, 0, 7], (150, 8))
    np.testing.assert_allclose(power_s, _SECOND + 1.0 + np.arange(150) / 10.0, rtol=0, atol=1e-6)
    adaptive = found["Adaptive"]
    row = dict(zip(adaptive.info.channels, whole(adaptive).samples[4], strict=True))
    assert (row["state"], row["amplitude_program0"], row["detector1_output"]) == (1.0, 1.5, 9.0)
    assert whole(found["Accelerometer"]).samples[8].tolist() == [0.1, 0.2, 1.0]
    texts, onsets_s = whole(found["EventLog"])
    assert texts.ravel().tolist() == ["Start : Montage 1 2"]
    assert onsets_s.tolist() == [(_UNIX_MS + 2000) / 1000.0]
    (offset_s,) = signal.clock.offsets_s
    assert offset_s + _SECOND == pytest.approx(_UNIX_MS / 1000.0 + 0.1, abs=1e-6)


def test_any_file_of_packets_stands_for_its_folder(tmp_path: Path) -> None:
    write_folder(tmp_path)
    expected = [each.info for each in readers.open(tmp_path).streams]
    for name in ("RawDataPower.json", "DeviceSettings.json"):
        found = readers.open(tmp_path / name)
        assert [each.info for each in found.streams] == expected
    (tmp_path / "notes.json").write_text("{}", "utf-8")
    with pytest.raises(RecordingError, match=r"Summit RC\+S \(\.json\)\), found suffix \.json"):
        readers.open(tmp_path / "notes.json")


def test_packets_that_are_lost_are_a_gap_over_any_rollover(tmp_path: Path) -> None:
    # Three packets are lost, then nothing comes for 2 minutes and 100 packets.
    ticks = [1000, 2000, 6000, 7000, 1_207_000, 1_208_000]
    numbers = [0, 1, 5, 6, 107, 108]
    packets = [
        time_domain(tick, number, 25 * at)
        for at, (tick, number) in enumerate(zip(ticks, numbers, strict=True))
    ]
    write_packets(tmp_path / "RawDataTD.json", packets)
    found = readers.open(tmp_path)
    assert found.warnings == ("103 of 109 packets of TimeDomain are missing, by their count",)
    (stream,) = found.streams
    assert stream.info.channels == ("key0", "key2")
    last_s = whole(stream).timestamps_s[24::25]
    np.testing.assert_allclose(last_s, _SECOND - 0.1 + np.array(ticks) / 1e4, rtol=0.0, atol=1e-6)


def test_packets_double_late_or_of_another_year_are_put_right_and_told(tmp_path: Path) -> None:
    packets = packets_at([1000 * (number + 1) for number in range(8)])
    packets[3], packets[4] = packets[4], packets[3]
    packets.insert(6, packets[5])
    stray = time_domain(9000, 8, 0)
    stray["Header"]["timestamp"]["seconds"] = 12
    wrong: list[dict[str, Any]] = [{"Header": {}}, {"ChannelSamples": 3}]
    write_packets(tmp_path / "RawDataTD.json", [*packets, stray, *wrong])
    found = readers.open(tmp_path)
    assert found.warnings == (
        "2 packets of RawDataTD.json cannot be read and are left out",
        "1 packets of TimeDomain are of another date and left out",
        "1 packets of TimeDomain came twice; one of each is left out",
        "1 packets of TimeDomain came late, and are put in their order",
    )
    samples: Any
    samples, stamps_s = whole(found.streams[0])
    np.testing.assert_allclose(samples, _SAMPLES_MV[:, :200].T * 1000.0, rtol=1e-12)
    np.testing.assert_allclose(np.diff(stamps_s), 0.004, atol=1e-6)


def test_another_rate_or_set_of_channels_is_another_stream(tmp_path: Path) -> None:
    packets = packets_at([1000, 2000, 3000, 4000])
    packets[2]["SampleRate"] = packets[3]["SampleRate"] = 1
    write_packets(tmp_path / "RawDataTD.json", packets)
    found = streams_of(tmp_path)
    assert {name: each.info.rate_hz for name, each in found.items()} == {
        "TimeDomain 250 Hz 0-2": 250.0,
        "TimeDomain 500 Hz 0-2": 500.0,
    }


def test_a_file_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "RawDataTD.json"
    write_packets(path, packets_at([1000 * (number + 1) for number in range(8)]))
    path.write_bytes(path.read_bytes()[:-400])
    found = readers.open(path)
    assert found.warnings == ("RawDataTD.json breaks off after 7 packets",)
    assert found.streams[0].n_samples == 7 * 25


def test_a_session_without_packets_is_one_line(tmp_path: Path) -> None:
    write_packets(tmp_path / "RawDataTD.json", [])
    with pytest.raises(RecordingError, match=r"expected packets in one of RawDataTD\.json, .*none"):
        readers.open(tmp_path)


@pytest.mark.parametrize("junk", [None, [], {}, "x", -1, 1e300, True])
def test_whatever_stands_in_a_place_of_a_packet_is_read_or_told(junk: Any, tmp_path: Path) -> None:
    path = tmp_path / "RawDataTD.json"
    for key in time_domain(1000, 3, 0):
        packets = packets_at([1000, 2000, 3000, 4000])
        packets[1][key] = junk
        write_packets(path, packets)
        for stream in readers.open(path).streams:
            assert np.isfinite(whole(stream).timestamps_s).all()
