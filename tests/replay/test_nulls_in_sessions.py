"""The null of bursts in a session: a function of the samples, or journalled where late."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest

from detectors.bursts.burst import BurstConfig, BurstThreshold
from detectors.bursts.statistics import BurstStatistics, BurstStatisticsConfig
from replay.recording_source import Chunking
from replay.verification.verify import verify
from replay.virtual_time import run_virtually
from stimulators.decisions import Notice
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.deferred_work import DeferredWork
from streamer.events import Chunk, ClockCorrection, Event, NullArrived, NullLate
from streamer.journal.journal import Journal
from streamer.journal.provenance import header
from tests.replay.rig import make_session, rig, short_recording
from tests.streamer.answering_transport import AnsweringTransport
from tests.streamer.rigs import CONFIG, HOP, INFOS, RATE_HZ, SESSION, chunk
from tests.streamer.serving import service_of

_LENGTH_S = 6.0
_BURST = BurstConfig(
    id="burst",
    of="beta",
    threshold=BurstThreshold(percentile=75.0, calibrate_s=1.0),
    duration_s_min=0.0,
)
_STATISTICS = BurstStatisticsConfig(
    id="statistics", of="burst", window_s=1.0, hop_s=0.02, n_bursts_min=1, null_delay_s=1.0
)
_RIG = msgspec.structs.replace(
    CONFIG, detectors=(CONFIG.detectors[0], _BURST, _STATISTICS), policies=(), devices=()
)
#: The window of 0.4 s is full, then a second of hops is calibrated on, then the threshold is known.
_KNOWN = round(0.4 * RATE_HZ) - 1 + round(1.0 * RATE_HZ)
_DUE = _KNOWN + round(1.0 * RATE_HZ)


class Braked(DeferredWork):
    """A background task that computes nothing until it is released."""

    def __init__(self, chain: Any) -> None:
        super().__init__(chain)
        self._go = threading.Event()

    def _run(self) -> None:
        self._go.wait()
        super()._run()

    def let_go(self) -> None:
        """Release it, and wait until all is computed."""
        self._go.set()
        for work in self._open:
            work.done.wait()


class Wrong(DeferredWork):
    """A background task with a different result."""

    def take(self) -> None:
        for deferral in self._chain.deferrals:
            if deferral._result is None:
                deferral._result = 1.01 * deferral.result()
        super().take()


class Run:
    """A session of the small rig in virtual time, with the outcome of each step."""

    def __init__(
        self,
        path: Path,
        deferred: Callable[[Any], DeferredWork | None],
        *,
        let_go: int | None = None,
    ) -> None:
        self.steps: list[tuple[Event, Outcome]] = []
        self.path = path
        self.loop = ClosedLoop(_RIG, INFOS, SESSION)
        self._deferred = deferred(self.loop.chain)
        self._let_go = let_go
        run_virtually(self._run())

    async def _run(self) -> None:
        now_s = asyncio.get_running_loop().time
        first = header(_RIG, INFOS, session=SESSION, config_toml=b"")
        with Journal(self.path, first, now_s()) as journal:
            service = service_of(
                self.loop,
                journal,
                AnsweringTransport(),
                _RIG,
                watchers=[lambda event, _now_s, outcome: self.steps.append((event, outcome))],
                deferred=self._deferred,
            )
            if self._deferred is None:
                await service.run([self])
            else:
                with self._deferred:
                    await service.run([self])
        self.digests = journal.digests.by_name()

    infos = INFOS

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is held."""

    async def feed(self, emit: Callable[[Event], None]) -> None:
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        emit(ClockCorrection("LFP", 0.0, 1e-4))
        for first in range(0, round(_LENGTH_S * RATE_HZ), HOP):
            due: asyncio.Future[None] = loop.create_future()
            loop.call_at(start_s + (first + HOP) / RATE_HZ, due.set_result, None)
            await due
            if first == self._let_go:
                assert isinstance(self._deferred, Braked)
                self._deferred.let_go()
            emit(chunk(first, HOP, start_s=start_s))

    @property
    def notes(self) -> list[tuple[int, str]]:
        """Return sample and text of each note about a null that took effect."""
        return [
            (note.sample, note.text)
            for _, outcome in self.steps
            for note in outcome.notes
            if note.kind == "null"
        ]

    def valid_nulls(self) -> list[int]:
        """Return the samples of the estimates that have a null."""
        statistics = self.loop.chain.detectors["statistics"]
        assert isinstance(statistics, BurstStatistics)
        column = statistics.columns("STN").rate_hz_null
        return [
            int(sample)
            for _, outcome in self.steps
            for seen in outcome.seen
            if seen.estimates.detector == "statistics"
            for sample, is_valid in zip(
                seen.estimates.sample, seen.estimates.valid[:, column], strict=True
            )
            if is_valid
        ]


