"""Epochs around markers: what comes late, twice, never or broken is named, and never guessed."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.block import MARKER, Block, BoundEvent, Taint
from detectors.chain import AnyDetectorConfig, DetectorChain
from detectors.contrasts.event_contrast import EventContrast, EventContrastConfig, Reason
from detectors.estimates import Estimates
from detectors.offline import detect
from detectors.outputs import column_of
from tests.support.blocks import block_of, layout_of, pieces_of

_RATE_HZ = 1000.0
_STREAM = "EMG"
#: Markers in turn, and how high the response after each of them is.
_AT_S = np.arange(0.5, 12.5, 0.5)
_TEXTS = ("conditioned", "test") * 12
_TABLE: dict[str, Any] = {
    "kind": "event_contrast",
    "id": "sici",
    "stream": _STREAM,
    "first": {"markers": ["conditioned"], "window_s": [0.015, 0.05]},
    "second": {"markers": ["test"], "window_s": [0.015, 0.05]},
    "form": "ratio",
    "mean": "geometric",
    "wait_s": 0.2,
    "n_permutations": 199,
}


def _config(**keys: object) -> EventContrastConfig:
    return msgspec.convert({**_TABLE, **keys}, EventContrastConfig)


def _responses_uv(seed: int = 1, ratio: float = 0.4) -> NDArray[np.float64]:
    """Return peak-to-peak amplitudes, lognormal with SD 0.4."""
    factor = np.exp(np.random.default_rng(seed).normal(0.0, 0.4, _AT_S.size))
    return np.where(np.array(_TEXTS) == "conditioned", ratio, 1.0) * 1000.0 * factor


def _emg(amplitudes_uv: NDArray[np.float64], n_channels: int = 2) -> Block:
    """Return EMG at rest with a response of one up, one down at 22 ms after each marker."""
    samples_uv = np.random.default_rng(2).normal(0.0, 5.0, (13_000, n_channels))
    for at_s, amplitude_uv in zip(_AT_S, amplitudes_uv, strict=True):
        begin = round(at_s * _RATE_HZ) + 15
        samples_uv[begin : begin + 35] = 0.0
        samples_uv[begin + 7], samples_uv[begin + 12] = amplitude_uv / 2.0, -amplitude_uv / 2.0
    return block_of(samples_uv, _RATE_HZ, stream=_STREAM)


def _stamped(
    arrives_s: Iterable[float], at_s: Sequence[float] = tuple(_AT_S), texts: Sequence[str] = _TEXTS
) -> tuple[BoundEvent, ...]:
    """Return markers in the order of their arrival, each with its stamp."""
    events = [
        BoundEvent(round(arrives * _RATE_HZ), MARKER, text, float(stamp_s))
        for arrives, stamp_s, text in zip(arrives_s, at_s, texts, strict=True)
    ]
    return tuple(sorted(events, key=lambda each: each.sample))


def _found(
    given: Block, events: Sequence[BoundEvent], cuts: Sequence[int] = (), **keys: object
) -> tuple[EventContrast, Estimates]:
    layout = layout_of(given.samples_uv.shape[1], _RATE_HZ, _STREAM)
    chain = DetectorChain([_config(**keys)], {_STREAM: layout})
    pieces = (
        replace(
            piece,
            events=tuple(
                event
                for event in events
                if 0 <= event.sample - piece.first_sample < piece.time_s.size
            ),
        )
        for piece in pieces_of(given, cuts)
    )
    result = detect(chain, pieces)["sici"]
    assert isinstance(result.detector, EventContrast)
    return result.detector, result.estimates


def _last(found: tuple[EventContrast, Estimates], channel: str = "C0") -> dict[str, float]:
    """Return what is known at the end; without what is not valid."""
    detector, estimates = found
    names = {each.measure for each in detector.outputs}
    columns = {name: column_of(detector.outputs, channel, name) for name in names}
    return {
        name: float(estimates.values[-1, column])
        for name, column in columns.items()
        if estimates.valid[-1, column]
    }


_AMPLITUDES_UV = _responses_uv()
_EMG = _emg(_AMPLITUDES_UV)
_IN_TIME = _stamped(_AT_S)


def test_responses_come_out_as_they_were_made() -> None:
    found = _last(_found(_EMG, _IN_TIME))
    is_conditioned = np.array(_TEXTS) == "conditioned"
    logs = np.log(_AMPLITUDES_UV)
    ratio = np.exp(logs[is_conditioned].mean() - logs[~is_conditioned].mean())
    assert found["contrast"] == pytest.approx(ratio, rel=1e-12)
    assert found["lower"] < 0.4 < found["upper"] < 1.0
    assert found["first"] == pytest.approx(np.exp(logs[is_conditioned].mean()), rel=1e-12)
    assert found["p"] == 1.0 / 200.0
    assert found["contrast"] < 1.0 / found["contrast_null"]
    assert (found["n_first"], found["n_second"], found["reasons"]) == (12.0, 12.0, 0.0)


def test_when_a_marker_arrives_does_not_show() -> None:
    """Before its sample, after it, in another order, in any chunks: the same bits."""
    random = np.random.default_rng(5)
    plain = _found(_EMG, _IN_TIME)[1]
    for cuts in ((), range(0, 13_000, 7), range(0, 13_000, 500)):
        arrives_s = _AT_S + random.uniform(-0.3, 0.24, _AT_S.size)
        other = _found(_EMG, _stamped(arrives_s), cuts)[1]
        for field in ("sample", "values", "valid"):
            assert getattr(other, field).tobytes() == getattr(plain, field).tobytes()


def test_a_marker_belongs_to_the_first_sample_at_or_after_its_stamp() -> None:
    """A response of one sample is seen by windows that begin with it, and by no later one."""
    samples_uv = np.random.default_rng(2).normal(0.0, 1e-3, (3000, 1))
    samples_uv[1015] = 100.0
    for late_s, expected_uv in ((-0.0009, 100.0), (0.0, 100.0), (0.0001, 0.0)):
        given = block_of(samples_uv, _RATE_HZ, stream=_STREAM)
        stamps_s = [1.0 + late_s, 2.0 + late_s, 2.3, 2.4]
        events = _stamped([1.06] * 4, stamps_s, ["conditioned"] * 2 + ["test"] * 2)
        found = _last(_found(given, events, n_min=2, mean="arithmetic", form="difference"))
        assert found["first"] == pytest.approx(expected_uv / 2.0, abs=0.02)


def test_a_marker_without_a_clock_belongs_to_the_sample_it_arrived_at() -> None:
    bare = tuple(replace(each, time_s=None) for each in _IN_TIME)
    assert _last(_found(_EMG, bare)) == _last(_found(_EMG, _IN_TIME))


def test_doubled_markers_count_once() -> None:
    twice = _stamped([*_AT_S, *(_AT_S + 0.1)], [*_AT_S, *(_AT_S + 0.02)], _TEXTS * 2)
    found, plain = _last(_found(_EMG, twice)), _last(_found(_EMG, _IN_TIME))
    assert (found.pop("n_doubled"), found.pop("reasons")) == (24.0, float(Reason.DOUBLED))
    assert found.items() <= plain.items()


def test_markers_too_late_ahead_or_stamped_in_a_gap_are_not_bound() -> None:
    arrives_s, stamps_s = _AT_S.copy(), _AT_S.copy()
    arrives_s[0] += 0.26  # 0.05 s of epoch and 0.2 s may pass
    stamps_s[1] += 11.0
    found = _last(_found(_EMG, _stamped(arrives_s, tuple(stamps_s))))
    assert (found["n_first"], found["n_second"], found["n_unbound"]) == (11.0, 11.0, 2.0)
    assert found["reasons"] == Reason.UNBOUND
    gap = _EMG.time_s + np.where(np.arange(13_000) >= 3010, 0.7, 0.0)
    taint = _EMG.taint.copy()
    taint[3010] |= np.uint16(Taint.RESTART)
    broken = _last(_found(replace(_EMG, time_s=gap, taint=taint), _stamped([3.4], [3.4], ["test"])))
    assert (broken["n_unbound"], broken["n_rejected"]) == (1.0, 0.0)


def test_a_gap_and_a_bad_sample_in_an_epoch_reject_it() -> None:
    taint = _EMG.taint.copy()
    taint[round(_AT_S[2] * _RATE_HZ) + 20] |= np.uint16(Taint.RESTART)
    taint[round(_AT_S[5] * _RATE_HZ) + 30, 0] |= np.uint16(Taint.SATURATED)
    taint[round(_AT_S[7] * _RATE_HZ) - 50, 1] |= np.uint16(Taint.NOT_FINITE)
    taint[round(_AT_S[9] * _RATE_HZ) + 3, 0] |= np.uint16(Taint.SATURATED)  # by the pulse itself
    found = _found(replace(_EMG, taint=taint), _IN_TIME)
    one, other = _last(found), _last(found, "C1")
    assert (one["n_first"], one["n_second"], one["n_rejected"]) == (11.0, 11.0, 2.0)
    assert (other["n_first"], other["n_second"], other["n_rejected"]) == (11.0, 11.0, 2.0)
    assert one["reasons"] == other["reasons"] == Reason.REJECTED


def test_a_muscle_that_is_not_at_rest_is_rejected() -> None:
    active = _EMG.samples_uv.copy()
    for at_s in _AT_S[:3]:
        begin = round(at_s * _RATE_HZ)
        active[begin - 110 : begin - 10, 0] *= 10.0
    found = _last(_found(replace(_EMG, samples_uv=active), _IN_TIME))
    assert (found["n_first"], found["n_second"], found["n_rejected"]) == (10.0, 11.0, 3.0)


def test_too_few_and_too_many_lost_are_no_contrast() -> None:
    few = _last(_found(_EMG, _IN_TIME[:8]))
    assert "contrast" not in few
    assert (few["n_first"], few["n_second"], few["reasons"]) == (4.0, 4.0, float(Reason.FEW))
    loud = _emg(_AMPLITUDES_UV)
    loud.samples_uv[:6300] *= 20.0
    lost = _last(_found(loud, _IN_TIME, lost_share_max=0.4))
    assert "contrast" not in lost
    assert lost["reasons"] == Reason.REJECTED | Reason.LOST
    one = _last(_found(_EMG, _IN_TIME[::2]))
    assert one["reasons"] == Reason.FEW | Reason.MISSING


def test_pairs_are_epochs_that_follow_one_another() -> None:
    pairs: dict[str, Any] = {"paired": True, "pairs_begin_with": "first", "n_permutations": 9999}
    logs = np.log(_AMPLITUDES_UV)
    for missing in (4, 5):  # a marker of either condition: the pairs after it stay what they are
        kept = [each for number, each in enumerate(_IN_TIME) if number != missing]
        found = _last(_found(_EMG, kept, **pairs))
        assert (found["n_first"], found["n_second"], found["n_unpaired"]) == (11.0, 11.0, 1.0)
        assert found["reasons"] == Reason.MISSING
        left = np.delete(logs, (4, 5))
        ratio = np.exp(np.mean(left[::2] - left[1::2]))
        assert found["contrast"] == pytest.approx(ratio, rel=1e-12)
    whole = _last(_found(_EMG, _IN_TIME, **pairs))
    differences = logs[::2] - logs[1::2]
    signs = 1 - 2 * (np.arange(2**12)[:, None] >> np.arange(12) & 1)
    means = np.abs((signs * differences).mean(axis=1))
    p = np.mean(means >= abs(differences.mean()) - 1e-12)
    assert whole["p"] == pytest.approx(p, abs=1e-12)


def test_the_newest_epochs_are_kept() -> None:
    found = _last(_found(_EMG, _IN_TIME, n_max=6))
    logs = np.log(_AMPLITUDES_UV[12:])
    assert (found["n_first"], found["n_second"]) == (6.0, 6.0)
    assert found["first"] == pytest.approx(np.exp(logs[::2].mean()), rel=1e-12)


_POWER = {
    "kind": "band_power",
    "id": "low",
    "stream": _STREAM,
    "band_hz": [8.0, 12.0],
    "window_s": 0.5,
    "hop_s": 0.1,
}
_TRICK = {
    "kind": "event_contrast",
    "id": "trick",
    "of": "low",
    "first": {"markers": ["trick"], "window_s": [0.0, 2.0]},
    "second": {"markers": ["trick"], "window_s": [-2.0, 0.0]},
    "paired": True,
    "form": "ratio",
    "mean": "geometric",
}


def _chain(*tables: dict[str, Any]) -> DetectorChain:
    configs = msgspec.convert(list(tables), list[AnyDetectorConfig])
    return DetectorChain(configs, {_STREAM: layout_of(1, _RATE_HZ, _STREAM)})


def test_a_measure_before_and_after_a_marker_does_not_leak_across_it() -> None:
    """A rhythm that is half as high for two seconds from each marker on has a quarter of power."""
    time_s = np.arange(30_000) / _RATE_HZ
    is_on = (time_s % 5.0 >= 3.0) & (time_s > 3.0)
    rhythm_uv = np.where(is_on, 5.0, 10.0) * np.sin(2.0 * np.pi * 10.0 * time_s)
    given = block_of(rhythm_uv[:, None], _RATE_HZ, stream=_STREAM)
    events = tuple(
        BoundEvent(round(at * _RATE_HZ), MARKER, "trick", at) for at in np.arange(3.0, 25.0, 5.0)
    )
    found = detect(_chain(_POWER, _TRICK), [replace(given, events=events)])["trick"]
    assert isinstance(found.detector, EventContrast)
    last = _last((found.detector, found.estimates))
    assert last["contrast"] == pytest.approx(0.25, rel=1e-9)
    assert last["upper"] - last["lower"] < 1e-9
    assert (last["n_first"], last["n_second"], last["p"]) == (5.0, 5.0, 2.0 / 32.0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"of": None}, r"of: expected either a detector or a stream, found neither"),
        ({"stream": _STREAM}, r"of: expected either a detector or a stream, found both"),
        ({"measure": "phase"}, r"measure: expected one of power of 'low', found 'phase'"),
        ({"channels": ["C7"]}, r"channels\[0\]: expected each of C0 once at most, found 'C7'"),
        ({"form": "difference"}, r"form: expected 'ratio' or 'index' of geometric means"),
        ({"n_max": 2}, r"n_max: expected n_min \(5\) or more, found 2"),
        (
            {"first": {"markers": ["trick"], "window_s": [0.0, 0.55]}},
            r"first.window_s: expected 0.599 s or more, what an estimate of 'low' depends on",
        ),
        (
            {"first": {"markers": ["trick"], "window_s": [2.0, 1.0]}},
            r"window_s: expected begin < end, found \[2, 1\]",
        ),
        (
            {"pairs_begin_with": "first"},
            r"pairs_begin_with: expected none where epochs are no pairs",
        ),
        (
            {"first": {"markers": ["stop"], "window_s": [0.0, 2.0]}},
            r"pairs_begin_with: expected 'first', 'second' or 'either' where epochs are pairs",
        ),
        ({"first": _TRICK["second"]}, r"second: expected another condition than first"),
    ],
)
def test_what_is_wrong_in_a_table_is_told(change: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        _chain(_POWER, {**_TRICK, **change})
