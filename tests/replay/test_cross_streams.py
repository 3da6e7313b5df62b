"""A detector of several streams in the loop: silence, clock steps, and a real recording."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.signal import coherence, firwin, oaconvolve

from detectors.coherence.coherence import CoherenceConfig
from detectors.estimates import Estimates
from replay import readers
from replay.recording import Recording
from replay.recording_source import Chunking, RecordingSource
from replay.verification.rechunk import Rechunked
from replay.verification.verify import verify
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.events import Chunk, ClockCorrection, Event, StreamChanged
from streamer.journal.digests import Digests
from streamer.source import StreamInfo
from streamer.streams import Match, StreamConfig
from tests.detectors.power.naive_band_power import parts_of
from tests.replay.recordings import MemoryStream, recording, signal, whole
from tests.replay.rig import make_session, rig

_RATES_HZ = {"LFP": 250.0, "EMG": 1000.0}
_STREAMS = (
    StreamConfig(name="LFP", kind="lfp", match=Match(name="LFP")),
    StreamConfig(name="EMG", kind="lfp", match=Match(name="EMG")),
)
_SYNC = CoherenceConfig(
    id="sync", stream="LFP", other_stream="EMG", band_hz=(13.0, 40.0), segment_s=0.2, window_s=0.8
)


def _rig(
    streams: Sequence[StreamConfig] = _STREAMS, detectors: Sequence[CoherenceConfig] = (_SYNC,)
) -> LoopConfig:
    return rig(streams=tuple(streams), detectors=tuple(detectors), policies=(), devices=())


def _infos() -> list[StreamInfo]:
    return [
        replace(signal([], name=name, rate_hz=rate_hz).info, name=name)
        for name, rate_hz in _RATES_HZ.items()
    ]


class _Sender:
    """Two streams that send in turns, with losses and clock steps."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(3)
        self._next = dict.fromkeys(_RATES_HZ, 0)
        self._now_s = 0.0

    def send(self, length_s: float, *names: str) -> list[Event]:
        """Return the events of the next seconds from the streams that send, 50 ms at a time."""
        events: list[Event] = []
        for _ in range(round(length_s / 0.05)):
            for name in names:
                n_samples = int(0.05 * _RATES_HZ[name]) + 1
                stamps_s = self._now_s + np.arange(n_samples) / _RATES_HZ[name]
                stamps_s = stamps_s[stamps_s < self._now_s + 0.0499]
                samples = self._random.normal(0.0, 20.0, (stamps_s.size, 1)).astype(np.float32)
                events.append(Chunk(name, self._next[name], samples, stamps_s))
                self._next[name] += stamps_s.size
            self._now_s += 0.05
        return events


def _seen(events: Sequence[Event]) -> list[Estimates]:
    loop = ClosedLoop(_rig(), _infos(), "test")
    return [each.estimates for event in events for each in loop.step(event, 0.0).seen]


def _eventful() -> list[Event]:
    """Return silences of each stream, with and without loss, and clock steps of each."""
    sender = _Sender()
    events = sender.send(2.0, "LFP", "EMG")
    events += [StreamChanged("EMG", "silent"), *sender.send(1.5, "LFP")]
    events += [StreamChanged("EMG", "heard"), *sender.send(2.0, "EMG", "LFP")]
    events += [StreamChanged("LFP", "silent"), *sender.send(0.5, "EMG")]
    events += [StreamChanged("LFP", "lost"), *sender.send(0.5, "EMG")]
    events += [StreamChanged("LFP", "resumed"), *sender.send(2.0, "EMG", "LFP")]
    for name, correction_s in (("LFP", 7.0), ("EMG", 7.0), ("EMG", -3.0), ("LFP", -3.0)):
        events += [ClockCorrection(name, correction_s, 0.001), *sender.send(1.3, "LFP", "EMG")]
    return events


def test_a_silent_stream_taints_its_detector_and_both_find_together_again() -> None:
    sender = _Sender()
    before = _seen(sender.send(2.0, "LFP", "EMG"))
    events = [StreamChanged("EMG", "silent"), *sender.send(1.5, "LFP")]
    whole = _Sender().send(2.0, "LFP", "EMG") + events
    silent = _seen(whole)[len(before) :]
    assert before[-1].valid.all()
    # What waited is settled, and a hop every 0.1 s goes on; they say that they know nothing.
    assert sum(each.sample.size for each in silent) == 16
    assert not any(each.valid.any() for each in silent)
    events = [StreamChanged("EMG", "heard"), *sender.send(2.0, "EMG", "LFP")]
    after = _seen(whole + events)[len(before) + len(silent) :]
    assert after[-1].valid.all()


def test_both_streams_corrected_are_together_again_at_their_new_times() -> None:
    (*_, newest) = _seen(_eventful()[:-1])
    assert newest.time_s[-1] == pytest.approx(8.5 + 4 * 1.3 - 3.0, abs=0.2)
    assert newest.valid.all()