def test_in_time_it_takes_effect_at_its_sample_whoever_computes_it(tmp_path: Path) -> None:
    waited = Run(tmp_path / "waited.sqlite", lambda chain: DeferredWork(chain, waits=True))
    alone = Run(tmp_path / "alone.sqlite", lambda _: None)
    assert [sample for sample, _ in waited.notes] == [_DUE]
    assert waited.notes == alone.notes
    assert waited.digests == alone.digests
    assert min(waited.valid_nulls()) == _DUE
    assert not any(isinstance(event, NullLate | NullArrived) for event, _ in waited.steps)
    for run in (waited, alone):
        verdict = verify(run.path, is_unfinished=True)
        assert verdict.holds, verdict.first_difference


def test_late_it_is_told_bound_where_it_arrives_and_computed_again(tmp_path: Path) -> None:
    in_time = Run(tmp_path / "in-time.sqlite", lambda _: None)
    let_go = 4 * round(RATE_HZ)
    late = Run(tmp_path / "late.sqlite", Braked, let_go=let_go)
    events = [event for event, _ in late.steps]
    (told,) = (index for index, event in enumerate(events) if isinstance(event, NullLate))
    (came,) = (index for index, event in enumerate(events) if isinstance(event, NullArrived))
    following = next(event for event in events[told:] if isinstance(event, Chunk))
    assert following.first_sample <= _DUE < following.first_sample + HOP
    decisions = [each for at in (told, came) for each in late.steps[at][1].decisions]
    texts = [each.text for each in decisions if isinstance(each, Notice)]
    assert texts == [
        "statistics on STN: what chance gives is not computed yet; it is not valid",
        "statistics on STN: what chance gives is there, and valid from the next hop on",
    ]
    ((sample, text),) = late.notes
    assert let_go < sample <= let_go + 3 * HOP
    assert min(late.valid_nulls()) == sample
    assert text == in_time.notes[0][1]
    assert late.digests["estimates"]["burst"] == in_time.digests["estimates"]["burst"]
    assert late.digests["estimates"]["statistics"] != in_time.digests["estimates"]["statistics"]
    verdict = verify(late.path, is_unfinished=True)
    assert verdict.holds, verdict.first_difference


def test_a_null_that_never_comes_is_told_and_never_valid(tmp_path: Path) -> None:
    class Failing(DeferredWork):
        def take(self) -> None:
            super().take()
            for work in self._open:
                work.failure = "MemoryError: "
                work.done.set()

    run = Run(tmp_path / "failing.sqlite", Failing)
    (late,) = (event for event, _ in run.steps if isinstance(event, NullLate))
    assert late.reason == "MemoryError: "
    assert run.notes == []
    assert run.valid_nulls() == []
    assert verify(run.path, is_unfinished=True).holds


def test_verification_computes_it_again_and_finds_another(tmp_path: Path) -> None:
    run = Run(tmp_path / "wrong.sqlite", lambda chain: Wrong(chain, waits=True))
    difference = verify(run.path, is_unfinished=True).first_difference
    assert difference is not None
    assert "detector statistics: estimates up to sample" in difference


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return _from_file(tmp_path_factory.mktemp("one") / "session", Chunking())


@pytest.mark.parametrize(
    "chunking",
    [
        Chunking(n_samples_max=1),
        Chunking(n_samples_max=100_000),
        Chunking(n_samples_max=400, seed=3),
    ],
    ids=["sample by sample", "in one piece", "at random"],
)
def test_a_recording_gives_the_same_null_in_any_chunks(
    expected: dict[str, Any], chunking: Chunking, tmp_path: Path
) -> None:
    found = _from_file(tmp_path / "session", chunking)
    for what in ("estimates", "detections"):
        assert found["digest"][what] == expected["digest"][what]
    assert verify(tmp_path / "session").passes


def _from_file(out: Path, chunking: Chunking) -> dict[str, Any]:
    detectors = (*rig().detectors, _STATISTICS)
    return make_session(
        out, short_recording(_LENGTH_S), rig(detectors=detectors), chunking=chunking
    )
