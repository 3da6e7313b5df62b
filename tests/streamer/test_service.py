"""The service: one order of events, journalled before it acts, safe however it ends."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from replay.virtual_time import run_virtually
from stimulators.wire.messages import Command, Control, ControlAction, Lease, Stop
from stimulators.wire.received import ControlHeard, StopHeard
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.errors import JournalError, UnsafeEndError
from streamer.events import Chunk, Event, Fault, Slept, Tick
from streamer.journal.journal import Journal
from streamer.journal.reader import JournalReader
from streamer.journal.records import FailureRecord, StepRecord, encode, encode_outcome
from streamer.source import Source
from streamer.watching.summary import Summary
from tests.streamer.answering_transport import AnsweringTransport
from tests.streamer.journal.journal_examples import HEADER
from tests.streamer.rigs import CONFIG, INFOS, SESSION, SignalSource
from tests.streamer.serving import service_of

_START_S = 1000.0


def _control(request_id: str, action: ControlAction) -> ControlHeard:
    now_us = round(asyncio.get_running_loop().time() * 1e6)
    asked = Control(
        request_id=request_id,
        session=SESSION,
        operator="o",
        issued_us=now_us,
        expires_us=now_us + 10**6,
        action=action,
    )
    return ControlHeard(asked, retained=False)


class VirtualRun:
    """One run of the service in virtual time, with its journal and everything it announced."""

    def __init__(self, folder: Path, transport: AnsweringTransport | None = None) -> None:
        self.path = folder / "journal.sqlite"
        self.transport = transport or AnsweringTransport()
        self.loop = ClosedLoop(CONFIG, INFOS, SESSION)
        self.watched: list[tuple[Event, float, Outcome]] = []
        self.slept_s = 0.0
        self.reason = ""
        self.ended_s = 0.0

    def run(
        self,
        sources: Sequence[Source],
        *,
        duration_s: float | None = None,
        meanwhile: Callable[["VirtualRun"], None] = lambda _: None,
    ) -> None:
        """Run to the end; `meanwhile` is called once the service runs."""

        async def main() -> None:
            now_s = asyncio.get_running_loop().time
            with Journal(self.path, HEADER, now_s()) as self.journal:
                self.summary = Summary(self.loop)
                self.service = service_of(
                    self.loop,
                    self.journal,
                    self.transport,
                    CONFIG,
                    watchers=[self.summary.watch],
                    slept_s=lambda: self.slept_s,
                )
                self.service.watchers.append(lambda *step: self.watched.append(step))
                self.task = asyncio.create_task(self.service.run(sources, duration_s=duration_s))
                meanwhile(self)
                try:
                    self.reason = await self.task
                finally:
                    self.ended_s = now_s() - _START_S
                    self.n_tasks = len(asyncio.all_tasks())

        run_virtually(main(), start_s=_START_S)

    def later(self, delay_s: float, call: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(delay_s, call)

    def states(self) -> list[str]:
        """Return the states that were announced, without repetition."""
        states = [status.state for status in self.transport.statuses]
        return [
            after for before, after in zip(["", *states], states, strict=False) if after != before
        ]

    def check_journal(self) -> int:
        """Compare the journal with what was watched; return its number of records."""
        with JournalReader(self.path) as reader:
            _, *records = reader.records()
            steps = [each for each in records if isinstance(each.payload, StepRecord)]
            assert len(steps) == len(self.watched)
            for record, (event, now_s, outcome) in zip(steps, self.watched, strict=True):
                assert isinstance(record.payload, StepRecord)
                assert type(record.payload.event) is type(event)
                assert record.now_s == now_s
                assert bytes(record.payload.outcome) == encode_outcome(outcome)
            return reader.n_records


def test_the_loop_closes_and_everything_it_did_is_in_the_journal(tmp_path: Path) -> None:
    session = VirtualRun(tmp_path)
    session.run([SignalSource(8.0)])
    assert session.reason == "end of data"
    assert session.states()[:3] == ["idle", "armed", "active"]
    assert session.states()[-1] == "offline"
    amplitudes = [command.amplitude_ma for command in session.transport.commands]
    assert max(amplitude or 0.0 for amplitude in amplitudes) == 2.0
    assert amplitudes[-1] == 0.0
    session.check_journal()
    summary = session.summary.as_dict()
    assert summary["samples"] == 2000
    assert summary["commands"]["issued"] == len(amplitudes) == summary["commands"]["acked"]
    assert summary["detections"] == {"beta": 0, "burst": 2}
    assert session.n_tasks == 1


def test_every_command_is_committed_before_it_is_sent(tmp_path: Path) -> None:
    found: list[int] = []

    class Spy(AnsweringTransport):
        def send(self, device: str, message: Command | Lease) -> bool:
            with JournalReader(session.path) as reader:
                *_, newest = reader.records()
                assert isinstance(newest.payload, StepRecord)
                assert encode(message) in bytes(newest.payload.outcome)
                found.append(reader.n_records)
            return super().send(device, message)

    session = VirtualRun(tmp_path, Spy())
    session.run([SignalSource(3.0)])
    assert len(found) > 10
    assert found == sorted(found)


def test_after_every_tick_the_journal_holds_all_there_was(tmp_path: Path) -> None:
    session = VirtualRun(tmp_path)
    n_ticks = 0

    def watch(event: Event, now_s: float, outcome: Outcome) -> None:
        nonlocal n_ticks
        session.watched.append((event, now_s, outcome))
        if isinstance(event, Tick) and now_s < _START_S + 1.0:
            n_ticks += 1
            with JournalReader(session.path) as reader:
                assert len(list(reader.records())) == 1 + len(session.watched)

    def meanwhile(each: VirtualRun) -> None:
        each.service.watchers[-1] = watch

    session.run([SignalSource(1.5)], meanwhile=meanwhile)
    assert n_ticks > 40


def test_a_session_ends_after_its_duration_with_the_device_at_safe(tmp_path: Path) -> None:
    session = VirtualRun(tmp_path)
    session.run([SignalSource(60.0)], duration_s=5.5)
    assert session.reason == "duration"
    # The device's own word that it is safe: it comes once its last lease has ended.
    assert 5.5 < session.ended_s < 5.5 + CONFIG.gate.lease_s + 0.1
    assert session.transport.devices.devices["stn"].state == "safe"
    last = session.transport.commands[-1]
    assert last.amplitude_ma == 0.0
    assert session.states()[-1] == "offline"
    session.check_journal()


def test_a_cancelled_session_ends_as_well_as_any(tmp_path: Path) -> None:
    session = VirtualRun(tmp_path)
    session.run([SignalSource(60.0)], meanwhile=lambda each: each.later(5.5, each.task.cancel))
    assert session.reason == "stopped"
    assert session.transport.commands[-1].amplitude_ma == 0.0
    assert session.states()[-1] == "offline"
    assert session.n_tasks == 1
    session.check_journal()


def test_a_sleep_is_told_once_whether_the_run_had_begun_or_not(tmp_path: Path) -> None:
    session = VirtualRun(tmp_path)
    session.slept_s = 40.0

    def meanwhile(each: VirtualRun) -> None:
        each.later(1.01, lambda: setattr(each, "slept_s", 45.0))

    session.run([SignalSource(2.0)], meanwhile=meanwhile)
    slept = [
        (event.lasted_s, round(now_s - _START_S, 2))
        for event, now_s, _ in session.watched
        if isinstance(event, Slept)
    ]
    assert slept == [(40.0, CONFIG.rig.tick_s), (5.0, 1.02)]
    session.check_journal()


def test_the_farewell_waits_for_the_device_but_not_for_ever(tmp_path: Path) -> None:
    class Deaf(AnsweringTransport):
        def send(self, device: str, message: Command | Lease) -> bool:
            self.is_mute = getattr(message, "amplitude_ma", None) == 0.0
            return super().send(device, message)

    session = VirtualRun(tmp_path, Deaf())
    with pytest.raises(UnsafeEndError, match="device stn: expected its word that it is at its"):
        session.run([SignalSource(60.0)], duration_s=5.5)
    way_down_s = CONFIG.gate.lease_s + 3.0 / 10.0
    assert 6.5 < session.ended_s < 5.5 + way_down_s + 1.1

    def cancel_twice(each: VirtualRun) -> None:
        each.later(5.5, each.task.cancel)
        each.later(5.6, each.task.cancel)
        each.later(6.52, each.task.cancel)

    (tmp_path / "again").mkdir()
    session = VirtualRun(tmp_path / "again", Deaf())
    with pytest.raises(UnsafeEndError, match="device stn: expected its word that it is at its"):
        session.run([SignalSource(60.0)], meanwhile=cancel_twice)
    assert 6.5 < session.ended_s < 6.6
    assert session.transport.statuses[-1].state == "offline"


def test_however_often_it_is_cancelled_a_session_ends_as_well_as_any(tmp_path: Path) -> None:
    def cancel_often(each: VirtualRun) -> None:
        for number in range(200):
            each.later(5.5 + 0.0005 * number, each.task.cancel)

    session = VirtualRun(tmp_path)
    session.run([SignalSource(60.0)], meanwhile=cancel_often)
    assert session.reason == "stopped"
    assert session.transport.commands[-1].amplitude_ma == 0.0
    assert session.states()[-1] == "offline"
    assert session.n_tasks == 1
    session.check_journal()


def test_a_session_that_is_cancelled_before_it_begins_ends_as_well_as_any(tmp_path: Path) -> None:
    session = VirtualRun(tmp_path)
    session.run([SignalSource(60.0)], meanwhile=lambda each: each.later(0.0, each.task.cancel))
    assert session.reason == "stopped"
    assert session.states()[-1] == "offline"
    assert session.n_tasks == 1
    session.check_journal()


def test_nobody_arms_a_session_that_says_farewell(tmp_path: Path) -> None:
    class Deaf(AnsweringTransport):
        def send(self, device: str, message: Command | Lease) -> bool:
            self._acks = getattr(message, "amplitude_ma", None) != 0.0
            return super().send(device, message)

    session = VirtualRun(tmp_path, Deaf())
    session.run(
        [SignalSource(60.0)],
        duration_s=5.5,
        meanwhile=lambda each: each.later(5.55, lambda: each.service.emit(_control("r", "arm"))),
    )
    assert session.loop.gate.state == "idle"
    assert session.transport.commands[-1].amplitude_ma == 0.0
    assert max(session.transport.leased_s) <= _START_S + 5.5
    session.check_journal()


def test_what_fails_in_the_farewell_is_raised_as_well(tmp_path: Path) -> None:
    class Breaking(AnsweringTransport):
        def send(self, device: str, message: Command | Lease) -> bool:
            if isinstance(message, Command) and not message.reason.policy:
                raise OSError("the network burns")
            return super().send(device, message)

    session = VirtualRun(tmp_path, Breaking())
    with pytest.raises(OSError, match="the network burns"):
        session.run([SignalSource(60.0)], duration_s=5.5)
    assert session.loop.gate.state == "idle"
    assert session.transport.statuses[-1].state == "offline"


def test_a_source_that_fails_takes_the_devices_to_safe_and_its_error_is_raised(
    tmp_path: Path,
) -> None:
    session = VirtualRun(tmp_path)
    with pytest.raises(OSError, match="the amplifier burns"):
        session.run([SignalSource(5.5, fails_with=OSError("the amplifier burns"))])
    assert session.loop.gate.state == "safe"
    faults = [event for event, _, _ in session.watched if isinstance(event, Fault)]
    assert faults == [Fault("OSError: the amplifier burns")]
    assert session.transport.commands[-1].amplitude_ma == 0.0
    assert session.transport.statuses[-1].state == "offline"
    session.check_journal()


def test_a_step_that_raises_is_journalled_and_no_sample_is_taken_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = VirtualRun(tmp_path)
    update = session.loop.chain.update

    def fail(block: object) -> object:
        if session.loop.gate.state == "active":
            raise ZeroDivisionError("in a kernel")
        return update(block)  # type: ignore[arg-type]

    monkeypatch.setattr(session.loop.chain, "update", fail)
    with pytest.raises(ZeroDivisionError, match="in a kernel"):
        session.run([SignalSource(60.0)])
    assert session.loop.gate.state == "safe"
    with JournalReader(session.path) as reader:
        (*_,) = records = list(reader.records())
        (position,) = (
            number
            for number, record in enumerate(records)
            if isinstance(record.payload, FailureRecord)
        )
        assert records[position].payload == FailureRecord("Chunk: ZeroDivisionError: in a kernel")
        after = [each.payload for each in records[position + 1 :]]
        assert after
        assert not any(
            isinstance(each.event, Chunk) for each in after if isinstance(each, StepRecord)
        )


def test_a_journal_that_fails_ends_the_leases_and_is_raised(tmp_path: Path) -> None:
    session = VirtualRun(tmp_path)
    n_kept: list[int] = []

    def lose() -> None:
        assert session.loop.gate.state == "active"
        session.path.unlink()
        n_kept.append(len(session.transport.kept))

    with pytest.raises(JournalError, match="was removed while it was written"):
        session.run([SignalSource(60.0)], meanwhile=lambda each: each.later(5.5, lose))
    assert session.ended_s < 5.6
    assert session.loop.gate.state == "safe"
    # Nothing that could not be written down has left, neither a command nor a lease.
    after = session.transport.kept[n_kept[0] :]
    assert not any(isinstance(message, Command | Lease | Stop) for _, message in after)
    assert session.transport.statuses[-1].state == "offline"
    assert "was removed" in session.transport.statuses[-1].reason


def test_a_transport_that_fails_ends_the_session(tmp_path: Path) -> None:
    class Broken(AnsweringTransport):
        async def feed(self, emit: Callable[..., None]) -> None:
            del emit
            raise ValueError("ca_file: expected a certificate")

    session = VirtualRun(tmp_path, Broken())
    with pytest.raises(ValueError, match="ca_file"):
        session.run([SignalSource(60.0)])
    session.check_journal()


def test_what_a_step_causes_is_acted_on_after_it_and_in_order(tmp_path: Path) -> None:
    session = VirtualRun(tmp_path)

    def watch(event: Event, now_s: float, outcome: Outcome) -> None:
        session.watched.append((event, now_s, outcome))
        if isinstance(event, StopHeard):
            for _ in range(3):
                session.service.emit(Tick())
            assert session.watched[-1][0] is event

    def meanwhile(each: VirtualRun) -> None:
        each.service.watchers[-1] = watch
        stop = StopHeard(Stop(request_id="r", operator="o", reason="pain"))
        each.later(5.5, lambda: each.service.emit(stop))

    session.run([SignalSource(6.0)], meanwhile=meanwhile)
    position = [isinstance(event, StopHeard) for event, _, _ in session.watched].index(True)
    assert [type(event) for event, _, _ in session.watched[position + 1 : position + 4]] == [
        Tick
    ] * 3
    assert "safe" in session.states()
    session.check_journal()


def test_a_loop_that_stalls_is_a_fault(tmp_path: Path) -> None:
    session = VirtualRun(tmp_path)

    def flood(event: Event, now_s: float, outcome: Outcome) -> None:
        del now_s, outcome
        if isinstance(event, Tick):
            for _ in range(5):
                session.service.emit(Tick())

    def meanwhile(each: VirtualRun) -> None:
        each.service.watchers[-1] = flood

    with pytest.raises(RuntimeError, match="4096 events wait: the loop has stalled"):
        session.run([SignalSource(60.0)], meanwhile=meanwhile)


def test_an_operator_is_answered_by_the_next_status(tmp_path: Path) -> None:
    session = VirtualRun(tmp_path)

    def ask() -> None:
        session.service.emit(_control("r-7", "disarm"))

    session.run([SignalSource(6.0)], meanwhile=lambda each: each.later(5.5, ask))
    answers = [each for each in session.transport.statuses if each.answered == "r-7"]
    assert answers[0].state == "idle"
    assert answers[0].now_us / 1e6 - _START_S <= 5.5 + 2 * CONFIG.rig.tick_s


def test_a_device_that_never_answers_is_told_of_within_two_leases(tmp_path: Path) -> None:
    session = VirtualRun(tmp_path, AnsweringTransport(acks=False))
    session.run([SignalSource(9.0)])
    first_s = session.transport.commands[0].issued_us / 1e6
    told_s = [
        now_s
        for _, now_s, outcome in session.watched
        for decision in outcome.decisions
        if getattr(decision, "kind", "") == "ack_missing"
    ]
    assert told_s
    assert told_s[0] - first_s <= 2 * CONFIG.gate.lease_s


def test_the_status_head_is_that_of_the_journal(tmp_path: Path) -> None:
    session = VirtualRun(tmp_path)
    session.run([SignalSource(3.0)])
    with JournalReader(session.path) as reader:
        heads = {reader.head for _ in reader.records()}
    assert {status.journal_head for status in session.transport.statuses} <= heads
