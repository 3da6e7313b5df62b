"""Impossible samples are reported, counted, tainted, and replaced before a detector."""

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.conditioning.artifacts.path import AnyArtifactConfig
from detectors.conditioning.quality import Kind, QualityConfig
from tests.detectors.conditioning import naive_conditioning
from tests.detectors.streams import Conditioned, conditioner, feed, noise, regular_stamps

_VALUES = st.sampled_from([0.0, 1.0, -1.0, 2.5, 30.0, -30.0, 40.0, math.nan, math.inf, 1e300])


def _fed(samples: NDArray[np.generic], kind: Kind = "lfp", **limits: float) -> Conditioned:
    made = conditioner(n_channels=samples.shape[1], kind=kind, quality=QualityConfig(**limits))
    return feed(made, samples, regular_stamps(len(samples)))


def _cleaned(samples: NDArray[np.generic], artifacts: tuple[AnyArtifactConfig, ...]) -> Conditioned:
    made = conditioner(n_channels=samples.shape[1], artifacts=artifacts)
    return feed(made, samples, regular_stamps(len(samples)))


@settings(deadline=None)
@given(st.lists(st.tuples(_VALUES, st.integers(1, 12)), min_size=1, max_size=20))
def test_each_sample_is_judged_as_by_hand(runs: list[tuple[float, int]]) -> None:
    values = [value for value, n_times in runs for _ in range(n_times)]
    expected, wrongs = naive_conditioning.runs(values, n_frozen=10, rail=30.0, n_rail=3)
    found = _fed(np.array(values)[:, None], frozen_s=0.001, saturation_uv=30.0)
    assert found.samples_uv[:, 0].tolist() == expected
    for wrong, bit in (
        ("not_finite", Taint.NOT_FINITE),
        ("frozen", Taint.FROZEN),
        ("saturated", Taint.SATURATED),
    ):
        assert found.has(bit).tolist() == [wrong in each for each in wrongs]
        assert found.counts.get(wrong, 0) == sum(wrong in each for each in wrongs)


def test_what_is_not_finite_is_replaced_by_the_last_good_value_and_zero_before_any() -> None:
    samples = np.array([[math.nan], [3.0], [math.inf], [-math.inf], [1e300], [4.0]])
    found = _fed(samples)
    assert found.samples_uv[:, 0].tolist() == [0.0, 3.0, 3.0, 3.0, 3.0, 4.0]
    assert found.has(Taint.NOT_FINITE).tolist() == [True, False, True, True, True, False]
    assert found.counts["not_finite"] == 4


def test_an_episode_is_told_at_its_beginning_and_its_end_only() -> None:
    samples = noise(5000, 2)
    samples[1000:3000, 1] = samples[1000, 1]
    found = _fed(samples)
    assert [(note.sample, note.text) for note in found.kinds("frozen")] == [
        (1099, "b repeats one value"),
        (3000, "b is good again"),
    ]
    assert np.flatnonzero(found.has(Taint.FROZEN)).tolist() == list(range(1099, 3000))


def test_a_channel_that_flickers_for_long_does_not_flood_the_journal() -> None:
    samples = noise(20_000)
    samples[::2] = math.nan
    found = _fed(samples)
    assert found.counts["not_finite"] == 10_000
    assert 20 <= len(found.notes) <= 40
    assert "more like it before" in found.notes[-1].text


@pytest.mark.parametrize("dtype", ["int16", ">i2", "uint8", "int32"])
def test_the_limits_of_an_integer_type_are_rails(dtype: str) -> None:
    limits = np.iinfo(dtype)
    samples = np.full((10, 1), 7, dtype)
    samples[::2] = 5
    samples[4:7] = limits.max
    found = _fed(samples, kind="other")
    assert np.flatnonzero(found.has(Taint.SATURATED)).tolist() == [6]


@pytest.mark.parametrize("unit", ["uV", "mV"])
def test_a_rail_is_known_through_single_precision_and_other_units(unit: str) -> None:
    in_unit = {"uV": 3276.7, "mV": 3.2767}[unit]
    samples = np.full((4, 1), in_unit, np.float32)
    made = conditioner(unit=unit, quality=QualityConfig(saturation_uv=3276.7))
    found = feed(made, samples, regular_stamps(4))
    assert found.has(Taint.SATURATED).tolist() == [False, False, True, True]


def test_slow_signals_of_other_kinds_may_stand_still() -> None:
    assert not _fed(np.ones((5000, 1)), kind="other").taint[1:].any()


