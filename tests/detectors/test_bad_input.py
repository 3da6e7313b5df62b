"""Bad input to every detector at once: NaN, constants, spikes and gaps, at awkward rates."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.block import StreamLayout, Taint
from detectors.chain import AnyDetectorConfig, DetectorChain
from detectors.estimates import Seen
from detectors.registry import REGISTRY
from detectors.testing.subject import StreamSamples, blocks

_CHANNELS = ("a", "b", "c")
_GATE = {"percentile": 75.0, "calibrate_s": 1.0}
_REST: dict[str, Any] = {
    "rest_uv": dict.fromkeys(_CHANNELS, 4.0),
    "rest_sd_uv": dict.fromkeys(_CHANNELS, 0.5),
}
_TABLES: list[dict[str, Any]] = [
    {"id": "power", "kind": "band_power", "band_hz": [13.0, 30.0], "window_s": 0.5},
    {"id": "quick", "kind": "band_power", "band_hz": [13.0, 30.0], "method": "recursive"},
    {
        "id": "scaled",
        "kind": "band_power",
        "band_hz": [13.0, 30.0],
        "window_s": 0.5,
        "scale": "z",
        "baseline": {"calibrate_s": 1.0},
    },
    {"id": "bursts", "kind": "burst", "of": "power", "threshold": _GATE},
    {"id": "low", "kind": "burst", "of": "scaled", "threshold": _GATE, "hysteresis_level": 0.1},
    {"id": "statistics", "kind": "burst_statistics", "of": "bursts"},
    {"id": "rhythm", "kind": "oscillation", "centre_hz": 20.0},
    {"id": "ended", "kind": "oscillation", "centre_hz": 20.0, "method": "hilbert"},
    {"id": "moments", "kind": "target_phase", "of": "rhythm", "gate": _GATE},
    {"id": "sync", "kind": "coherence", "band_hz": [13.0, 30.0], "window_s": 2.0},
    {
        "id": "coupling",
        "kind": "phase_amplitude_coupling",
        "phase_band_hz": [13.0, 30.0],
        "amplitude_band_hz": [60.0, 130.0],
        "window_s": 2.0,
    },
    {"id": "slope", "kind": "aperiodic", "window_s": 3.0},
    {"id": "arm", "kind": "co_contraction", "window_s": 2.0},
    {"id": "jerks", "kind": "muscle_bursts", "window_s": 2.0, **_REST},
    {"id": "drive", "kind": "muscle_spectrum", "window_s": 2.0},
    {
        "id": "state",
        "kind": "muscle_state",
        "window_s": 2.0,
        "reference_uv": dict.fromkeys(_CHANNELS, 80.0),
        **_REST,
    },
    {
        "id": "contrast",
        "kind": "event_contrast",
        "of": "power",
        "first": {"markers": ["one"], "window_s": [0.0, 1.0]},
        "second": {"markers": ["other"], "window_s": [0.0, 1.0]},
    },
]
# The first of them compiles every kernel there is.
pytestmark = pytest.mark.timeout(600)

_RATES_HZ = (418.4, 2048.0)
_LENGTH_S = 5.0

Signal = NDArray[np.float64]


def _chain(rate_hz: float) -> DetectorChain:
    tables = [table if "of" in table else {"stream": "LFP", **table} for table in _TABLES]
    configs = msgspec.convert(tables, list[AnyDetectorConfig])
    return DetectorChain(configs, {"LFP": StreamLayout("LFP", rate_hz, _CHANNELS)})


def _fed(rate_hz: float, samples_uv: Signal, taint: NDArray[np.uint16] | None = None) -> list[Seen]:
    n_samples = len(samples_uv)
    if taint is None:
        taint = np.zeros(samples_uv.shape, dtype=np.uint16)
    taint[0] |= np.uint16(Taint.RESTART)
    given = StreamSamples(samples_uv, np.arange(n_samples) / rate_hz, taint)
    chain = _chain(rate_hz)
    layout = StreamLayout("LFP", rate_hz, _CHANNELS)
    cuts = range(0, n_samples, 777)
    return [seen for block in blocks(layout, given, cuts) for seen in chain.update(block)]


def _noise(rate_hz: float) -> Signal:
    shape = (round(_LENGTH_S * rate_hz), len(_CHANNELS))
    return np.random.default_rng(5).normal(0.0, 10.0, shape)


def _all_finite(seen: list[Seen]) -> bool:
    return all(
        np.isfinite(each.estimates.values).all() and np.isfinite(each.estimates.time_s).all()
        for each in seen
    )


def _valid_share(seen: list[Seen], *, after_s: float = 0.0) -> dict[str, float]:
    shares: dict[str, list[NDArray[np.bool_]]] = {}
    for each in seen:
        later = each.estimates.time_s >= after_s
        shares.setdefault(each.estimates.detector, []).append(each.estimates.valid[later].ravel())
    return {name: float(np.concatenate(each).mean()) for name, each in shares.items()}


def test_every_kind_is_here() -> None:
    own = {kind for kind, each in REGISTRY.kinds.items() if each.__module__.startswith("detectors")}
    assert {table["kind"] for table in _TABLES} == own


@pytest.mark.parametrize("rate_hz", _RATES_HZ)
def test_noise_gives_valid_estimates_at_awkward_rates(rate_hz: float) -> None:
    seen = _fed(rate_hz, _noise(rate_hz))
    assert _all_finite(seen)
    shares = _valid_share(seen, after_s=3.6)
    assert {name for name, share in shares.items() if share > 0.3} >= {
        table["id"] for table in _TABLES if table["id"] not in ("statistics", "contrast")
    }


@pytest.mark.parametrize("rate_hz", _RATES_HZ)
@pytest.mark.parametrize("value_uv", [0.0, 1.0, -1e9, 1e9])
def test_a_dead_signal_gives_no_detection(rate_hz: float, value_uv: float) -> None:
    seen = _fed(rate_hz, np.full(_noise(rate_hz).shape, value_uv))
    assert _all_finite(seen)
    assert [each.detections for each in seen if each.detections] == []
    shares = _valid_share(seen)
    never_valid = ("scaled", "sync", "coupling", "slope")
    assert {name: shares[name] for name in never_valid} == dict.fromkeys(never_valid, 0.0)


def _nan_run(given: Signal, rate_hz: float) -> None:
    given[round(rate_hz) : round(1.2 * rate_hz), 1] = np.nan


def _spike(given: Signal, rate_hz: float) -> None:
    given[round(rate_hz), 1] += 1e6


def _endless(given: Signal, rate_hz: float) -> None:
    given[round(rate_hz) :: 97, 1] = np.inf


def _one_dead(given: Signal, rate_hz: float) -> None:  # noqa: ARG001 as the others
    given[:, 1] = 7.0


@pytest.mark.parametrize("rate_hz", _RATES_HZ)
@pytest.mark.parametrize("spoil", [_nan_run, _spike, _endless, _one_dead])
def test_what_is_wrong_with_one_channel_stays_there(
    rate_hz: float, spoil: Callable[[Signal, float], None]
) -> None:
    """Test that other channels keep every bit, and that all values are finite."""
    clean_uv = _noise(rate_hz)
    spoilt_uv = clean_uv.copy()
    spoil(spoilt_uv, rate_hz)
    clean, spoilt = _fed(rate_hz, clean_uv), _fed(rate_hz, spoilt_uv)
    assert _all_finite(spoilt)
    chain = _chain(rate_hz)
    for before, after in zip(clean, spoilt, strict=True):
        outputs = chain.detectors[before.estimates.detector].outputs
        others = [
            index for index, output in enumerate(outputs) if "b" not in output.channel.split("-")
        ]
        for field in ("values", "valid"):
            a = getattr(before.estimates, field)[:, others]
            b = getattr(after.estimates, field)[:, others]
            assert a.tobytes() == b.tobytes(), before.estimates.detector
        own = [[each for each in one.detections if each.channel != "b"] for one in (before, after)]
        assert own[0] == own[1]


@pytest.mark.parametrize("rate_hz", _RATES_HZ)
def test_an_offset_of_a_kilovolt_changes_little(rate_hz: float) -> None:
    """Test that a rhythm on it is still found: at 1e9 µV a double resolves 1e-7 µV."""
    clean = _fed(rate_hz, _noise(rate_hz))
    lifted = _fed(rate_hz, _noise(rate_hz) + 1e9)
    for before, after in zip(clean, lifted, strict=True):
        if before.estimates.detector in ("power", "quick", "rhythm", "sync"):
            both = before.estimates.valid & after.estimates.valid
            np.testing.assert_allclose(
                after.estimates.values[both], before.estimates.values[both], rtol=1e-3, atol=1e-3
            )


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (
            {"kind": "band_power", "band_hz": [4.0, 8.0], "window_s": 0.2},
            "window_s: expected at least one cycle of 4 Hz, where band_hz begins (0.25 s)",
        ),
        (
            {"kind": "coherence", "band_hz": [4.0, 8.0], "segment_s": 0.2},
            "segment_s: expected at least one cycle of 4 Hz, where band_hz begins (0.25 s)",
        ),
        (
            {"kind": "aperiodic", "band_hz": [4.0, 8.0], "segment_s": 0.2},
            "segment_s: expected at least 2 cycles of 4 Hz, where band_hz begins (0.5 s)",
        ),
    ],
)
def test_a_window_too_short_for_its_band_is_refused_by_the_table_itself(
    table: dict[str, Any], text: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match=f"^{re.escape(text)}, found 0.2"):
        msgspec.convert({"id": "x", "stream": "LFP", **table}, AnyDetectorConfig)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"kind": "coherence", "band_hz": [13.0, 30.0], "pairs": [["a", "a"]]}, "pairs[0]: "),
        ({"kind": "band_power", "band_hz": [13.0, 30.0], "channels": ["a", "a"]}, "channels[1]: "),
        ({"kind": "oscillation", "centre_hz": 20.0, "channels": ["a", "a"]}, "channels[1]: "),
        ({"kind": "aperiodic", "channels": ["a", "a"]}, "channels[1]: "),
        (
            {
                "kind": "phase_amplitude_coupling",
                "phase_band_hz": [4.0, 8.0],
                "amplitude_band_hz": [60.0, 120.0],
                "window_s": 0.2,
            },
            "window_s: ",
        ),
    ],
)
def test_what_does_not_fit_the_stream_is_an_error_that_names_its_key(
    table: dict[str, Any], text: str
) -> None:
    config = msgspec.convert({"id": "x", "stream": "LFP", **table}, AnyDetectorConfig)
    layout = StreamLayout("LFP", 1000.0, _CHANNELS)
    with pytest.raises(ValueError, match=r"^detectors\[0\]\.\w+.*: expected .*found") as caught:
        DetectorChain([config], {"LFP": layout})
    assert str(caught.value).startswith(f"detectors[0].{text}")
