"""A trigger at each phase event that is predicted well: once a cycle, as exact as is asked for."""

import math
import re
from itertools import pairwise
from typing import Any

import pytest

from stimulators.policies.phase_lock import PhaseLock, PhaseLockConfig
from stimulators.policies.policy import PolicyInputs, ResolvedRead
from stimulators.targets import DetectedEvent, DeviceChange, DeviceEvent, Observation, Target
from tests.stimulators.gate.gate_rig import device_of, feedback_of

_RATE_HZ, _HOP_SAMPLES, _RHYTHM_HZ, _LEAD_S = 1000.0, 5, 20.0, 0.01
_HOP_S = _HOP_SAMPLES / _RATE_HZ
#: In cycles: no peak falls on a hop.
_PHASE = 0.13


class _Run:
    """A policy on a rhythm of 20 Hz, whose peaks are predicted 10 ms ahead.

    `error_rad` is by how much the phase at the next peaks is another than was foretold.
    """

    def __init__(self, *, device: Any = None, **keys: Any) -> None:
        settings: dict[str, Any] = {"id": "p", "of": "peaks", "device": "stn", "on_ma": 1.5}
        config = PhaseLockConfig(**(settings | {"confidence_cycles": 4} | keys))
        reads = tuple(ResolvedRead(each.detector, "c") for each in config.reads)
        inputs = PolicyInputs(_RATE_HZ, _HOP_SAMPLES, reads, (device or device_of(),))
        self.policy = PhaseLock(config, inputs)
        self.error_rad = 0.0
        self.n_hops = 0

    def tell(self, change: DeviceChange) -> "_Run":
        self.policy.note(
            DeviceEvent(
                policy="p",
                device="stn",
                change=change,
                sample=0,
                lowest=0.0,
                highest=0.0,
                certain=True,
            )
        )
        return self

    def hop(self, *, is_valid: bool = True, is_open: bool = True) -> list[Target]:
        self.n_hops += 1
        sample = self.n_hops * _HOP_SAMPLES
        time_s = sample / _RATE_HZ
        cycle = _RHYTHM_HZ * (time_s + _LEAD_S) + _PHASE
        to_go_s = (math.ceil(cycle) - cycle) / _RHYTHM_HZ
        is_foretold = is_open and is_valid and to_go_s < _HOP_S
        at_s = time_s + _LEAD_S + to_go_s
        moments = (DetectedEvent("peaks", "c", "moment", round(at_s * 1e3), at_s, 7.0),)
        angle_rad = math.tau * (_RHYTHM_HZ * time_s + _PHASE)
        phase_rad = math.remainder(angle_rad + self.error_rad, math.tau)
        wanted = self.policy.decide(
            Observation(
                sample=sample,
                time_s=time_s,
                valid=is_valid,
                values=(phase_rad if is_valid else math.nan, 5.0),
                values_valid=(is_valid, is_valid),
                moments=moments if is_foretold else (),
            )
        )
        return list(wanted)

    def cycles(self, n_cycles: int, **keys: Any) -> list[Target]:
        """Return what it wants in this many cycles."""
        n_hops = round(n_cycles / _RHYTHM_HZ / _HOP_S)
        return [each for _ in range(n_hops) for each in self.hop(**keys)]


def test_each_peak_is_met_at_its_own_time_once_the_phase_is_known_well() -> None:
    run = _Run().tell("engaged")
    assert run.cycles(4) == []
    wanted = run.cycles(10)
    assert len(wanted) == 10
    assert [each.fire_at_s for each in wanted] == pytest.approx(
        [(5 + number - _PHASE) / _RHYTHM_HZ for number in range(10)]
    )
    first = wanted[0]
    assert first.time_s + _LEAD_S <= (first.fire_at_s or 0.0) < first.time_s + _LEAD_S + _HOP_S
    assert (first.kind, first.amount, first.program) == ("trigger", 1.5, "adbs")
    assert (first.value, first.threshold, first.onset_s) == (7.0, 5.0, first.fire_at_s)
    assert first.fire_uncertainty_s_max == 0.005
    assert run.policy.confidence == pytest.approx(1.0)


