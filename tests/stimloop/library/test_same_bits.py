"""The library on an array, online in any chunks, and `replay` give the same bits."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stimloop as sl
from detectors.estimates import Seen
from detectors.registry import REGISTRY
from detectors.testing.examples import brought_examples
from detectors.testing.strategies import CUTS, N_SAMPLES
from detectors.testing.subject import Example, stream_samples
from stimloop.__main__ import run_command
from streamer.closed_loop import Outcome
from streamer.journal.digests import Digests
from tests.detectors.coherence.cross_examples import CROSS_EXAMPLES
from tests.detectors.examples import EXAMPLES
from tests.stimloop.library.patient_file import write_patient
from tests.support.searching import search

_FIELDS = ("sample", "time_s", "values", "valid", "taint")
_BIPOLAR = sl.Stream(montage={"STN_13": {"STN_1": 1.0, "STN_3": -1.0}})
_DETECTORS = (
    sl.BandPower("beta", band_hz=(13, 30), window_s=0.4),
    sl.Burst("burst", of="beta", threshold=sl.Percentile(60, calibrate_s=10)),
    sl.BurstStatistics("statistics", of="burst", window_s=20),
    sl.Oscillation("rhythm", centre_hz=20, channels=["STN_13"]),
    sl.TargetPhase("peaks", of="rhythm", gate=sl.Percentile(50, calibrate_s=5)),
    sl.Coherence("sync", band_hz=(13, 30), pairs=[("STN_1", "STN_3")], window_s=5),
)


def _digests(found: Mapping[str, sl.DetectorSeries]) -> dict[str, str]:
    digests = Digests()
    for each in found.values():
        digests.add(Outcome(seen=(Seen(each.estimates, each.detections),)))
    return digests.as_dict()


def _bits(parts: Sequence[sl.DetectorSeries]) -> tuple[Any, ...]:
    arrays = (
        b"".join(getattr(each.estimates, name).tobytes() for each in parts) for name in _FIELDS
    )
    return (*arrays, tuple(detection for each in parts for detection in each.detections))


def _examples() -> Iterator[tuple[str, Example]]:
    for detector in REGISTRY.detectors.values():
        for example in EXAMPLES.get(detector) or brought_examples(detector):
            yield f"{detector.__name__} {example.name}", example


_EXAMPLES = dict(_examples())


def test_the_law_is_tried_on_every_kind_that_is_installed() -> None:
    tried = {type(example.configs[-1]) for example in _EXAMPLES.values()}
    assert tried == set(REGISTRY.detectors)


def test_a_recorded_stream_gives_what_its_replay_gives(tmp_path: Path) -> None:
    file = write_patient(tmp_path, lost=slice(7000, 7200))
    found = sl.detect(sl.read(file)["LFP"], *_DETECTORS, stream=_BIPOLAR)
    found.rig().to_toml(tmp_path / "rig.toml")
    out = tmp_path / "session"
    assert run_command(["replay", str(file), str(tmp_path / "rig.toml"), "--out", str(out)]) == 0
    digest = json.loads((out / "summary.json").read_text("utf-8"))["digest"]
    assert len(found["burst"].events()) > 5
    assert len(found["peaks"].events()) > 5
    assert found["statistics"].valid.any()
    ours = _digests(found)
    assert ours["estimates"] == digest["estimates"]
    assert ours["detections"] == digest["detections"]


def test_an_array_with_the_same_stamps_gives_what_the_recorded_stream_gives(tmp_path: Path) -> None:
    stream = sl.read(write_patient(tmp_path, lost=slice(7000, 7200)))["LFP"]
    of_file = sl.detect(stream, *_DETECTORS, stream=_BIPOLAR)
    of_array = sl.detect(
        stream.read(),
        *_DETECTORS,
        rate_hz=stream.rate_hz,
        channels=stream.channels,
        time_s=stream.read_stamps(),
        stream=_BIPOLAR,
    )
    assert _digests(of_array) == _digests(of_file)
    assert "gap: 200 samples, once" in "\n".join(of_array.lines)


@pytest.mark.filterwarnings("ignore:.*estimate:UserWarning")
@pytest.mark.parametrize("name", _EXAMPLES)
def test_online_gives_in_any_chunks_what_the_whole_gives(name: str) -> None:
    example = _EXAMPLES[name]
    layout = example.layout
    rate: dict[str, Any] = {"rate_hz": layout.rate_hz, "channels": layout.channels}
    stream = sl.Stream(layout.name)

    @search(4)
    @given(cuts=CUTS, seed=st.integers(0, 1000), n_samples=st.integers(1, N_SAMPLES))
    def hold(cuts: Sequence[int], seed: int, n_samples: int) -> None:
        x_uv = stream_samples(layout, seed, n_samples, ()).samples_uv
        whole = sl.detect(x_uv, *example.configs, **rate, stream=stream)
        online = sl.online(*example.configs, **rate, stream=stream)
        edges = sorted({0, n_samples, *(cut for cut in cuts if 0 < cut < n_samples)})
        parts = [online.update(x_uv[start:stop]) for start, stop in pairwise(edges)]
        for id_, series in whole.items():
            assert _bits([each[id_] for each in parts]) == _bits([series])

    hold()


def test_online_of_several_streams_gives_what_the_whole_gives() -> None:
    for example in (each for several in CROSS_EXAMPLES.values() for each in several[:1]):
        streams = example.streams(1, 12.0, starts_s=(0.0, 0.0))
        x_uv = {name: each.samples_uv for name, each in streams.by_stream.items()}
        layouts = {each.name: each for each in example.layouts}
        whole = sl.detect(
            {
                name: sl.Signal(
                    each, rate_hz=layouts[name].rate_hz, channels=layouts[name].channels
                )
                for name, each in x_uv.items()
            },
            example.config,
        )[example.config.id]
        online = sl.online(
            example.config,
            rate_hz={name: each.rate_hz for name, each in layouts.items()},
            channels={name: each.channels for name, each in layouts.items()},
        )
        parts = []
        for second in range(12):
            for name, layout in layouts.items():
                start, stop = (round(layout.rate_hz * each) for each in (second, second + 1))
                parts.append(online.update(x_uv[name][start:stop], stream=name)[example.config.id])
        assert whole.time_s.size > 5
        assert _bits(parts) == _bits([whole])


def test_after_a_reset_all_is_as_at_the_start() -> None:
    beta = sl.BandPower("beta", band_hz=(13, 30), window_s=0.4)
    x_uv = np.random.default_rng(1).normal(0.0, 10.0, 1000)
    online = sl.online(beta, rate_hz=250, channels="a")
    first = online.update(x_uv)["beta"]
    online.reset()
    assert _bits([online.update(x_uv)["beta"]]) == _bits([first])
    assert msgspec.structs.asdict(beta)["stream"] == ""
