"""Results of the library: estimates as arrays and tables, detections in pairs, pictures."""

import builtins
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import stimloop as sl
from detectors.estimates import Detection
from stimloop.library.results.episodes import episodes_of
from tests.stimloop.library.patient_file import CHANNELS, RATE_HZ, patient_uv

if TYPE_CHECKING:
    from detectors.offline import DetectorResult

_BETA = sl.BandPower("beta", band_hz=(13, 30), window_s=0.4)
_BURST = sl.Burst("burst", of="beta", threshold=sl.Percentile(60, calibrate_s=5))
_SYNC = sl.Coherence("sync", band_hz=(13, 30), pairs=[CHANNELS], window_s=5)


@pytest.fixture(scope="module")
def found() -> sl.Detected:
    x_uv = patient_uv(10_000).astype(np.float64)
    x_uv[6000:6500, 0] = np.nan
    return sl.detect(x_uv, _BETA, _BURST, _SYNC, rate_hz=RATE_HZ, channels=CHANNELS)


def test_a_table_has_the_times_the_columns_and_nan_where_nothing_is_valid(
    found: sl.Detected,
) -> None:
    series = found["burst"]
    frame = series.to_frame()
    assert frame.index.name == "time_s"
    np.testing.assert_array_equal(frame.index, series.time_s)
    assert list(frame.columns) == [(each.channel, each.measure) for each in series.outputs]
    assert list(frame.columns.names) == ["channel", "measure"]
    np.testing.assert_array_equal(frame.to_numpy(), series.values)
    estimates = series.estimates
    np.testing.assert_array_equal(np.isnan(series.values), ~estimates.valid)
    given = series.values[estimates.valid]  # noqa: PD011 no table
    np.testing.assert_array_equal(given, estimates.values[estimates.valid])  # noqa: PD011
    threshold = frame["STN_1"]["threshold"].to_numpy()
    np.testing.assert_array_equal(threshold, series.column("STN_1", "threshold"))


def test_values_cannot_be_written_by_accident(found: sl.Detected) -> None:
    with pytest.raises(ValueError, match="read-only"):
        found["beta"].values[0] = 1.0  # noqa: PD011 no table


def test_each_onset_has_its_offset_and_its_peak(found: sl.Detected) -> None:
    series, events = found["burst"], found["burst"].events()
    onsets = [each for each in series.detections if each.kind == "onset"]
    assert len(events) == len(onsets) > 10
    assert sorted(events.onset_s) == list(events.onset_s)
    np.testing.assert_array_equal(events.duration_s, events.offset_s - events.onset_s)
    assert (events.duration_s[events.is_complete] >= 0.1 - 1e-9).all()
    assert not events.is_complete.all()
    for each in events[:5]:
        during = (series.time_s >= each.onset_s) & (series.time_s <= each.offset_s)
        assert each.peak == np.nanmax(series.column(each.channel, "value")[during])
        assert each.peak >= each.strength > series.column(each.channel, "threshold")[-1]
    assert list(events.channel) == [each.channel for each in events]


def test_episodes_are_a_table_too(found: sl.Detected) -> None:
    events = found["burst"].events()
    frame = events.to_frame()
    assert list(frame.columns) == [
        *("channel", "onset_s", "offset_s", "duration_s", "strength", "peak", "is_complete")
    ]
    np.testing.assert_array_equal(frame["onset_s"], events.onset_s)
    assert isinstance(frame, pd.DataFrame)
    assert "<table" in (events._repr_html_() or "")
    assert repr(events).startswith(f"<{len(events)} episodes>\n  STN_")
    assert repr(events).endswith(f"and {len(events) - 5} more")


def test_a_moment_and_an_onset_without_an_end_are_told_as_such(found: sl.Detected) -> None:
    result: DetectorResult = found["burst"]._result
    said: dict[str, Any] = {"detector": "burst", "channel": "STN_1", "confirmed_sample": 30}
    onset = Detection(kind="onset", sample=10, onset_s=1.0, strength=2.0, **said)
    moment = Detection(kind="moment", sample=20, onset_s=0.5, strength=3.0, **said)
    first, last = episodes_of(result._replace(detections=(onset, moment)))
    assert (first.onset_s, first.strength, first.is_complete) == (0.5, 3.0, True)
    assert np.isnan([first.offset_s, first.duration_s, first.peak]).all()
    assert (last.onset_s, last.is_complete) == (1.0, False)
    assert np.isnan(last.offset_s)
    assert "0.500 s, strength 3" in repr(episodes_of(result._replace(detections=(moment,))))


def test_the_picture_has_the_signal_above_and_a_panel_a_detector(
    found: sl.Detected, tmp_path: Path
) -> None:
    figure = found.plot("STN_3")
    labels = [axis.get_ylabel() for axis in figure.axes]
    assert labels == ["STN_3\nµV", "beta\npower (µV²)", "burst (µV²)", "sync\ncoherence"]
    drawn = figure.axes[1].lines[0].get_ydata()
    np.testing.assert_array_equal(drawn, found["beta"].column("STN_3"))
    (_, threshold) = figure.axes[2].lines
    np.testing.assert_array_equal(
        threshold.get_ydata(), found["burst"].column("STN_3", "threshold")
    )
    n_bursts = int((found["burst"].events().channel == "STN_3").sum())
    assert [len(axis.patches) for axis in figure.axes] == [n_bursts, 0, n_bursts, 0]
    assert all(axis.get_legend() is None for axis in figure.axes)
    figure.savefig(tmp_path / "bursts.png")
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


def test_a_picture_of_a_part_shows_no_more_than_that(found: sl.Detected) -> None:
    figure = found.plot(start_s=10.0, stop_s=12.0)
    assert figure.axes[0].get_ylabel() == "STN_1\nµV"
    assert figure.axes[-1].get_xlim() == (10.0, 12.0)
    time_s = np.asarray(figure.axes[0].lines[0].get_xdata())
    assert (time_s.min() >= 10.0, time_s.max() <= 12.0) == (True, True)


def test_a_long_signal_is_drawn_by_its_envelope() -> None:
    x_uv = np.random.default_rng(2).normal(0.0, 10.0, 50_000)
    x_uv[31_234] = 400.0
    figure = sl.detect(x_uv, _BETA, rate_hz=RATE_HZ).plot()
    drawn = np.asarray(figure.axes[0].lines[0].get_ydata())
    assert drawn.size < 10_000
    assert np.nanmax(drawn) == 400.0


@pytest.mark.parametrize("package", ["pandas", "matplotlib"])
def test_where_a_package_is_missing_a_line_says_what_to_install(
    found: sl.Detected, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return imported(name, *rest, **named)

    for name in [each for each in __import__("sys").modules if each.partition(".")[0] == package]:
        monkeypatch.setitem(__import__("sys").modules, name, None)
    monkeypatch.setattr(builtins, "__import__", without)
    wanted = found["beta"].to_frame if package == "pandas" else found.plot
    with pytest.raises(sl.InputError, match=rf"expected {package}, .*stimloop\[notebook\]"):
        wanted()
    assert found["burst"].events().onset_s.size > 10
