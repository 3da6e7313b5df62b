"""Session reports: packets by their ticks, both sides at once, one clock, and damage told."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from replay import readers
from replay.readers.implants.percept.ticks import ROLLOVER_S
from replay.recording import RecordedStream, RecordingError
from tests.replay.recordings import whole

_SAMPLES_UV = np.random.default_rng(5).normal(0.0, 10.0, (2, 5000)).round(4)
_DATE = "2024-03-14T10:05:52.000Z"


def time_domain(
    ticks_ms: Sequence[int],
    channel: str = "ONE_THREE_RIGHT",
    *,
    date: str = _DATE,
    row: int = 0,
    **keys: Any,
) -> dict[str, Any]:
    """Return a run of packets of 62 and 63 samples, each with the tick of its end."""
    sizes = [62 + number % 2 for number in range(len(ticks_ms))]
    sequences = [3 * (number // 2) + number % 2 for number in range(len(ticks_ms))]
    return {
        "Pass": "",
        "GlobalSequences": "".join(f"{each}," for each in sequences),
        "GlobalPacketSizes": "".join(f"{each}," for each in sizes),
        "TicksInMses": "".join(f"{each}," for each in ticks_ms),
        "Channel": channel,
        "Gain": 227,
        "FirstPacketDateTime": date,
        "SampleRateInHz": 250,
        "TimeDomainData": _SAMPLES_UV[row, : sum(sizes)].tolist(),
    } | keys


def log(ticks_ms: Sequence[int], channel: str = "ONE_THREE_RIGHT", **keys: Any) -> dict[str, Any]:
    """Return a run of the log: power counts up, the right side is at 1.5 mA."""
    return {
        "Channel": channel,
        "FirstPacketDateTime": _DATE,
        "SampleRateInHz": 2,
        "LfpData": [
            {
                "Seq": 2 + 3 * (number // 2),
                "TicksInMs": tick,
                "Right": {"LFP": 600 + number, "mA": 1.5},
                "Left": {"LFP": 0, "mA": 2.5},
            }
            for number, tick in enumerate(ticks_ms)
        ],
    } | keys


def write(path: Path, **sections: Any) -> Path:
    report = {"AbnormalEnd": False, "FeatureInformationCode": "--", **sections}
    path.write_text(json.dumps(report), "utf-8")
    return path


def write_example(path: Path) -> None:
    """Write both sides of two runs, and the log of the first."""
    first, second = range(310_250, 314_251, 250), range(320_000, 323_001, 250)
    late = "2024-03-14T10:06:02.000Z"
    write(
        path,
        BrainSenseTimeDomain=[
            time_domain(first, "ZERO_TWO_LEFT"),
            time_domain(first, row=1),
            time_domain(second, "ZERO_TWO_LEFT", date=late, row=1),
            time_domain(second, date=late),
        ],
        BrainSenseLfp=[log(range(310_500, 314_001, 500), "ZERO_TWO_LEFT,ONE_THREE_RIGHT")],
    )


def streams_of(path: Path) -> dict[str, RecordedStream]:
    return {each.info.lsl_name: each for each in readers.open(path).streams}


def test_both_sides_are_one_stream_and_log_and_amplitude_stand_beside(tmp_path: Path) -> None:
    write_example(tmp_path / "report.json")
    found = streams_of(tmp_path / "report.json")
    assert {name: (each.info.lsl_type, each.info.units) for name, each in found.items()} == {
        "BrainSenseTimeDomain ZERO_TWO_LEFT ONE_THREE_RIGHT": ("LFP", ("uV", "uV")),
        "BrainSenseLfp power ZERO_TWO_LEFT ONE_THREE_RIGHT": ("Power", ("lsb", "lsb")),
        "BrainSenseLfp amplitude LEFT RIGHT": ("Amplitude", ("mA", "mA")),
    }
    signal, power, amplitude = map(whole, found.values())
    n_first = 8 * 125 + 62
    np.testing.assert_array_equal(signal.samples[:n_first], _SAMPLES_UV[:, :n_first].T)
    assert power.samples[:2].tolist() == [[0.0, 600.0], [0.0, 601.0]]
    assert amplitude.samples[-1].tolist() == [2.5, 1.5]
    assert power.timestamps_s.tolist() == amplitude.timestamps_s.tolist()
    assert power.timestamps_s[[0, -1]].tolist() == [310.5, 314.0]


def test_a_tick_is_that_of_the_last_sample_of_its_packet(tmp_path: Path) -> None:
    ticks = [1000, 1250, 1500, 2250]
    (stream,) = streams_of(
        write(tmp_path / "a.json", BrainSenseTimeDomain=[time_domain(ticks)])
    ).values()
    stamps_s = whole(stream).timestamps_s
    np.testing.assert_allclose(stamps_s[[61, 124, 186, 249]], [1.0, 1.25, 1.5, 2.25])
    np.testing.assert_allclose(stamps_s[0], 1.0 - 61 / 250)
    # Sequence numbers that alternate are no loss; the two packets that are not there are a gap.
    steps_s = np.diff(stamps_s)
    assert np.flatnonzero(steps_s > 0.01).tolist() == [186]
    assert steps_s[186] == pytest.approx(0.5, abs=0.004)


def test_a_section_that_is_one_run_alone_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", BrainSenseTimeDomain=time_domain([500, 750]))
    assert [each.n_samples for each in streams_of(path).values()] == [125]


@pytest.mark.parametrize(
    ("date", "expected_s"),
    [
        # Ticks rolled over twice: dates say so; without one it is once.
        ("2024-03-14T11:50:00.000Z", 2 * ROLLOVER_S + 5.0),
        ("3794-71-89T17:13:29.768Z", ROLLOVER_S + 5.0),
        # Ticks began anew: an hour later is another 628 s than they say.
        ("2024-03-14T11:05:52.000Z", 310.25 + 3600.0),
    ],
)
def test_runs_are_placed_by_ticks_and_dates(date: str, expected_s: float, tmp_path: Path) -> None:
    runs = [time_domain([310_250, 310_500]), time_domain([5000, 5250], date=date)]
    found = readers.open(write(tmp_path / "a.json", BrainSenseTimeDomain=runs))
    stamps_s = whole(found.streams[0]).timestamps_s
    assert stamps_s[125 + 61] == pytest.approx(expected_s)
    told = (
        "$.BrainSenseTimeDomain[1].FirstPacketDateTime: expected a date, found "
        f"'{date}': its start follows from its ticks alone"
    )
    assert found.warnings == ((told,) if date.startswith("3794") else ())


def test_ticks_that_roll_over_within_a_run_go_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", BrainSenseTimeDomain=[time_domain([3_276_750, 200])])
    (stream,) = streams_of(path).values()
    np.testing.assert_allclose(whole(stream).timestamps_s[[61, 124]], [3276.75, 3277.0])


@pytest.mark.parametrize(
    ("told", "keys"),
    [
        (
            "GlobalPacketSizes: expected 2 sizes that add up to 125, found 2 that add up to 126",
            {"GlobalPacketSizes": "63,63"},
        ),
        ("TicksInMses: expected ticks that rise steadily, found others", {"TicksInMses": "9,8"}),
        ("TicksInMses: expected the tick of each packet, found none", {"TicksInMses": ""}),
        ("TicksInMses and GlobalPacketSizes: could not convert", {"TicksInMses": "1,x"}),
    ],
)
def test_packets_that_do_not_go_with_the_samples_are_told(
    told: str, keys: dict[str, Any], tmp_path: Path
) -> None:
    run = time_domain([500, 750], **keys)
    found = readers.open(write(tmp_path / "a.json", BrainSenseTimeDomain=[run]))
    (warning,) = found.warnings
    assert warning.startswith(f"$.BrainSenseTimeDomain[0].{told}")
    assert warning.endswith(": samples are counted at 250 Hz")
    np.testing.assert_allclose(np.diff(whole(found.streams[0]).timestamps_s), 0.004)


def test_a_run_that_cannot_be_read_is_left_out_with_its_path(tmp_path: Path) -> None:
    runs = [time_domain([500, 750]), time_domain([1000, 1250], SampleRateInHz="fast")]
    found = readers.open(write(tmp_path / "a.json", BrainSenseTimeDomain=runs))
    assert found.streams[0].n_samples == 125
    (warning,) = found.warnings
    assert warning.endswith("expected `float`, got `str`: the run is left out")
    assert warning.startswith("$.BrainSenseTimeDomain[1].SampleRateInHz: ")


def test_what_is_no_report_or_has_no_such_run_is_one_line(tmp_path: Path) -> None:
    tests = [time_domain([500, 750], TicksInMses="")] * 2
    with pytest.raises(RecordingError, match=r"found \$\.SenseChannelTests: 2 runs without ticks"):
        readers.open(write(tmp_path / "a.json", SenseChannelTests=tests))
    (tmp_path / "b.json").write_text('{"FeatureInformationCode": ', "utf-8")
    with pytest.raises(RecordingError, match=r"expected a session report in JSON: "):
        readers.open(tmp_path / "b.json")


def test_the_shared_report_gives_its_four_runs(data_dir: Path) -> None:
    found = readers.open(data_dir / "percept-json" / "report_from_rda.json")
    assert [each.info.lsl_name for each in found.streams[3:]] == [
        "TherapySnapshot",
        "EventLogs",
        "GroupHistory",
    ]
    signal, power, amplitude = found.streams[:3]
    assert (signal.n_samples, power.n_samples, amplitude.n_samples) == (118_375, 944, 944)
    stamps_s = whole(signal).timestamps_s
    assert np.flatnonzero(np.diff(stamps_s) > 0.005).tolist() == [51_374, 52_874, 83_999]
    assert stamps_s[124] == whole(power).timestamps_s[0] == 310.25
    assert [each.partition(":")[0] for each in found.warnings] == [
        "$.LfpMontageTimeDomain",
        "$.SenseChannelTests",
        "$.CalibrationTests",
    ]


def test_a_report_of_scrambled_digits_is_read_and_all_of_it_told(data_dir: Path) -> None:
    found = readers.open(data_dir / "percept-json" / "Report_MOCK1_old_invalid_dates.json")
    assert [(each.info.rate_hz, each.n_samples) for each in found.streams[:3]] == [
        (912.0, 34_600),
        (2.0, 690),
        (2.0, 690),
    ]
    assert [each.partition(":")[0] for each in found.warnings] == [
        "$.BrainSenseTimeDomain.FirstPacketDateTime",
        "$.BrainSenseTimeDomain.GlobalPacketSizes",
        "$.BrainSenseLfp.FirstPacketDateTime",
        "$.BrainSenseLfp.LfpData",
        "$.DiagnosticData.LFPTrendLogs.HemisphereLocationDef_Left",
        "$.DiagnosticData.LFPTrendLogs.HemisphereLocationDef_Right",
        "$.DiagnosticData.LfpFrequencySnapshotEvents",
        "$.DiagnosticData.LfpFrequencySnapshotEvents (LEFT)",
        "$.DiagnosticData.EventLogs",
        "$.GroupHistory",
        "$.EventSummary",
    ]
    assert found.warnings[5].endswith(
        ": 857 of 858 entries have no date that is one, and are left out"
    )


def logs() -> dict[str, Any]:
    """Return the logs of two days, out of order, a patient's event and earlier settings."""
    rows = [
        {"DateTime": f"2024-03-{day:02}T0{hour}:00:00Z", "LFP": 10 * day + hour}
        | {"AmplitudeInMilliAmps": hour / 10}
        for day, hour in ((14, 8), (14, 9), (12, 8), (12, 9))
    ]
    spectrum = {
        "DateTime": "2024-03-12T08:30:30Z",
        "FFTBinData": [0.5, 2.5],
        "Frequency": [0, 0.98],
    }
    event = {"DateTime": "2024-03-12T08:30:00Z", "EventName": "Off\nagain", "LFP": True}
    program = {"AmplitudeInMilliAmps": 1.5, "PulseWidthInMicroSecond": 60, "RateInHertz": 130}
    sides = {"RightHemisphere": {"Programs": [program]}}
    group = {"GroupId": "GroupIdDef.GROUP_A", "ActiveGroup": True, "ProgramSettings": sides}
    return {
        "DiagnosticData": {
            "LFPTrendLogs": {"HemisphereLocationDef_Right": {"one": rows[:2], "two": rows[2:]}},
            "LfpFrequencySnapshotEvents": [
                event | {"LfpFrequencySnapshotEvents": {"HemisphereLocationDef_Right": spectrum}}
            ],
            "EventLogs": [{"DateTime": "2024-03-14T10:00:00Z", "SessionType": "A.SessionStart"}],
        },
        "GroupHistory": [{"SessionDate": "2024-03-01T10:00:00Z", "Groups": [group]}],
        "EventSummary": {
            "SessionEndDate": "2024-03-14T10:00:00Z",
            "Ereignisse": [{"EventName": "Off", "EventCount": 1}],
        },
    }


