"""A foreseen phase reaches the device as one trigger a cycle, with its time."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
import pytest

from replay.recording import Recording
from replay.verification.verify import verify
from stimulators.decisions import Refusal, Send, StateChanged
from stimulators.targets import Target
from stimulators.wire.messages import Ack, Command
from stimulators.wire.received import AckHeard
from streamer.closed_loop import Outcome
from streamer.config import LoopConfig
from tests.replay.recordings import markers, recording, signal
from tests.replay.rig import RATE_HZ, derive, make_session
from tests.support.offline import JournalledSession, journalled
from tests.support.rig_toml import small_rig

_RHYTHM_HZ = 20.0
_LENGTH_S = 7.0
_LEAD_S = 0.02


def _config(lead_s: float) -> bytes:
    def change(tables: dict[str, Any]) -> None:
        derive(tables)
        rhythm = {
            "id": "rhythm",
            "kind": "oscillation",
            "stream": "LFP",
            "channels": ["STN_13"],
            "centre_hz": _RHYTHM_HZ,
            "hop_s": 0.004,
        }
        peak = {"id": "peak", "kind": "target_phase", "of": "rhythm", "lead_s": lead_s}
        peak["gate"] = {"amplitude_uv_min": 5.0}
        tables["detectors"] = [rhythm, peak]
        policy = {"id": "phase", "kind": "on_event", "of": "peak", "device": "left", "on_ma": 1.5}
        tables["policies"] = [policy]
        tables["devices"][0]["limits"].update(triggers_per_min_max=3000, refractory_s=0.03)

    return small_rig(change)


def _rhythm() -> Recording:
    """Return a steady rhythm of known phase, with a tenth of noise."""
    stamps_s = 50.0 + np.arange(round(_LENGTH_S * RATE_HZ)) / RATE_HZ
    wave = 20.0 * np.cos(2.0 * np.pi * _RHYTHM_HZ * stamps_s)
    noise = np.random.default_rng(3).normal(0.0, 0.7, (wave.size, 2))
    lfp = signal(
        stamps_s,
        rate_hz=RATE_HZ,
        samples=noise + np.column_stack([wave, np.zeros(wave.size)]),
        channels=("STN_1", "STN_3"),
        units=("uV", "uV"),
        offsets=[(50.0, 0.0)],
    )
    return recording(lfp, markers([51.0], ["cue"]))


@cache
def _run(lead_s: float = _LEAD_S) -> tuple[JournalledSession, tuple[Outcome, ...], bool]:
    """Return the steps of a session, their outcomes, and whether the session verifies."""
    config_toml = _config(lead_s)
    config = msgspec.toml.decode(config_toml, type=LoopConfig)
    with TemporaryDirectory() as folder:
        out = Path(folder) / "session"
        make_session(out, _rhythm(), config, config_toml=config_toml)
        session = journalled(out)
        loop = session.new_loop()
        followed = tuple(loop.step(event, now_s) for now_s, event in session.steps)
        return session, followed, verify(out).passes


def _decided(lead_s: float = _LEAD_S) -> Iterator[object]:
    for outcome in _run(lead_s)[1]:
        yield from outcome.decisions


def _commands(lead_s: float = _LEAD_S) -> list[Command]:
    return [
        each.message
        for each in _decided(lead_s)
        if isinstance(each, Send)
        and isinstance(each.message, Command)
        and each.message.kind == "trigger"
    ]


def test_each_cycle_has_one_trigger_for_its_own_moment() -> None:
    times_s = np.array([(each.fire_at_us or 0) / 1e6 for each in _commands()])
    assert len(times_s) > 60
    spacing_s = np.diff(times_s)
    assert spacing_s.min() > 0.7 / _RHYTHM_HZ
    assert np.median(spacing_s) == pytest.approx(1.0 / _RHYTHM_HZ, abs=1e-3)
    phases = np.exp(2j * np.pi * _RHYTHM_HZ * times_s)
    assert abs(phases.mean()) > 0.98
    assert abs(np.angle(phases.mean())) < 0.1


def test_the_device_gives_each_at_its_time_by_its_own_clock() -> None:
    acks: dict[int, Ack] = {
        event.message.seq or 0: event.message
        for _, event in _run()[0].steps
        if isinstance(event, AckHeard)
    }
    commands = [each for each in _commands() if each.seq in acks]
    assert len(commands) > 60
    for command in commands[:-2]:  # the end of the session takes back what waits
        ack = acks[command.seq]
        assert ack.refused is None
        assert 0 <= ack.applied_us - (command.fire_at_us or 0) <= 100
        assert (command.fire_at_us or 0) > command.issued_us


def test_the_session_verifies_and_targets_are_the_same_in_other_chunks() -> None:
    assert _run()[2]


def test_a_moment_that_is_over_is_refused_and_never_given_at_another_phase() -> None:
    refused = [each for each in _decided(0.0) if isinstance(each, Refusal)]
    assert {each.reason for each in refused if each.policy == "phase"} == {"fire_at"}
    assert all((each.fire_at_us or 0) >= each.issued_us for each in _commands(0.0))


def test_nothing_is_wanted_before_the_device_is_driven() -> None:
    active = [
        index
        for index, outcome in enumerate(_run()[1])
        for each in outcome.decisions
        if isinstance(each, StateChanged) and each.after == "active"
    ]
    wanted = [
        index
        for index, outcome in enumerate(_run()[1])
        for each in outcome.targets
        if isinstance(each, Target)
    ]
    assert min(wanted) > min(active)
