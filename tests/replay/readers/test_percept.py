"""Session reports: packets by their ticks, both sides at once, one clock, and damage told."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from replay import readers
from replay.readers.percept.ticks import ROLLOVER_S
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
    signal, power, amplitude = found.streams
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
    assert [(each.info.rate_hz, each.n_samples) for each in found.streams] == [
        (912.0, 34_600),
        (2.0, 690),
        (2.0, 690),
    ]
    assert [each.partition(":")[0] for each in found.warnings] == [
        "$.BrainSenseTimeDomain.FirstPacketDateTime",
        "$.BrainSenseTimeDomain.GlobalPacketSizes",
        "$.BrainSenseLfp.FirstPacketDateTime",
        "$.BrainSenseLfp.LfpData",
    ]


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