def test_a_steady_error_is_confident_and_a_changing_one_is_not() -> None:
    run = _Run(confidence_min=0.9).tell("engaged")
    run.error_rad = 2.0
    assert len(run.cycles(12)) > 5
    assert run.policy.confidence == pytest.approx(1.0)
    for number in range(4):
        run.error_rad += math.pi if number % 2 else 0.0
        run.cycles(1)
    assert (run.policy.confidence or 0.0) < 0.9
    assert run.cycles(1) == []


def test_confidence_is_the_mean_resultant_of_what_was_found_at_the_foretold_times() -> None:
    run = _Run(confidence_cycles=2)
    assert run.policy.confidence is None
    run.cycles(1)
    run.error_rad = math.pi / 2.0
    run.cycles(1)
    assert run.policy.confidence == pytest.approx(math.sqrt(0.5), abs=0.02)


def test_there_is_one_trigger_in_each_of_so_many_cycles() -> None:
    for every in (1, 2, 3):
        wanted = _Run(every_cycles=every).tell("engaged").cycles(64)
        apart_s = [
            (second.fire_at_s or 0.0) - (first.fire_at_s or 0.0)
            for first, second in pairwise(wanted)
        ]
        assert apart_s == pytest.approx([every / _RHYTHM_HZ] * len(apart_s))
        assert len(wanted) == pytest.approx(60 / every, abs=1)


def test_an_event_within_the_cycle_of_the_last_trigger_has_none() -> None:
    run = _Run(confidence_min=0.0, confidence_cycles=2).tell("engaged")
    run.cycles(5)
    n_wanted = 0
    for _ in range(100):  # ten events
        # The phase itself goes on by three cycles, whatever a detector foretells.
        run.error_rad -= math.tau * (_RHYTHM_HZ * _HOP_S - 0.03)
        n_wanted += len(run.hop())
    assert 2 <= n_wanted <= 4


def test_after_a_hop_that_is_not_valid_all_is_counted_anew() -> None:
    run = _Run().tell("engaged")
    assert run.cycles(6)
    assert run.hop(is_valid=False) == []
    assert run.policy.confidence is None
    assert run.cycles(4) == []
    assert run.cycles(2)


def test_nothing_is_wanted_unless_the_device_is_driven_and_the_gate_of_the_detector_open() -> None:
    run = _Run()
    assert run.cycles(6) == []
    for change, is_wanted in (
        ("engaged", True),
        ("applied", True),
        ("held", False),
        ("applied", False),
        ("resumed", True),
        ("paused", False),
        ("resumed", True),
        ("released", False),
    ):
        run.tell(change)  # type: ignore[arg-type]
        assert bool(run.cycles(2)) is is_wanted, change
    run.tell("engaged")
    assert run.cycles(2, is_open=False) == []
    assert run.cycles(2)
    run.policy.reset()
    assert run.cycles(6) == []


@pytest.mark.parametrize(
    ("expected", "keys"),
    [
        ("on_ma: expected an amount (it has no default), found none", {"on_ma": None}),
        ("on_ma: expected from 0 to 3 (the limit of device 'stn'), found 3.5", {"on_ma": 3.5}),
        ("on_level: expected on_ma for device 'stn'", {"on_level": 0.5}),
        ("program: expected one of adbs, found 'other'", {"program": "other"}),
    ],
)
def test_what_does_not_fit_the_device_is_named(expected: str, keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}"):
        _Run(**keys)


def test_a_feedback_device_is_given_a_level() -> None:
    run = _Run(device=feedback_of(), on_ma=None, on_level=0.5).tell("engaged")
    assert {(each.amount, each.program) for each in run.cycles(6)} == {(0.5, "")}