@pytest.mark.parametrize(
    ("kind", "sd_uv", "tainted_from", "looks_like"),
    [
        ("lfp", 15.0, None, None),
        ("lfp", 300.0, None, ""),
        ("lfp", 0.5, None, ""),
        ("lfp", 15.0e6, 99, "1e6 too large"),
        ("lfp", 15.0e3, 99, '1e3 too large, unit = "nV" would fit'),
        ("lfp", 15.0e-3, 1999, '1e3 too small, unit = "mV" would fit'),
        ("lfp", 15.0e-6, 1999, '1e6 too small, unit = "V" would fit'),
        ("emg", 100.0, None, None),
        ("emg", 1500.0, None, ""),
        ("emg", 100.0e6, 99, "1e6 too large"),
        ("emg", 100.0e-6, 1999, '1e6 too small, unit = "V" would fit'),
        ("other", 15.0e6, None, None),
        ("other", 0.0, None, None),
    ],
)
def test_an_amplitude_that_cannot_be_is_told_with_its_factor_and_tainted(
    kind: Kind, sd_uv: float, tainted_from: int | None, looks_like: str | None
) -> None:
    found = _fed(noise(6000, sd_uv=sd_uv) + 3.0 * sd_uv, kind=kind)
    tainted = np.flatnonzero(found.has(Taint.IMPLAUSIBLE))
    expected = [] if tainted_from is None else list(range(tainted_from, 6000))
    assert tainted.tolist() == expected
    unusual = [note for note in found.kinds("unusual") if "good again" not in note.text]
    assert len(unusual) == (looks_like is not None)
    if looks_like is not None:
        assert unusual[0].text.partition("looks like ")[2] == looks_like
    assert len(found.kinds("implausible")) == (tainted_from is not None)


def test_a_stimulation_artifact_that_a_step_takes_off_is_not_taken_for_another_unit() -> None:
    steps = ({"kind": "stimulation_period", "frequency_hz": 130.0, "window_s": 0.5},)
    artifacts = msgspec.convert(steps, tuple[AnyArtifactConfig, ...])
    (plain,) = _fed(noise(3000, sd_uv=5e3)).kinds("unusual")
    (cleaned,) = _cleaned(noise(3000, sd_uv=5e3), artifacts).kinds("unusual")
    assert plain.text.endswith('looks like 1e3 too large, unit = "nV" would fit')
    assert cleaned.text == plain.text.partition(": looks")[0]
    (million,) = _cleaned(noise(3000, sd_uv=15e6), artifacts).kinds("unusual")
    assert million.text.endswith("looks like 1e6 too large")


def test_an_offset_is_not_an_amplitude() -> None:
    assert not _fed(noise(6000) + 1e5).notes


def test_an_amplitude_that_becomes_possible_is_trusted_after_a_whole_stretch_of_it() -> None:
    samples = noise(9000)
    samples[:3000] *= 1e6
    found = _fed(samples)
    assert np.flatnonzero(found.has(Taint.IMPLAUSIBLE)).tolist() == list(range(99, 5999))
    assert [note.sample for note in found.kinds("implausible")] == [99, 5999]


def test_samples_that_are_tainted_do_not_count_towards_the_amplitude() -> None:
    samples = noise(2000, sd_uv=1.15)
    samples[500:1400] = 0.0
    found = _fed(samples)
    assert samples.std() < 0.9
    assert {note.kind for note in found.notes} == {"frozen"}


def test_limits_of_the_configuration_take_the_place_of_the_defaults() -> None:
    assert _fed(noise(4000, sd_uv=400.0), sd_uv_max=500.0).notes == ()
    assert _fed(noise(4000), kind="other", sd_uv_max=0.1).has(Taint.IMPLAUSIBLE).any()
    assert _fed(noise(4000), kind="other", peak_uv_max=1.0).has(Taint.IMPLAUSIBLE).any()


def test_limits_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^sd_uv_min: expected less than sd_uv_max \(2\), found 3"
    ):
        QualityConfig(sd_uv_min=3.0, sd_uv_max=2.0)
    with pytest.raises(ValueError, match=r"^quality\.sd_uv_min: expected less than .*200"):
        conditioner(quality=QualityConfig(sd_uv_min=300.0))


def test_the_recording_whose_stored_values_are_a_million_too_large_is_not_used(
    data_dir: Path,
) -> None:
    (path,) = (data_dir / "stn-ecog-pd-brainvision").rglob("*.eeg")
    header = path.with_suffix(".vhdr").read_text("utf-8")
    assert "IEEE_FLOAT_32" in header
    stored = np.fromfile(path, "<f4").reshape(-1, 10)[:, :9]
    as_the_header_says = stored * np.float32(0.1)
    found = _fed(as_the_header_says)
    assert found.has(Taint.IMPLAUSIBLE)[100:].all()
    assert {note.text.partition("looks like ")[2] for note in found.kinds("unusual")} == {
        "1e6 too large"
    }
    mended = _fed(as_the_header_says / np.float32(1e6))
    assert mended.notes == ()
    assert not mended.taint[1:].any()


@pytest.mark.filterwarnings("ignore:Reading `.npy`")
def test_real_recordings_are_clean(data_dir: Path) -> None:
    stored = np.load(data_dir / "m1-ecog-pd-cole2017" / "exampledata.npy").reshape(-1, 1)
    found = _fed(stored)
    # It ends in 121 samples of nothing but zeros.
    assert [note.sample for note in found.kinds("frozen")] == [len(stored) - 22]
    assert {note.kind for note in found.notes} == {"frozen", "unusual"}
    muscles = np.genfromtxt(
        data_dir / "emg-walk-13muscles" / "emg_13muscles.csv", delimiter=",", skip_header=1
    )
    assert _fed(muscles[:, 1:], kind="emg").notes == ()
