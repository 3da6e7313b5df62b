"""A gate fed with anything in any order, held to the rules after every call."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from stimulators.decisions import Decision, Refusal, Send, StateChanged
from stimulators.gate.freshness import StreamReport
from stimulators.gate.gate import SafetyGate
from stimulators.limits import GateConfig
from stimulators.policies.policy import Observation, Target
from stimulators.wire.messages import Ack, ClockRequest, Command, Control, DeviceInfo, Stop
from stimulators.wire.received import (
    AckHeard,
    ClockAsked,
    ControlHeard,
    InfoHeard,
    LinkChanged,
    Received,
    StopHeard,
    Unreadable,
)
from tests.stimulators.gate.gate_oracle import GateOracle
from tests.stimulators.gate.gate_rig import (
    SESSION,
    TICK_S,
    device_of,
    feedback_of,
    info_of,
    limits_of,
)

_TIMING = GateConfig()
_DEVICES = (
    device_of(
        safe_ma=0.5,
        limits=limits_of(
            commands_per_s_max=20.0, triggers_per_min_max=4, on_time_s_max=3.0, refractory_s=0.1
        ),
    ),
    feedback_of(),
)
_ODD = st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 1e300])
_NAMES = st.sampled_from([device.id for device in _DEVICES])
_ANY_NAME = st.one_of(_NAMES, st.just("stranger"))
_GOOD_AGES_S = st.floats(0.0, 0.05)
_AGES_S = st.one_of(
    _GOOD_AGES_S,
    _GOOD_AGES_S,
    _GOOD_AGES_S,
    st.sampled_from([0.0999, 0.1001, -0.0049, -0.0051, 3.0, -3.0]),
    _ODD,
)
_AMOUNTS = st.one_of(st.floats(0.0, 0.8), st.sampled_from([0.1, 0.5, 0.8]))


class GateMachine(RuleBasedStateMachine):
    """Feeds a gate: every rule is one thing that may happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 5000.0
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.decided: list[tuple[Decision, ...]] = []
        self.open: list[tuple[str, Command]] = []
        self.request_ids: list[str] = []

    def make_gate(self) -> SafetyGate:
        return SafetyGate(
            timing=_TIMING,
            arm="auto" if self.is_automatic else "operator",
            devices=_DEVICES,
            streams=("LFP",),
            tick_s=TICK_S,
            session=SESSION,
            calibration_s=1.0,
        )

    @initialize(is_automatic=st.booleans(), is_ready=st.sampled_from([True, True, True, False]))
    def begin(self, *, is_automatic: bool, is_ready: bool) -> None:
        self.is_automatic = is_automatic
        self.gate = self.make_gate()
        self.oracle = GateOracle(_DEVICES, _TIMING, SESSION, TICK_S, is_automatic=self.is_automatic)
        self.call("tick")
        if is_ready and is_automatic:
            self.connect()
            self.run_well(210, None)
            assert self.gate.state == "active"
        elif is_ready:
            self.arm_well()

    def call(self, name: str, *arguments: Any, **rules: Any) -> tuple[Decision, ...]:
        """Make one call, keep it, and hold what it decided to the rules."""
        steps_back = self.oracle.move_to(self.now_s)
        rules["must_be_safe"] = rules.get("must_be_safe", False) or steps_back
        method: Callable[..., tuple[Decision, ...]] = getattr(self.gate, name)
        decisions = method(*arguments, self.now_s)
        self.calls.append((name, (*arguments, self.now_s)))
        self.decided.append(decisions)
        self.oracle.check(decisions, is_tick=name == "tick", **rules)
        self.oracle.settle()
        assert self.gate.state == self.oracle.state
        self.open += [
            (each.device, each.message)
            for each in decisions
            if isinstance(each, Send) and isinstance(each.message, Command)
        ]
        self.now_s = self.oracle.now_s
        return decisions

    def hear(self, heard: Received, **rules: Any) -> tuple[Decision, ...]:
        if isinstance(heard, LinkChanged):
            self.oracle.is_linked = heard.is_up
            rules["must_be_safe"] = not heard.is_up
        return self.call("receive", heard, **rules)

    def connect(self) -> None:
        self.hear(LinkChanged(is_up=True))
        for device in _DEVICES:
            self.hear(InfoHeard(device.id, info_of(device), retained=False))

    # Time.

    @precondition(lambda self: self.oracle.state in {"idle", "safe"})
    @rule()
    def arm_well(self) -> None:
        """Do all that an arming needs."""
        self.connect()
        self.run_well(210, None)
        if self.gate.state != "active":
            self.control("arm", 0.0, retained=False, is_ours=True, again=False)
            self.run_well(5, None)
        assert self.gate.state == "active"

    @rule(amount=_AMOUNTS, hold_hops=st.integers(1, 250))
    def hold_well(self, amount: float, hold_hops: int) -> None:
        """Give bad data for a while, wishes all along, and good data again."""
        for _ in range(hold_hops):
            self.now_s += 0.01
            self.report(0.001, 1e-4, "frozen")
            self.wants([("stn", "amplitude", amount, 0.001)])
            self.tick(0.0)
        self.run_well(55, amount)

    @rule(n_hops=st.integers(1, 60), amount=st.one_of(st.none(), _AMOUNTS))
    def run_well(self, n_hops: int, amount: float | None) -> None:
        """Let everything be as it should, for a while."""
        for place in range(n_hops):
            self.now_s += 0.01
            self.report(0.001, 1e-4, None)
            for device in _DEVICES:
                self.observe(device.id, 0.001, valid=True, calibrating=False)
            if amount is not None:
                self.wants([(_DEVICES[place % 2].id, "amplitude", amount, 0.001)])
            if place % 2:
                self.tick(0.0)
            while self.open:
                self.answer(0, None, "")
            if place % 50 == 0:
                for device in _DEVICES:
                    self.ask_time(device.id)

    @rule(
        after_s=st.one_of(
            st.floats(0.0, 0.05),
            st.floats(0.0, 0.05),
            st.sampled_from([0.1, 0.3, 1.0, 2.5, 6.0, 61.0, -0.005, -1.0, math.nan, math.inf]),
        )
    )
    def tick(self, after_s: float) -> None:
        self.now_s += after_s
        self.call("tick")

    @rule(after_s=st.floats(0.0, 0.15))
    def wait(self, after_s: float) -> None:
        self.now_s += after_s

    @rule(
        amounts=st.tuples(_AMOUNTS, _AMOUNTS, _AMOUNTS),
        lapses=st.booleans(),
        answers=st.lists(st.sampled_from([None, "lease"]), max_size=6),
    )
    def be_refused(
        self, amounts: tuple[float, float, float], answers: list[str | None], *, lapses: bool
    ) -> None:
        """Go somewhere, perhaps lose the lease, and wish on against a device that refuses."""
        self.run_well(40, amounts[0])
        if lapses:
            self.describe("stn", "safe", SESSION, simulated=True, retained=False)
        for place, refused in enumerate(answers):
            self.now_s += 0.01
            self.report(0.001, 1e-4, None)
            self.observe("stn", 0.001, valid=True, calibrating=False)
            self.wants([("stn", "amplitude", amounts[1 + place % 2], 0.001)])
            if self.open:
                self.answer(0, refused, "")

    # Data.

    @rule(
        age_s=_AGES_S,
        uncertainty_s=st.one_of(
            st.floats(0.0, 0.005), st.floats(0.0, 0.005), st.none(), st.just(0.0051), _ODD
        ),
        problem=st.sampled_from([None, None, None, "frozen"]),
    )
    def report(self, age_s: float, uncertainty_s: float | None, problem: str | None) -> None:
        newest = StreamReport("LFP", self.now_s - age_s, uncertainty_s, problem)
        self.oracle.reported = newest
        self.call("report", newest)

    @rule(name=_ANY_NAME, age_s=_AGES_S, valid=st.booleans(), calibrating=st.booleans())
    def observe(self, name: str, age_s: float, *, valid: bool, calibrating: bool) -> None:
        newest = Observation(
            sample=round(self.now_s * 1000),
            time_s=self.now_s - age_s,
            is_on=True,
            valid=valid,
            calibrating=calibrating,
            value=1.0,
            threshold=1.0,
        )
        if name in self.oracle.devices:
            self.oracle.devices[name].observed = newest
        self.call("observe", name, newest)

    @rule(
        wishes=st.lists(
            st.tuples(
                _ANY_NAME,
                st.sampled_from(["amplitude", "trigger"]),
                st.one_of(*[_AMOUNTS] * 9, _ODD),
                _AGES_S,
            ),
            min_size=1,
            max_size=4,
        )
    )
    def wants(self, wishes: Sequence[tuple[str, Any, float, float]]) -> None:
        targets = [self.target(*wish) for wish in wishes]
        breaks_limit = any(
            each.device in self.oracle.devices
            and not 0.0 <= each.amount <= self.oracle.devices[each.device].device.amount_max
            for each in targets
        )
        decisions = self.call("admit", targets, must_be_safe=breaks_limit, targets=targets)
        for target in targets:
            if target.kind == "trigger" and not breaks_limit and len(targets) == 1:
                assert any(isinstance(each, Send | Refusal) for each in decisions)

    def target(self, name: str, kind: Any, amount: float, age_s: float) -> Target:
        time_s = self.now_s - age_s
        return Target(
            policy="p",
            device=name,
            detector="d",
            channel="c",
            program="adbs" if name == "stn" else "",
            kind=kind,
            amount=amount,
            sample=round(self.now_s * 1000),
            time_s=time_s,
            onset_s=round(time_s * 1e6) / 1e6 if math.isfinite(time_s) else time_s,
            value=1.0,
            threshold=1.0,
        )

    @rule(after_s=st.floats(0.05, 0.3), name=_NAMES)
    def trigger_well(self, after_s: float, name: str) -> None:
        """Ask for a trigger as it should be, on fresh data."""
        self.now_s += after_s
        self.report(0.001, 1e-4, None)
        for device in _DEVICES:
            self.observe(device.id, 0.001, valid=True, calibrating=False)
        self.tick(0.0)
        self.wants([(name, "trigger", 0.5, 0.001)])

    # Devices and operators.

    @precondition(lambda self: self.open)
    @rule(
        place=st.integers(0, 5),
        refused=st.sampled_from([None, None, "expired"]),
        odd=st.sampled_from([*[""] * 6, "again", "session", "applied", "nan"]),
    )
    def answer(self, place: int, refused: str | None, odd: str) -> None:
        name, command = self.open[place % len(self.open)]
        if odd != "again":
            self.open.remove((name, command))
        now_us = round(self.now_s * 1e6)
        applied = {"applied": 9.0, "nan": math.nan}.get(odd, command.amplitude_ma)
        level = {"applied": 9.0, "nan": math.nan}.get(odd, command.level)
        ack = Ack(
            session="another" if odd == "session" else SESSION,
            received_us=now_us,
            applied_us=now_us,
            seq=command.seq,
            applied_ma=applied if name == "stn" else None,
            applied_level=level if name == "band" else None,
            refused=refused,
        )
        if odd != "session":
            self.oracle.answered(name, command.seq, was_refused=refused is not None)
        self.hear(AckHeard(name, ack), must_be_safe=odd in {"applied", "nan"})

    @rule(name=_ANY_NAME)
    def ask_time(self, name: str) -> None:
        self.hear(ClockAsked(name, ClockRequest(request_seq=1, sent_us=0)))

    @rule(
        name=_NAMES,
        state=st.sampled_from(["offline", "safe", "live", "stopped"]),
        session=st.sampled_from([None, SESSION, "2020", "9"]),
        simulated=st.booleans(),
        retained=st.booleans(),
    )
    def describe(self, name: str, state: Any, session: str | None, **flags: bool) -> None:
        device = self.oracle.devices[name]
        info: DeviceInfo = info_of(
            device.device, state=state, session=session, simulated=flags["simulated"]
        )
        if state == "safe" and not flags["retained"]:
            self.oracle.lapsed(name)
        self.hear(InfoHeard(name, info, retained=flags["retained"]))

    @rule(
        action=st.sampled_from(["arm", "arm", "arm", "disarm", "mark", "set"]),
        age_s=st.sampled_from([0.0, 0.0, 0.0, 1.9, 2.1, -2.1]),
        retained=st.sampled_from([False, False, False, True]),
        is_ours=st.sampled_from([True, True, True, False]),
        again=st.sampled_from([False, False, False, True]),
    )
    def control(
        self, action: Any, age_s: float, *, retained: bool, is_ours: bool, again: bool
    ) -> None:
        again = again and bool(self.request_ids)
        request_id = self.request_ids[-1] if again else f"r{len(self.request_ids)}"
        issued_us = round((self.now_s - age_s) * 1e6)
        asked = Control(
            request_id=request_id,
            session=SESSION if is_ours else "another",
            operator="o",
            issued_us=issued_us,
            expires_us=issued_us + 2_000_000,
            action=action,
        )
        is_fresh = abs(age_s) <= 2.0
        may_arm = action == "arm" and is_fresh and not retained and is_ours and not again
        decisions = self.hear(ControlHeard(asked, retained=retained), may_arm=may_arm)
        if action == "arm" and not again:
            self.request_ids.append(request_id)
        if action == "arm":
            assert any(isinstance(each, StateChanged | Refusal) for each in decisions)
        if action in {"arm", "disarm"} and not any(isinstance(e, Refusal) for e in decisions):
            self.oracle.is_automatic = False

    def stop(self) -> None:
        decisions = self.hear(
            StopHeard(Stop(request_id="s", operator="o", reason="enough")), must_be_safe=True
        )
        assert not any(isinstance(each, Send) for each in decisions)
        self.oracle.is_stopped = True

    @rule(fault=st.sampled_from(["link", "fail", "stop", "none", "none", "none"]))
    def fault(self, fault: str) -> None:
        if fault == "stop":
            self.stop()
        elif fault == "fail":
            self.call("fail", "a fault", must_be_safe=True)
        else:
            self.hear(LinkChanged(is_up=fault != "link", reason="r"))

    @rule(
        stream=st.sampled_from(["LFP", "EMG"]),
        step_s=st.sampled_from([0.0, 0.0, 0.009, -0.009, 0.011, -0.011, math.nan]),
    )
    def move_clock(self, stream: str, step_s: float) -> None:
        is_step = stream == "LFP" and not abs(step_s) <= _TIMING.clock_step_s_max
        self.call("clock_moved", stream, step_s, must_be_safe=is_step)

    @rule(topic=st.text(max_size=3))
    def hear_noise(self, topic: str) -> None:
        self.hear(Unreadable(topic, "not JSON"))

    def teardown(self) -> None:
        """Hold that the same calls give the same decisions."""
        if not self.calls:
            return
        again = self.make_gate()
        for (name, arguments), decided in zip(self.calls, self.decided, strict=True):
            assert repr(getattr(again, name)(*arguments)) == repr(decided)