def test_logs_of_days_stand_on_the_clock_of_the_runs(tmp_path: Path) -> None:
    run = time_domain([310_250, 310_500])
    found = streams_of(write(tmp_path / "a.json", BrainSenseTimeDomain=[run], **logs()))
    trend = found["LFPTrendLogs RIGHT"]
    assert (trend.info.channels, trend.info.units) == (("power", "amplitude"), ("lsb", "mA"))
    values, stamps_s = whole(trend)
    assert values.tolist() == [[128, 0.8], [129, 0.9], [148, 0.8], [149, 0.9]]
    # The run's first packet, at 310.25 s, was at 10:05:52.
    day_s, nine_s = 86_400.0, 310.25 - 3952.0
    expected_s = [nine_s - 2 * day_s - 3600, nine_s - 2 * day_s, nine_s - 3600, nine_s]
    np.testing.assert_allclose(stamps_s, expected_s, rtol=0.0, atol=1e-6)
    events = found["LfpFrequencySnapshotEvents"]
    assert whole(events).samples.tolist() == [["Off again"]]
    spectrum = found["LfpFrequencySnapshotEvents RIGHT"]
    assert spectrum.info.channels == ("0 Hz", "0.98 Hz")
    assert whole(spectrum).samples.tolist() == [[0.5, 2.5]]
    assert whole(spectrum).timestamps_s - whole(events).timestamps_s == pytest.approx(30.0)
    texts = {name: each.samples.ravel().tolist() for name, each in found_texts(found).items()}
    assert texts["GroupHistory"] == ["GROUP_A, right 1.5 mA 60 us 130 Hz"]
    assert texts["EventSummary"] == ["1 times Off"]
    assert [name for name, each in found.items() if not each.is_log] == [
        "BrainSenseTimeDomain ONE_THREE_RIGHT"
    ]


