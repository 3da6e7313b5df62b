"""Detectors that run ahead change nothing, step by step and bit for bit."""

from typing import Any, ClassVar

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from detectors.block import Block, StreamLayout, Taint
from detectors.bursts.burst import BurstConfig, BurstThreshold
from detectors.bursts.statistics import BurstStatisticsConfig
from detectors.coherence.coherence import CoherenceConfig
from detectors.detector import DetectorConfig, Input
from detectors.estimates import Estimates, Seen
from detectors.outputs import Measure
from detectors.power.band_power import BandPowerConfig
from detectors.registry import REGISTRY
from detectors.stream_detector import StreamDetector, StreamDetectorConfig
from detectors.testing.examples import brought_examples
from detectors.testing.reflection import detector_types
from detectors.testing.subject import LAYOUT, Example
from detectors.windowed import Windowed, WindowedConfig
from replay.ahead.ahead_loop import AheadLoop
from replay.recording import Recording
from replay.recording_source import Chunking, RecordingSource
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.journal.records import encode_outcome
from streamer.streams import Match, StreamConfig
from tests.detectors.examples import EXAMPLES
from tests.replay.recordings import markers, recording, signal
from tests.replay.rig import rig

_LFP = StreamConfig(name="LFP", kind="lfp", match=Match(name="LFP"))
_BETA = BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0), window_s=0.4, hop_s=0.02)
_BURST = BurstConfig(id="burst", of="beta", threshold=BurstThreshold(percentile=50, calibrate_s=1))
#: Its null is due before the stretch is over in which it is asked for.
_NULL_SOON = BurstStatisticsConfig(
    id="soon", of="burst", window_s=1.0, hop_s=0.02, n_bursts_min=1, null_delay_s=0.1
)


def _examples(detector: type[Any]) -> tuple[Example, ...]:
    return EXAMPLES.get(detector) or brought_examples(detector)


_OF_ONE_STREAM = [
    pytest.param(example, id=f"{detector.__name__}: {example.name}")
    for detector in detector_types()
    for example in _examples(detector)[:1]
    if example.layout == LAYOUT
]


