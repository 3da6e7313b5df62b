"""Bad input to the library is one line that says what was expected; all else is accepted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stimloop as sl
from detectors.testing.reflection import compiled
from tests.stimloop.library.patient_file import CHANNELS, RATE_HZ, patient_uv, write_patient

_BETA = sl.BandPower("beta", band_hz=(13, 30), window_s=0.4)
_BURST = sl.Burst("burst", of="beta", threshold=sl.Level(20.0))
_X_UV = patient_uv(1500).astype(np.float64)


def _detect(x: Any = _X_UV, *detectors: Any, **said: Any) -> sl.Detected:
    return sl.detect(
        x, *(detectors or (_BETA, _BURST)), **{"rate_hz": RATE_HZ, "channels": CHANNELS, **said}
    )


def _values(x: Any, **said: Any) -> bytes:
    return _detect(x, **said)["beta"].estimates.values.tobytes()


_REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "channels first": (
        lambda: _detect(_X_UV.T),
        (
            "samples: expected shape (n_samples, 2), one column a channel, found shape (2, 1500): "
            "channels stand first; pass x.T"
        ),
    ),
    "channels first, unnamed": (
        lambda: _detect(_X_UV.T, channels=None),
        (
            "samples: expected shape (n_samples, n_channels), found shape (2, 1500): more channels "
            "than samples; pass x.T where channels stand first, or name them with channels=[...]"
        ),
    ),
    "three dimensions": (
        lambda: _detect(_X_UV[None]),
        "samples: expected shape (n_samples, 2), found shape (1, 1500, 2)",
    ),
    "one sample of two channels": (
        lambda: _detect(_X_UV[0]),
        (
            "samples: expected shape (n_samples, 2), found shape (2,); one sample of them is "
            "x[np.newaxis, :]"
        ),
    ),
    "one label too few": (
        lambda: _detect(channels=["STN_1"]),
        "samples: expected shape (n_samples, 1), one column a channel, found shape (1500, 2)",
    ),
    "labels twice": (
        lambda: _detect(channels=["a", "a"]),
        "channels[1]: expected unique labels, found 'a' twice",
    ),
    "a label that is a number": (
        lambda: _detect(channels=[1, 2]),
        "channels[0]: expected a label, found 1",
    ),
    "complex": (
        lambda: _detect(_X_UV.astype(complex)),
        "samples: expected numbers (whole or floating-point), found complex128",
    ),
    "booleans": (
        lambda: _detect(_X_UV > 0.0),
        "samples: expected numbers (whole or floating-point), found bool",
    ),
    "objects": (
        lambda: _detect(_X_UV.astype(object)),
        "samples: expected numbers (whole or floating-point), found object",
    ),
    "ragged": (
        lambda: _detect([[1.0, 2.0], [3.0]]),
        "samples: expected an array of numbers, found what cannot be one: ",
    ),
    "masked": (
        lambda: _detect(np.ma.masked_less(_X_UV, 0.0)),
        "samples: expected a plain array, found a masked one: pass x.filled(np.nan)",
    ),
    "a path": (
        lambda: sl.detect("patient07.xdf", _BETA),
        (
            "signals: expected an array or a recording, found the path 'patient07.xdf': open it "
            "with sl.read(...)"
        ),
    ),
    "no samples": (
        lambda: _detect(_X_UV[:0]),
        "stream LFP: expected samples, found none: it is empty",
    ),
    "no rate": (
        lambda: _detect(rate_hz=None),
        "rate_hz: expected the samples a second, found none",
    ),
    "no possible rate": (
        lambda: _detect(rate_hz=0),
        "rate_hz: expected the samples a second, found 0",
    ),
    "a rate that is a text": (
        lambda: _detect(rate_hz="250 Hz"),
        "rate_hz: expected the samples a second, found '250 Hz'",
    ),
    "units of nothing": (
        lambda: _detect(units="furlong"),
        "units: expected a unit of voltage (V, mV, uV, nV), found 'furlong' for channel STN_1",
    ),
    "too few units": (
        lambda: _detect(units=["uV"]),
        "units: expected one, or one a channel (2), found 1",
    ),
    "too few times": (
        lambda: _detect(time_s=np.arange(3)),
        "time_s: expected shape (1500,), found (3,)",
    ),
    "a label that is not there": (
        lambda: _detect(_X_UV, sl.BandPower("beta", band_hz=(13, 30), channels=["stn_1"])),
        (
            "detector 'beta': channels[0]: expected one of STN_1, STN_3, found 'stn_1' (there is "
            "'STN_1': capital and small letters differ)"
        ),
    ),
    "a detector that is not there": (
        lambda: _detect(_X_UV, _BURST),
        "detector 'burst': of: expected a detector before this one (none), found 'beta'",
    ),
    "a detector that stands later": (
        lambda: _detect(_X_UV, _BURST, _BETA),
        (
            "detector 'burst': of: expected a detector before this one (none), found 'beta', which "
            "comes later: move its table up"
        ),
    ),
    "a detector twice": (
        lambda: _detect(_X_UV, _BETA, _BETA),
        "detector 'beta': id: expected unique ids, found 'beta' twice, here and at detectors[0]",
    ),
    "a stream that is not there": (
        lambda: _detect(_X_UV, sl.BandPower("beta", stream="EMG", band_hz=(13, 30))),
        "detector 'beta': stream: expected a stream (LFP), found 'EMG'",
    ),
    "a band beyond half the rate": (
        lambda: _detect(_X_UV, sl.BandPower("beta", band_hz=(13, 130))),
        (
            "detector 'beta': band_hz: expected at most 125 Hz, half the rate of 'LFP', found "
            "[13, 130]"
        ),
    ),
    "no detector": (
        lambda: sl.detect(_X_UV, rate_hz=250),
        (
            'detectors: expected at least one, as sl.BandPower("beta", band_hz=(13, 30)) makes it, '
            "found none"
        ),
    ),
    "the kind, not called": (
        lambda: _detect(_X_UV, sl.BandPower),
        (
            'detectors[0]: expected a detector, as sl.BandPower("beta", band_hz=(13, 30)) makes '
            "it, found <function BandPower"
        ),
    ),
    "a key that no kind has": (
        lambda: sl.BandPower("beta", band_hz=(13, 30), hop_ms=10),  # type: ignore[call-arg]
        "detector 'beta': hop_ms: expected one of the keys kind, id, stream, ",
    ),
    "a montage of what is not there": (
        lambda: _detect(stream=sl.Stream(montage={"d": {"STN_1": 1.0, "STN_9": -1.0}})),
        "stream 'LFP': montage[0].terms: expected channels among STN_1, STN_3, found STN_9",
    ),
    "a kind of stream that is none": (
        lambda: sl.Stream("STN", kind="lpf"),  # type: ignore[arg-type]
        (
            "stream 'STN': kind: expected one of 'emg', 'lfp', 'markers', 'other', found 'lpf'; "
            "nearest: lfp"
        ),
    ),
    "an artifact step that cannot be": (
        lambda: sl.LineNoise(frequency_hz=1),
        "LineNoise: frequency_hz: expected a number from 10 to 1000, found 1",
    ),
    "online, without labels": (
        lambda: sl.online(_BETA, rate_hz=250, channels=None),  # type: ignore[arg-type]
        "channels: expected the label of each column, found none",
    ),
    "online, another number of channels": (
        lambda: sl.online(_BETA, rate_hz=250, channels=CHANNELS).update(_X_UV[:, :1]),
        "samples: expected shape (n_samples, 2), one column a channel, found shape (1500, 1)",
    ),
    "online, no such stream": (
        lambda: sl.online(_BETA, rate_hz=250, channels="a").update([1.0], stream="EMG"),
        "stream: expected one of LFP, found 'EMG'",
    ),
    "a result that is not there": (
        lambda: _detect()["gamma"],
        "expected one of the detectors beta, burst, found 'gamma'",
    ),
    "a column that is not there": (
        lambda: _detect()["beta"].column("STN_9"),
        "beta: channel: expected one of STN_1, STN_3, found 'STN_9'",
    ),
    "a measure that is not there": (
        lambda: _detect()["beta"].column(measure="phase"),
        "beta: measure: expected one of power, found 'phase'",
    ),
    "a picture of what is not there": (
        lambda: _detect().plot("STN_9"),
        "channel: expected one of STN_1, STN_3, found 'STN_9'",
    ),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_it_is_refused_with_one_line(name: str) -> None:
    call, expected = _REFUSED[name]
    with pytest.raises(sl.InputError) as refused:
        call()
    assert str(refused.value).startswith(expected)
    assert "\n" not in str(refused.value)


def test_each_thing_that_is_wrong_has_a_line() -> None:
    with pytest.raises(sl.InputError) as refused:
        sl.BandPower("be ta", band_hz=(13, "x"), hop_s=0)  # type: ignore[arg-type]
    keys = [line.split(": ")[1] for line in str(refused.value).splitlines()]
    assert keys == ["id", "band_hz", "hop_s"]


def test_what_a_recorded_stream_says_itself_is_not_said_again(tmp_path: Path) -> None:
    recording = sl.read(write_patient(tmp_path))
    with pytest.raises(sl.InputError, match="rate_hz: expected none with a recorded stream"):
        sl.detect(recording["LFP"], _BETA, rate_hz=250)
    with pytest.raises(sl.InputError, match="channels: expected none but with an array"):
        sl.detect(recording, _BETA, channels="a")
    for name, found in (("lfp", "there is 'LFP'"), ("EMG", "found none: 'LFP'")):
        with pytest.raises(sl.InputError, match=found):
            recording[name]
    with pytest.raises(KeyError):
        recording["EMG"]
    with pytest.raises(sl.InputError, match="expected a stream from 0 to 0, found 3"):
        recording[3]


def test_a_file_that_is_none_is_told_as_the_command_line_tells_it(tmp_path: Path) -> None:
    with pytest.raises(sl.RecordingError, match="expected a file that can be read"):
        sl.read(tmp_path / "none.xdf")


def test_the_same_numbers_give_the_same_bits_in_any_type_and_layout() -> None:
    whole = np.rint(_X_UV)
    frozen = whole.copy()
    frozen.flags.writeable = False
    strided = np.repeat(whole, 2, axis=0)[::2]
    expected = _values(whole)
    n_compiled = compiled()
    for given in (
        *(whole.astype(each) for each in ("float32", "float16", "int16", "int32", "int64", ">f4")),
        np.asfortranarray(whole),
        frozen,
        strided,
        whole.tolist(),
    ):
        assert _values(given) == expected
    assert _values(whole[::-1][::-1]) == expected
    assert compiled() == n_compiled
    in_millivolts = _detect(whole / 1000.0, units="mV")["beta"]
    np.testing.assert_allclose(in_millivolts.values, _detect(whole)["beta"].values, rtol=1e-9)
    assert frozen.tobytes() == np.rint(_X_UV).tobytes()


def test_one_channel_may_be_a_vector() -> None:
    beta = sl.detect(_X_UV[:, 0], _BETA, rate_hz=RATE_HZ)["beta"]
    assert beta.channels == ("ch1",)
    assert beta.values.tobytes() == _detect(_X_UV[:, :1], channels="a")["beta"].values.tobytes()


def test_one_sample_gives_no_estimate_and_says_why() -> None:
    with pytest.warns(UserWarning, match="^beta, burst: no estimate"):
        found = _detect(_X_UV[:1])
    assert found["beta"].values.shape == (0, 2)
    assert len(found["burst"].events()) == 0
    assert found.warnings[0].startswith("beta, burst: no estimate")


def test_nan_is_nan_while_it_is_in_the_window_and_told() -> None:
    spoilt = _X_UV.copy()
    spoilt[700, 0] = np.nan
    clean, found = _detect(), _detect(spoilt)
    beta, sample = found["beta"], found["beta"].sample
    is_spoilt = (sample >= 700) & (sample < 800)
    is_filled = sample >= 100
    assert np.isnan(beta.values[is_spoilt, 0]).all()
    assert np.isfinite(beta.values[is_filled & ~is_spoilt]).all()
    np.testing.assert_array_equal(beta.column("STN_3"), clean["beta"].column("STN_3"))
    assert "LFP: not finite: 1 sample, once, first at 2.80 s" in "\n".join(found.lines)


def test_a_unit_that_cannot_be_is_told_with_the_one_that_would_fit() -> None:
    with pytest.warns(UserWarning, match='unit = "mV" would fit'):
        found = _detect(_X_UV * 1e-3)
    assert np.isnan(found["beta"].values[-1]).all()
    assert 'unit = "mV" would fit' in found.warnings[0]