def found_texts(found: dict[str, RecordedStream]) -> dict[str, Any]:
    return {name: whole(each) for name, each in found.items() if each.info.dtype == "string"}


def test_a_report_of_logs_alone_is_in_unix_time(tmp_path: Path) -> None:
    found = streams_of(write(tmp_path / "a.json", **logs()))
    assert whole(found["GroupHistory"]).timestamps_s.tolist() == [1_709_287_200.0]


def test_the_settings_of_a_run_are_a_marker_at_its_first_row(tmp_path: Path) -> None:
    side = {"SensingChannel": "SensingChannelDef.ONE_THREE_RIGHT", "FrequencyInHertz": 11.72}
    run = log([500, 1000], TherapySnapshot={"ActiveGroup": "GroupIdDef.GROUP_B", "Right": side})
    found = streams_of(write(tmp_path / "a.json", BrainSenseLfp=[run]))
    texts, stamps_s = whole(found["TherapySnapshot"])
    assert texts.tolist() == [["GROUP_B, right ONE_THREE_RIGHT at 11.72 Hz"]]
    assert stamps_s.tolist() == [0.5]


@pytest.mark.parametrize("junk", [None, [], {}, "x", -1, 1e300, True, [[1]], [{}], {"a": [3]}])
def test_whatever_stands_in_a_place_of_a_log_is_left_out(junk: Any, tmp_path: Path) -> None:
    run = time_domain([500, 750])
    for key in logs():
        sections = logs() | {key: junk}
        assert readers.open(write(tmp_path / "a.json", BrainSenseTimeDomain=[run], **sections))
    for key in logs()["DiagnosticData"]:
        sections = {"DiagnosticData": logs()["DiagnosticData"] | {key: junk}}
        assert readers.open(write(tmp_path / "a.json", BrainSenseTimeDomain=[run], **sections))


@pytest.mark.parametrize("junk", [None, [], {}, "x", -1, 1e300, True, [[1]]])
def test_whatever_stands_in_a_place_of_a_run_is_read_or_told(junk: Any, tmp_path: Path) -> None:
    for section, run in (
        ("BrainSenseTimeDomain", time_domain([500, 750])),
        ("BrainSenseLfp", log([500, 1000])),
    ):
        for key in run:
            path = write(tmp_path / "a.json", **{section: [run | {key: junk}]})
            told = ""
            streams: tuple[RecordedStream, ...] = ()
            try:
                streams = readers.open(path).streams
            except RecordingError as error:
                told = str(error)
            assert "\n" not in told
            assert "the reader of Percept failed" not in told
            assert all(np.isfinite(whole(each).timestamps_s).all() for each in streams)