def _flawed(seed: int = 5, length_s: float = 3.0, name: str = "LFP") -> Recording:
    """Return a rhythm that comes and goes, with a gap, NaN, a step of the clock, and a marker."""
    n_samples = round(length_s * LAYOUT.rate_hz)
    random = np.random.default_rng(seed)
    time_s = np.arange(n_samples) / LAYOUT.rate_hz
    rhythm = (np.sin(9.0 * time_s) > 0.0) * 15.0 * np.sin(2.0 * np.pi * 20.0 * time_s)
    samples = (random.normal(0.0, 5.0, (n_samples, 3)) + rhythm[:, None]).astype(np.float32)
    samples[n_samples // 4, 1] = np.nan
    stamps_s = 50.0 + time_s + random.normal(0.0, 0.0002, n_samples)
    stamps_s[2 * n_samples // 3 :] += 0.25
    lfp = signal(
        stamps_s,
        name=name,
        rate_hz=LAYOUT.rate_hz,
        samples=samples,
        channels=LAYOUT.channels,
        units=("uV",) * 3,
        offsets=[(50.0, 7.0), (51.1, 7.0001), (51.83, 7.4)],
    )
    return recording(lfp, markers([58.013], ["cue"]))


def _detecting(*detectors: DetectorConfig, stream: StreamConfig = _LFP) -> LoopConfig:
    return rig(streams=(stream,), detectors=detectors, policies=(), devices=())


def _followed(
    config: LoopConfig, made: Recording, *, runs_ahead: bool, n_samples_max: int | None = None
) -> tuple[list[bytes], dict[str, Any], tuple[str, ...]]:
    """Return the outcome of each step, what was counted, and which streams ran ahead."""
    source = RecordingSource(made, config.streams, Chunking(n_samples_max=n_samples_max))
    source.open()
    loop = AheadLoop(config, source, "test") if runs_ahead else None
    fed = loop or ClosedLoop(config, source.infos, "test")
    outcomes = [encode_outcome(fed.step(event, time_s)) for time_s, event in source.events()]
    counts = {name: (dict(each.counts), each.tallied) for name, each in fed.conditioners.items()}
    return outcomes, counts, loop.streams_ahead if loop is not None else ()


def _same_steps(config: LoopConfig, made: Recording, **options: Any) -> tuple[str, ...]:
    """Hold that running ahead shows in no step; return the streams that ran ahead."""
    plain, counted, _ = _followed(config, made, runs_ahead=False, **options)
    outcomes, counted_ahead, streams = _followed(config, made, runs_ahead=True, **options)
    assert outcomes == plain
    assert counted_ahead == counted
    return streams


@pytest.mark.parametrize("example", _OF_ONE_STREAM)
def test_every_detector_gives_the_same_at_every_step(example: Example) -> None:
    config = _detecting(*example.configs)
    reads_events = getattr(list(example.chain().detectors.values())[-1], "reads_events", False)
    ahead = () if reads_events else ("LFP",)
    assert _same_steps(config, _flawed(), n_samples_max=10) == ahead


@pytest.mark.parametrize("n_samples_max", [1, 7, 124, 125, 126])
def test_chunks_of_any_length_find_their_part(n_samples_max: int) -> None:
    config = _detecting(_BETA, _BURST, _NULL_SOON)
    streams = _same_steps(config, _flawed(), n_samples_max=n_samples_max)
    assert streams == (("LFP",) if n_samples_max < 126 else ())


def test_two_streams_run_ahead_each_by_itself_and_not_where_one_detector_reads_both() -> None:
    lfp, emg = _flawed().streams[0], _flawed(seed=6, name="EMG").streams[0]
    other = StreamConfig(name="EMG", kind="lfp", match=Match(name="EMG"))
    of_other = replace(_BETA, id="other", stream="EMG")
    config = replace(_detecting(_BETA, _BURST, of_other), streams=(_LFP, other))
    made = recording(lfp, emg)
    assert _same_steps(config, made) == ("LFP", "EMG")
    both = CoherenceConfig(
        id="both", stream="LFP", other_stream="EMG", band_hz=(13.0, 40.0), segment_s=0.2
    )
    assert _same_steps(replace(config, detectors=(*config.detectors, both)), made) == ()


def test_a_step_that_reads_stimulation_is_never_ahead_of_it() -> None:
    tables: list[dict[str, Any]] = [{"kind": "movement"}, {"kind": "saturation"}]
    steady = msgspec.convert({**msgspec.to_builtins(_LFP), "artifacts": tables}, StreamConfig)
    assert _same_steps(_detecting(_BETA, stream=steady), _flawed()) == ("LFP",)
    tables.append({"kind": "stimulation_blanking", "pulse_markers": ["cue"]})
    blanked = msgspec.convert({**msgspec.to_builtins(_LFP), "artifacts": tables}, StreamConfig)
    assert _same_steps(_detecting(_BETA, stream=blanked), _flawed()) == ()


class _CuesConfig(StreamDetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="cues"):
    pass


class _Cues(StreamDetector):
    """A detector of another package, which counts what is bound to samples."""

    config_type: ClassVar[type[DetectorConfig]] = _CuesConfig
    delay_s = 0.0
    span_samples = 1

    def __init__(self, config: _CuesConfig, layout: StreamLayout) -> None:
        super().__init__(config, (), layout, (Measure("n_events", ""),), hop_s=0.0)
        self.reset()

    def reset(self) -> None:
        self._n_events = 0

    def update(self, given: Input) -> Seen:
        assert isinstance(given, Block)
        self._n_events += len(given.events)
        made = Estimates.empty(self.id, given.time_s.size, len(self.outputs))
        made.sample[:] = given.first_sample + np.arange(given.time_s.size)
        made.time_s[:] = given.time_s
        made.values[:] = self._n_events
        made.valid[:] = given.taint & Taint.RESTART == 0
        return Seen(made)


class _RangeConfig(WindowedConfig, frozen=True, kw_only=True, tag_field="kind", tag="range"):
    pass


class _Range(Windowed):
    """A detector of another package, which is given windows alone."""

    config_type: ClassVar[type[WindowedConfig]] = _RangeConfig
    measures = (Measure("range", "µV"),)

    def measure(self, window_uv: NDArray[np.float64]) -> NDArray[np.float64]:
        range_uv: NDArray[np.float64] = window_uv.max(axis=0) - window_uv.min(axis=0)
        return range_uv


def test_a_detector_from_elsewhere_runs_ahead_only_where_it_cannot_see_what_is_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for each in (_Cues, _Range):
        monkeypatch.setitem(REGISTRY.detectors, each.config_type, each)
    cues, range_ = _CuesConfig(id="cues", stream="LFP"), _RangeConfig(id="range", stream="LFP")
    assert _same_steps(_detecting(_BETA, range_), _flawed()) == ("LFP",)
    assert _same_steps(_detecting(_BETA, cues), _flawed()) == ()


def test_chunks_of_random_lengths_are_taken_one_by_one() -> None:
    config = _detecting(_BETA)
    source = RecordingSource(_flawed(), config.streams, Chunking(n_samples_max=5, seed=1))
    source.open()
    assert AheadLoop(config, source, "test").streams_ahead == ()
