"""The time that gate and policy take for a hop, of each policy beside `threshold`.

``python -m benchmarks.policies``. Every policy that is found by reflection runs on its own
`examples` with a real gate, whose devices answer at once. The kinds take turns, and the median
counts: trust the ratio to `threshold`, not microseconds.

any hop     a decision, whatever it is, of one device: it has a target
unchanged   nothing is sent at the hop
command     an amount is sent at the hop
trigger     a trigger is sent at the hop
"""

import math
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, cast

import msgspec

from benchmarks.contenders import processor
from stimulators.decisions import Decision, Send
from stimulators.gate.freshness import StreamReport
from stimulators.gate.gate import SafetyGate
from stimulators.policies.bound_policy import BoundPolicy
from stimulators.policies.registry import POLICIES
from stimulators.policies.threshold import Threshold
from stimulators.targets import MakeSafe, Observation
from stimulators.testing.policy_example import Hop, PolicyExample, examples_of
from stimulators.wire.messages import Command, DeviceStatus
from stimulators.wire.received import DeviceStatusHeard
from streamer.wiring.device_events import DeviceEvents
from tests.stimulators.gate.gate_rig import SESSION, GateRig

if TYPE_CHECKING:
    from streamer.wiring.wiring import Wiring

ANY_HOP: Final = "any hop"
CASES: Final = (ANY_HOP, "unchanged", "command", "trigger")
P50_US_MAX: Final = 20.0
_N_TURNS: Final = 5
#: Of one example in one turn, and how long the signal is strong, then weak.
_N_HOPS: Final = 1200
_SWING_HOPS: Final = 150
#: Fewer hops of a case than that have no median worth a line.
_N_HOPS_MIN: Final = 10
#: When the hops of an example begin, on the gate's clock: the rig is active by then.
_START_S: Final = 1000.0
_READY_S: Final = 2.4
_LATE_S: Final = 0.001
#: Hops in a cycle of the rhythm that a policy at a phase reads.
_CYCLE_HOPS: Final = 3

TimesUs = dict[str, list[float]]


class _Wired:
    """What `DeviceEvents` needs of a policy's wiring; there are no detectors here."""

    def __init__(self, policy: BoundPolicy) -> None:
        self.policy = policy
        self.devices = tuple(policy.clips)


class _Rig:
    """A gate that is active, and the policy that drives its devices."""

    def __init__(self, example: PolicyExample) -> None:
        self._policy = example.bound()
        self._rig = GateRig(*example.inputs().devices)
        self._rig.now_s = _START_S - _READY_S
        self._rig.be_active()
        self._rig.run(_START_S - self._rig.now_s)
        wired = cast("Wiring", _Wired(self._policy))
        self._events = DeviceEvents([wired], self._rig.gate)

    def run(self, hops: Sequence[Observation], times_us: TimesUs) -> None:
        """Add the time of each hop to its case, up to where the policy makes the rig safe."""
        rig, policy = self._rig, self._policy
        for index, hop in enumerate(hops):
            rig.now_s = hop.time_s + _LATE_S
            if index % _SWING_HOPS == 0:
                self._say_time()
            for event in self._events.take():
                policy.bind(event)
            report = StreamReport("LFP", hop.time_s, uncertainty_s=1e-4, problem=None)
            start_ns = time.perf_counter_ns()
            decisions = _decide(policy, rig.gate, hop, report, rig.now_s)
            passed_us = (time.perf_counter_ns() - start_ns) / 1e3
            if rig.state != "active":
                return
            times_us[ANY_HOP].append(passed_us / len(policy.clips))
            times_us[_case(decisions)].append(passed_us)
            rig.take(decisions)
            rig.tick()

    def _say_time(self) -> None:
        """Let the devices say that they live, and how well they know the time."""
        for name, device in self._rig.obedient.items():
            said = DeviceStatus(
                session=SESSION,
                state=device.state,
                said_us=round(self._rig.now_s * 1e6),
                said_clock=SESSION,
                said_uncertainty_us=100,
                **device.words(),
            )
            self._rig.hear(DeviceStatusHeard(name, said))
        self._rig.live()