@pytest.mark.parametrize("n_samples_max", [1, 16, 700])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_breaks_stay_where_they_are_in_any_chunks(n_samples_max: int, seed: int) -> None:
    events = _eventful()
    digests = Digests()
    loop = ClosedLoop(_rig(), _infos(), "test")
    for event in events:
        digests.add(loop.step(event, 0.0))
    rechunked = Rechunked(
        ClosedLoop(_rig(), _infos(), "test"), n_samples_max=n_samples_max, seed=seed
    )
    for event in events:
        rechunked.take(event, 0.0)
    rechunked.finish(0.0)
    assert rechunked.digests.by_name() == digests.by_name()
    assert digests.by_name()["estimates"]


#: Of the real recording: STN and ECoG in one stream, and the ECoG in the other one as well.
_REAL_STREAMS = (
    StreamConfig(name="STN_ECOG", kind="lfp", match=Match(name="STN_ECOG")),
    StreamConfig(name="ECoG", kind="lfp", match=Match(name="ECoG")),
)
_REAL = CoherenceConfig(
    id="across",
    stream="STN_ECOG",
    other_stream="ECoG",
    pairs=(("LFP_RIGHT_0", "ECOG_RIGHT_1"), ("LFP_RIGHT_1", "ECOG_RIGHT_1")),
    band_hz=(13.0, 20.0),
    window_s=6.0,
)


def _two_streams(data_dir: Path) -> tuple[Recording, NDArray[np.float64]]:
    """Return STN and ECoG as recorded, with an ECoG channel as the slow stream; and all.

    The slow stream has the clock of another machine, 200 ppm fast, 5 s and after a reset 1005 s
    ahead; in the other one 0.75 s are missing. What was recorded before that was done is the truth.
    """
    made = readers.open(data_dir / "xdf-derived" / "stn_ecog_3streams_drift_reset_gap.xdf")
    fast, slow = made.streams[:2]
    whole_uv = scipy.io.loadmat(data_dir / "nwb-mat" / "stn_ecog_v5.mat")["data"].T
    np.testing.assert_array_equal(whole_uv[:12_000, :9], whole(fast).samples[:12_000])
    low_uv = oaconvolve(whole_uv[:, 4], firwin(401, 110.0, fs=1000.0), mode="same")
    info = replace(slow.info, lsl_name="ECoG", channels=("ECOG_RIGHT_1",))
    other = MemoryStream(
        info, low_uv[::4, None].astype(np.float32), whole(slow).timestamps_s, slow.clock
    )
    return recording(fast, other), whole_uv.astype(np.float64)


def _replayed(made: Recording, chunking: Chunking) -> tuple[Estimates, Digests]:
    source = RecordingSource(made, _REAL_STREAMS, chunking)
    source.open()
    loop = ClosedLoop(_rig(_REAL_STREAMS, (_REAL,)), source.infos, "test")
    seen: list[Estimates] = []
    digests = Digests()
    for time_s, event in source.events():
        outcome = loop.step(event, time_s)
        digests.add(outcome)
        seen += [each.estimates for each in outcome.seen]
    return seen[0].followed_by(seen[1:]), digests


def test_a_real_recording_gives_across_two_streams_what_it_gives_within(data_dir: Path) -> None:
    made, whole_uv = _two_streams(data_dir)
    found, digests = _replayed(made, Chunking())
    valid_s = found.time_s[found.valid.all(axis=1)]
    # Not before a window is full, and again after reset (at 110 s) and gap (112 to 112.75 s).
    assert valid_s == pytest.approx([*np.arange(106.04, 110.0, 0.5), 118.8], abs=0.2)
    for hop in np.flatnonzero(found.valid.all(axis=1)):
        end = round((found.time_s[hop] - 100.0) * 1000.0) + 4
        window_uv = whole_uv[end - 6000 : end]
        for index in range(2):
            frequency_hz, expected = coherence(
                window_uv[:, index], window_uv[:, 4], 1000.0, nperseg=1000
            )
            weights = parts_of(frequency_hz, (13.0, 20.0), 1000.0)
            assert found.values[hop, 7 * index] == pytest.approx(
                np.average(expected, weights=weights), abs=1.5e-3
            )
    _, same = _replayed(made, Chunking(n_samples_max=333, seed=5))
    assert same.by_name() == digests.by_name()


def test_a_session_across_streams_is_verified(data_dir: Path, tmp_path: Path) -> None:
    make_session(
        tmp_path / "session",
        _two_streams(data_dir)[0],
        _rig(_REAL_STREAMS, (_REAL,)),
        chunking=Chunking(n_samples_max=50, seed=2),
    )
    verdict = verify(tmp_path / "session")
    assert verdict.first_difference is None
    assert verdict.holds
