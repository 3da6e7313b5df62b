"""The examples of event contrasts find what was put into signals, markers and clocks."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.offline import gather
from detectors.outputs import column_of
from stimloop.config import load
from streamer.closed_loop import ClosedLoop
from streamer.events import Chunk, ClockCorrection, Event, Marker
from streamer.source import StreamInfo

_EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
_RATE_HZ = 1000.0
_CHUNK = 250
#: The clock of the markers' sender is behind that of the amplifier.
_BEHIND_S = 40.0

Marks = Sequence[tuple[float, str]]


def _run(
    example: str, samples_uv: NDArray[np.float64], channels: Sequence[str], marks: Marks
) -> Callable[[str, str, str], float]:
    """Feed an example; return a function that gives a detector's last value of a measure."""
    config = load(_EXAMPLES / f"{example}.toml")
    signal = config.streams[0].name
    loop = ClosedLoop(
        config.loop,
        (
            StreamInfo(
                name=signal,
                rate_hz=_RATE_HZ,
                channels=tuple(channels),
                units=("uV",) * len(channels),
                dtype="float64",
            ),
            StreamInfo(name="Events", rate_hz=0.0, channels=("",), units=("",), dtype="string"),
        ),
        "00000000000000000001-00000000",
    )
    events: list[Event] = [
        ClockCorrection(signal, 0.0, 1e-4),
        ClockCorrection("Events", _BEHIND_S, 1e-4),
    ]
    waiting = sorted(marks)
    for first in range(0, len(samples_uv), _CHUNK):
        piece = samples_uv[first : first + _CHUNK]
        stamps_s = (first + np.arange(len(piece))) / _RATE_HZ
        events.append(Chunk(signal, first, piece, stamps_s))
        while waiting and waiting[0][0] <= stamps_s[-1]:  # they come after the chunk they lie in
            at_s, text = waiting.pop(0)
            events.append(Marker("Events", at_s - _BEHIND_S, text))
    seen = [each for event in events for each in loop.step(event, 0.0).seen]
    found = gather(loop.chain.detectors, seen)

    def value(detector: str, channel: str, measure: str) -> float:
        result = found[detector]
        column = column_of(result.detector.outputs, channel, measure)
        assert result.estimates.valid[-1, column], (detector, channel, measure)
        return float(result.estimates.values[-1, column])

    return value


def _responses(
    marks: Marks, sizes: Mapping[str, tuple[float, ...]], n_channels: int
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Return EMG at rest with a lognormal response to each marker, and their logarithms."""
    random = np.random.default_rng(6)
    logs: dict[str, list[list[float]]] = {text: [] for text in sizes}
    samples_uv = random.normal(0.0, 2.0, (round(1000.0 * (marks[-1][0] + 2.0)), n_channels))
    for at_s, text in marks:
        begin = round(at_s * _RATE_HZ) + 20
        factors = np.array(sizes[text]) * np.exp(random.normal(0.0, 0.4, n_channels))
        logs[text].append(np.log(factors).tolist())
        samples_uv[begin + 2] = 500.0 * factors
        samples_uv[begin + 6] = -500.0 * factors
    return samples_uv, {text: np.array(each) for text, each in logs.items()}


def test_sici_and_lici_are_told_as_ratios_of_geometric_means() -> None:
    texts = ("TS", "SICI", "LICI") * 20
    marks = [(1.0 + 2.0 * number, text) for number, text in enumerate(texts)]
    sizes = {"TS": (1.0,), "SICI": (0.4,), "LICI": (0.5,)}
    samples_uv, logs = _responses(marks, sizes, 1)
    value = _run("sici-lici", samples_uv, ["FDI"], marks)
    for detector, text in (("sici", "SICI"), ("lici", "LICI")):
        ratio = np.exp(logs[text].mean() - logs["TS"].mean())
        assert value(detector, "FDI", "contrast") == pytest.approx(ratio, rel=1e-9)
        assert value(detector, "FDI", "n_first") == value(detector, "FDI", "n_second") == 20.0
        assert value(detector, "FDI", "p") < 0.01


def test_pas_is_told_of_the_target_and_of_the_muscle_beside_it() -> None:
    marks = [(1.0 + 2.0 * number, "pre" if number < 20 else "post") for number in range(40)]
    sizes = {"pre": (1.0, 0.5), "post": (1.8, 0.8)}
    samples_uv, logs = _responses(marks, sizes, 2)
    value = _run("pas", samples_uv, ["APB", "ADM"], marks)
    ratios = np.exp(logs["post"].mean(axis=0) - logs["pre"].mean(axis=0))
    for channel, ratio in zip(("APB", "ADM"), ratios, strict=True):
        assert value("pas", channel, "contrast") == pytest.approx(ratio, rel=1e-9)
        assert value("pas", channel, "reasons") == 0.0


def test_a_sensory_trick_that_halves_the_activity_has_a_quarter_of_its_power() -> None:
    marks = [(6.0 + 10.0 * number, "sensory_trick") for number in range(6)]
    time_s = np.arange(65_000) / _RATE_HZ
    is_eased = np.zeros(time_s.size, dtype=np.bool_)
    for at_s, _ in marks:
        is_eased |= (time_s >= at_s) & (time_s < at_s + 5.0)
    noise_uv = np.random.default_rng(3).normal(0.0, 60.0, time_s.size)
    samples_uv = np.where(is_eased, 0.5, 1.0) * noise_uv
    value = _run("sensory-trick", samples_uv[:, None], ["SCM_L"], marks)
    assert value("sensory_trick", "SCM_L", "contrast") == pytest.approx(0.25, rel=0.1)
    assert value("sensory_trick", "SCM_L", "p") == 2.0 / 64.0
    assert value("sensory_trick", "SCM_L", "upper") < 0.35


def test_task_specificity_is_the_index_of_the_powers() -> None:
    texts = ("write", "rest") * 6
    marks = [(2.0 + 10.0 * number, text) for number, text in enumerate(texts)]
    time_s = np.arange(125_000) / _RATE_HZ
    is_task = ((time_s - 2.0) // 10.0) % 2 == 0
    rhythm_uv = np.where(is_task, 2.0, 1.0) * 10.0 * np.sin(2.0 * np.pi * 7.0 * time_s)
    noise_uv = np.random.default_rng(4).normal(0.0, 1.0, time_s.size)
    value = _run("task-specificity", (rhythm_uv + noise_uv)[:, None], ["GPI_L"], marks)
    assert value("task_specificity", "GPI_L", "contrast") == pytest.approx(3.0 / 5.0, abs=0.01)
    assert value("task_specificity", "GPI_L", "p") == 2.0 / 924.0
