"""A titration through loop, gate, device and journal, in virtual time on a simulated patient."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from replay.patient import simulated_session
from replay.patient.patient import Patient, PatientConfig
from replay.patient.virtual_patient import VirtualPatient
from replay.titration.measured import measured
from replay.titration.recorded import RecordedStaircase, read_staircase
from replay.titration.simulated_session import simulate_titration
from replay.titration.titration import titration
from stimulators.wire.messages import Control, ControlAction
from stimulators.wire.received import ControlHeard
from streamer.config import LoopConfig
from streamer.errors import JournalError
from streamer.events import Event
from tests.replay.rig import make_session
from tests.stimulators.gate.gate_rig import device_of, limits_of

_RIG = b"""
[rig]
name = "titration"
arm = "auto"
tick_s = 0.1

[[streams]]
name = "LFP"
kind = "lfp"
match = { source_id = "simulated-patient" }

[[detectors]]
id = "beta"
kind = "band_power"
stream = "LFP"
band_hz = [13.0, 30.0]
window_s = 0.4
hop_s = 0.1

[gate]
lease_s = 1.0
data_age_s_max = 0.3
command_valid_s = 0.3
hold_s_max = 5.0
"""


def rig(amounts: list[float], **keys: Any) -> LoopConfig:
    """Return a rig with a staircase of these amounts."""
    steps = [{"amplitude_ma": each, "duration_s": 7.0, "settle_s": 2.0} for each in amounts]
    table: dict[str, Any] = {"id": "s", "kind": "staircase", "of": "beta", "measure": "power"}
    table |= {"device": "stn", "steps": steps, "after_s": 6.0} | keys
    tables = msgspec.toml.decode(_RIG) | {"policies": [table]}
    config = msgspec.convert(tables, LoopConfig)
    device = device_of(limits=limits_of(on_time_s_max=600.0))
    return msgspec.structs.replace(config, devices=(device,))


class SomePatient(Patient):
    """A patient of whom some samples are spoilt."""

    def __init__(self, spoilt_s: tuple[float, float] = (0.0, 0.0)) -> None:
        config = PatientConfig(
            device="stn",
            rate_hz=125.0,
            chunk_samples=5,
            channels=("STN",),
            gains=(1.0,),
            pink_uv=1.0,
            drive_sd=0.3,
            seed=4,
        )
        super().__init__(config)
        self._spoilt_s = spoilt_s
        self._now_s = 0.0

    def generate(self, n_samples: int, current_ma: float) -> NDArray[np.float32]:
        samples_uv = super().generate(n_samples, current_ma)
        start_s, end_s = self._spoilt_s
        if start_s <= self._now_s < end_s:
            samples_uv[:] = np.nan
        self._now_s += n_samples / self.config.rate_hz
        return samples_uv


def run(
    folder: Path, config: LoopConfig, patient: Patient, **keys: Any
) -> tuple[dict[str, Any], RecordedStaircase]:
    info = patient.config.info("LFP")
    summary = simulate_titration(config, patient, info, config_toml=_RIG, out=folder, **keys)
    return summary, read_staircase(folder)


def test_every_step_is_given_measured_and_recorded_so_that_it_computes_again(
    tmp_path: Path,
) -> None:
    amounts = [0.0, 2.0, 3.0, 1.0, 2.5, 0.5]
    told: list[tuple[int, int]] = []
    summary, recorded = run(
        tmp_path / "session",
        rig(amounts),
        SomePatient(),
        progress=lambda done, total: told.append((done, total)),
    )
    assert summary["ended"] == "titration over"
    assert [each.broken_by for each in recorded.attempts] == [""] * 7
    # Whenever something was measured, the electrode gave exactly that.
    hops = recorded.hops
    for attempt in recorded.attempts:
        is_in = (hops.sample >= attempt.settled_sample) & (hops.sample < attempt.end_sample)
        assert is_in.sum() == attempt.n_hops
        assert set(hops.given[is_in]) == {recorded.doses[attempt.step].amount}
    assert told == [(step, 7) for step in range(8)]
    found = titration(recorded)
    assert found.is_complete
    assert found.controllability.sign == "falls"
    assert found.change is not None
    assert found.change < 0.5
    assert (found.unit, found.channel, found.operator) == ("µV²", "STN", "")
    # Each step came out as it was recorded, and the session has its end.
    assert recorded.warnings == ()


def test_a_step_that_a_hold_broke_is_measured_again_and_the_broken_part_counts_for_nothing(
    tmp_path: Path,
) -> None:
    # Samples that are no numbers, for longer than the window: the rig holds.
    _, recorded = run(tmp_path / "session", rig([0.0, 2.0, 1.0]), SomePatient((11.0, 13.0)))
    assert [(each.step, each.broken_by) for each in recorded.attempts] == [
        (0, ""),
        (1, "held"),
        (1, ""),
        (2, ""),
        (3, ""),
    ]
    broken, again = recorded.attempts[1:3]
    assert again.start_sample >= broken.end_sample + 1.5 * recorded.rate_hz
    assert again.settled_sample - again.start_sample == 2.0 * recorded.rate_hz
    found = titration(recorded)
    assert found.steps[1].broken_by == ("held",)
    assert found.steps[1].measured_s == pytest.approx(5.0, abs=0.15)


class _Operated(VirtualPatient):
    """A patient beside whom an operator pauses the rig, disarms it and arms it again."""

    async def feed(self, emit: Callable[[Event], None]) -> None:
        loop = asyncio.get_running_loop()

        def ask(action: ControlAction, operator: str) -> None:
            now_us = round(loop.time() * 1e6)
            request = Control(
                request_id=action,
                session=f"00000000000000000000-{hashlib.sha256(_RIG).hexdigest()[:8]}",
                operator=operator,
                issued_us=now_us,
                expires_us=now_us + 1_000_000,
                action=action,
            )
            emit(ControlHeard(message=request, retained=False))

        loop.call_later(12.5, ask, "pause", "bob")
        loop.call_later(15.0, ask, "resume", "bob")
        loop.call_later(19.5, ask, "disarm", "bob")
        loop.call_later(22.0, ask, "arm", "ada")
        await super().feed(emit)


def test_a_pause_repeats_a_step_and_a_new_arming_begins_at_the_first_and_is_who_did_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulated_session, "VirtualPatient", _Operated)
    _, recorded = run(tmp_path / "session", rig([0.0, 2.0, 1.0]), SomePatient())
    assert [(each.step, each.broken_by) for each in recorded.attempts] == [
        (0, ""),
        (1, "paused"),
        (1, "released"),
        (0, ""),
        (1, ""),
        (2, ""),
        (3, ""),
    ]
    paused, released = recorded.attempts[1:3]
    hops = recorded.hops
    # While paused, and once disarmed, the electrode gives the safe amount: it is at rest by then.
    for ended, begun in ((paused, released), (released, recorded.attempts[3])):
        is_between = (hops.sample > ended.end_sample + 50) & (hops.sample < begun.start_sample)
        assert set(hops.given[is_between]) == {0.0}
        assert is_between.sum() > 10
    found = titration(recorded)
    assert found.is_complete
    assert found.operator == "ada"
    assert found.steps[1].broken_by == ("paused", "released")
    assert [each.attempt.start_sample for each in measured(recorded).steps] == [
        each.start_sample for each in recorded.attempts[3:6]
    ]


def test_a_staircase_that_ended_in_safe_says_so_of_the_step_and_has_no_others(
    tmp_path: Path,
) -> None:
    # Longer than the longest hold: the rig goes safe, and arms itself only once.
    config = rig([0.0, 2.0, 1.0], repeats_max=0)
    summary, recorded = run(tmp_path / "session", config, SomePatient((11.0, 19.0)))
    assert summary["ended"] == "safe"
    assert [(each.step, each.broken_by) for each in recorded.attempts] == [(0, ""), (1, "held")]
    found = titration(recorded)
    assert not found.is_complete
    assert [each.is_clean for each in found.steps] == [True, False, False]
    assert found.controllability.reason == "fewer than two amounts were measured"


def test_a_session_without_a_staircase_and_a_folder_without_a_session_are_told(
    tmp_path: Path,
) -> None:
    make_session(tmp_path / "other")
    text = r"other: \$\.policies: expected a session with a policy of kind staircase, .*, found thr"
    with pytest.raises(JournalError, match=text):
        read_staircase(tmp_path / "other")
    with pytest.raises(JournalError, match="expected a session folder with a journal, found none"):
        read_staircase(tmp_path)