def _decide(
    policy: BoundPolicy, gate: SafetyGate, hop: Observation, report: StreamReport, now_s: float
) -> list[Decision]:
    """Do what the loop does at a hop once its detectors are done."""
    wanted = policy.decide(hop)
    decisions = [*gate.report(report, now_s)]
    policy.go_on(hop.sample)
    for device in policy.clips:
        decisions.extend(gate.observe(device, hop, now_s))
    if isinstance(wanted, str | MakeSafe):
        decisions.extend(gate.fail(str(wanted), now_s))
    elif wanted:
        decisions.extend(gate.admit(wanted, now_s))
    return decisions


def _case(decisions: Sequence[Decision]) -> str:
    for each in decisions:
        if isinstance(each, Send) and isinstance(each.message, Command):
            return "trigger" if each.message.kind == "trigger" else "command"
    return "unchanged"


def _hops(example: PolicyExample) -> list[Observation]:
    """Return hops at which the signal is strong and weak in turns, with a rhythm at its phase."""
    swings = [Hop(is_on=index // _SWING_HOPS % 2 == 1) for index in range(_N_HOPS)]
    hops = example.observations(swings)
    measures = [each.measure for each in example.inputs().reads if each.measure]
    return [_at_phase(hop, index, measures) for index, hop in enumerate(hops)]


def _at_phase(hop: Observation, index: int, measures: Sequence[str]) -> Observation:
    if "phase" not in measures:
        return hop
    phase_rad = math.tau * (index % _CYCLE_HOPS) / _CYCLE_HOPS
    values = [
        phase_rad if measure == "phase" else value
        for measure, value in zip(measures, hop.values, strict=True)
    ]
    is_peak = index % _CYCLE_HOPS == 0
    return msgspec.structs.replace(
        hop, values=tuple(values), moments=hop.moments if is_peak else ()
    )


def measure(n_turns: int = _N_TURNS) -> dict[str, TimesUs]:
    """Return the microseconds of the hops of each kind of policy, by case.

    Parameters
    ----------
    n_turns : int
        How often each example of each kind runs.
    """
    examples = {
        config.__struct_config__.tag: examples_of(policy)
        for config, policy in POLICIES.policies.items()
    }
    found = {str(kind): {case: list[float]() for case in CASES} for kind in examples}
    for _ in range(n_turns):
        for kind, of_kind in examples.items():
            for example in of_kind:
                _Rig(example).run(_hops(example), found[str(kind)])
    return found


def report(found: dict[str, TimesUs]) -> Iterator[str]:
    """Yield the lines of the table, and one for the target in each case.

    Parameters
    ----------
    found : dict
        What `measure` returned.
    """
    landed = str(Threshold.config_type.__struct_config__.tag)
    medians = {
        kind: {
            case: statistics.median(times_us) if len(times_us) >= _N_HOPS_MIN else math.nan
            for case, times_us in cases.items()
        }
        for kind, cases in found.items()
    }
    yield "microseconds of gate and policy at a hop, p50, and the ratio to that of threshold"
    yield f"  {'':22}" + "".join(f"{case:>18}" for case in CASES)
    for kind in sorted(medians, key=lambda kind: (kind != landed, kind)):
        cells = (_cell(medians[kind][case], medians[landed][case]) for case in CASES)
        yield f"  {kind:22}" + "".join(f"{cell:>18}" for cell in cells)
    for case in CASES:
        worst = max(
            (kind for kind in medians if not math.isnan(medians[kind][case])),
            key=lambda kind: medians[kind][case],
        )
        highest_us = medians[worst][case]
        word = "PASS" if highest_us < P50_US_MAX else "above"
        yield (
            f"  {word}: {case}, at most {highest_us:.1f} µs ({worst}); {P50_US_MAX:g} µs is the "
            "target of a decision on a quiet core"
        )
    yield "  ganged drives several devices, which the columns beside a decision's hold together"
    yield f"  load of the machine {os.getloadavg()[0]:.1f}"


def _cell(median_us: float, landed_us: float) -> str:
    """Return a median, and how it compares; a dash where a policy has no such hop."""
    if math.isnan(median_us):
        return "-"
    ratio = "" if math.isnan(landed_us) else f" ({median_us / landed_us:.2f})"
    return f"{median_us:.1f}{ratio}"


def main() -> int:
    """Print the table."""
    sys.stdout.write(f"{processor()}\n")
    for line in report(measure()):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
