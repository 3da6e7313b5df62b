"""A gate that gets any events in any order, checked against the rules after every call."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from stimulators.decisions import Decision, Refusal, Send, StateChanged
from stimulators.gate.freshness import StreamReport
from stimulators.gate.gate import SafetyGate
from stimulators.gate_config import GateConfig
from stimulators.targets import Observation, Target
from stimulators.wire.messages import (
    ClockRequest,
    Command,
    Control,
    DeviceStatus,
    Lease,
    Status,
    Stop,
)
from stimulators.wire.received import (
    AckHeard,
    ClockAsked,
    ControlHeard,
    DeviceStatusHeard,
    InfoHeard,
    LinkChanged,
    Received,
    StatusHeard,
    StopHeard,
    Unreadable,
)
from tests.stimulators.gate.gate_oracle import GateOracle
from tests.stimulators.gate.gate_rig import (
    INSTANCE,
    SESSION,
    TICK_S,
    Obedient,
    device_of,
    feedback_of,
    leases_in,
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
        self.leased: set[str] = set()
        self.n_boots = 0
        self.asked_s = 0.0
        self.said: dict[str, Obedient] = {each.id: Obedient(each) for each in _DEVICES}

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
            self.run_well(220, None)
            assert self.gate.state == "active"
        elif is_ready:
            self.arm_well()

    def call(self, name: str, *arguments: Any, **rules: Any) -> tuple[Decision, ...]:
        """Make one call, record it, and check its decisions against the rules."""
        steps_back = self.oracle.move_to(self.now_s)
        is_watched = self.oracle.state != "idle"
        rules["must_be_safe"] = rules.get("must_be_safe", False) or (steps_back and is_watched)
        method: Callable[..., tuple[Decision, ...]] = getattr(self.gate, name)
        decisions = method(*arguments, self.now_s)
        self.calls.append((name, (*arguments, self.now_s)))
        self.decided.append(decisions)
        self.oracle.check(decisions, is_tick=name == "tick", **rules)
        assert self.gate.state == self.oracle.state
        self.open += [
            (each.device, each.message)
            for each in decisions
            if isinstance(each, Send) and isinstance(each.message, Command)
        ]
        self.leased |= {
            each.device
            for each in decisions
            if isinstance(each, Send) and isinstance(each.message, Lease)
        }
        self.now_s = self.oracle.now_s
        return decisions

    def hear(self, heard: Received, **rules: Any) -> tuple[Decision, ...]:
        is_watched = self.oracle.state != "idle"
        if isinstance(heard, LinkChanged):
            self.oracle.is_linked = heard.is_up
            rules["must_be_safe"] = not heard.is_up and is_watched
        if isinstance(heard, AckHeard | DeviceStatusHeard) or (
            isinstance(heard, InfoHeard) and not heard.retained and heard.message.state != "offline"
        ):
            is_wrong = self.oracle.devices[heard.device].take(heard.message, SESSION)
            is_driven = heard.device in self.gate.driven
            rules["must_be_safe"] = is_wrong and (is_watched or is_driven)
        return self.call("receive", heard, **rules)

    def connect(self) -> None:
        self.hear(LinkChanged(is_up=True))
        for name, device in self.said.items():
            device.session = None
            self.tell(name)

    def tell(self, name: str, **keys: Any) -> None:
        """Let a device send its description and its report."""
        self.hear(InfoHeard(name, self.said[name].info(**keys), retained=False))

    def settle(self) -> None:
        """Let every device take the leases it was sent, or let its lease end."""
        is_driving = self.gate.state in {"armed", "active", "hold", "paused"}
        for name, device in self.said.items():
            if device.state != "live" and name in self.leased and is_driving:
                device.state, device.session = "live", SESSION
                device.amount = device.config.safe_amount
                self.tell(name)
            elif device.state != "safe" and not is_driving:
                device.lapse()
                self.tell(name)
        self.leased.clear()

    # Time.

    @precondition(lambda self: self.oracle.state in {"idle", "safe"})
    @rule()
    def arm_well(self) -> None:
        """Fulfil all conditions of arming."""
        self.connect()
        for _ in range(3):  # messages of another device or service are forgotten within seconds
            self.run_well(215, None)
            if self.gate.state not in {"active", "armed"}:
                self.control("arm", 0.0, retained=False, is_ours=True, again=False)
                self.run_well(10, None)
            if self.gate.state == "active":
                break
        refused = [
            each for said in self.decided[-99:] for each in said if isinstance(each, Refusal)
        ]
        assert self.gate.state == "active", (self.gate.reason, refused[-5:])

    @rule(amount=_AMOUNTS, hold_hops=st.integers(1, 250))
    def hold_well(self, amount: float, hold_hops: int) -> None:
        """Give bad data for a while, with targets all along, and then good data."""
        for _ in range(hold_hops):
            self.now_s += 0.01
            self.report(0.001, 1e-4, "frozen")
            self.wants([("stn", "amplitude", amount, 0.001)])
            self.tick(0.0)
        self.run_well(55, amount)

    @rule(n_hops=st.integers(1, 60), amount=st.one_of(st.none(), _AMOUNTS))
    def run_well(self, n_hops: int, amount: float | None) -> None:
        """Let everything be as it should, for a while."""
        for index in range(n_hops):
            self.now_s += 0.01
            self.report(0.001, 1e-4, None)
            for device in _DEVICES:
                self.observe(device.id, 0.001, valid=True, calibrating=False)
            if amount is not None:
                self.wants([(_DEVICES[index % 2].id, "amplitude", amount, 0.001)])
            if index % 2:
                self.tick(0.0)
            while self.open:
                self.answer(0, None, "")
            self.settle()
            if index % 50 == 0:
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
        """Go to an amount, perhaps lose the lease, and send targets to a device that refuses."""
        self.run_well(40, amounts[0])
        if lapses:
            self.said["stn"].lapse()
            self.tell("stn")
        for index, refused in enumerate(answers):
            self.now_s += 0.01
            self.report(0.001, 1e-4, None)
            self.observe("stn", 0.001, valid=True, calibrating=False)
            self.wants([("stn", "amplitude", amounts[1 + index % 2], 0.001)])
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
            valid=valid,
            calibrating=calibrating,
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
        must_be_safe = breaks_limit and self.oracle.state != "idle"
        decisions = self.call("admit", targets, must_be_safe=must_be_safe, targets=targets)
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
        index=st.integers(0, 5),
        refused=st.sampled_from([None, None, "expired", "lease"]),
        odd=st.sampled_from([*[""] * 6, "again", "session", "applied", "nan", "old", "never"]),
    )
    def answer(self, index: int, refused: str | None, odd: str) -> None:
        """Answer a command: late, out of order, twice, without a command, or falsely."""
        name, command = self.open[index % len(self.open)]
        if odd != "again":
            self.open.remove((name, command))
        device = self.said[name]
        ack = device.ack(command, round(self.now_s * 1e6), refused=refused)
        amount_key = "applied_ma" if name == "stn" else "applied_level"
        lies: dict[str, dict[str, Any]] = {
            "applied": {amount_key: 9.0},
            "nan": {amount_key: math.nan},
            "session": {"session": "another", "last_seq": 0},
            "old": {"word": max(0, device.word - 2)},
            "never": {"seq": 10**6},
        }
        self.hear(AckHeard(name, msgspec.structs.replace(ack, **lies.get(odd, {}))))
        if odd == "never":
            assert self.oracle.state in {"idle", "safe"}

    @rule(name=_NAMES, retained=st.booleans())
    def report_status(self, name: str, *, retained: bool) -> None:
        """Let a device say what it gives and has given."""
        device = self.said[name]
        said = DeviceStatus(
            state=device.state,
            session=device.session,
            charge_uc=0.0,
            on_s=0.0,
            counted_since_s=700.0 if retained else 1.0,
            **device.words(),
        )
        self.hear(DeviceStatusHeard(name, said))

    @rule(
        session=st.sampled_from(["00001", "9", SESSION]),
        state=st.sampled_from(["idle", "active", "offline"]),
        drives=st.sampled_from([(), ("stn",)]),
    )
    def hear_another(self, session: str, state: str, drives: tuple[str, ...]) -> None:
        """Hear the heartbeat of another service."""
        is_other = session != SESSION and state != "offline"
        must_be_safe = is_other and bool(drives) and bool(self.gate.driven)
        status = Status(state=state, session=session, drives=drives)
        self.hear(StatusHeard(status), must_be_safe=must_be_safe)

    @rule(name=_ANY_NAME)
    def ask_time(self, name: str) -> None:
        self.hear(
            ClockAsked(name, ClockRequest(request_seq=1, sent_us=0, nonce="n", instance=INSTANCE))
        )

    @rule(
        name=_NAMES,
        state=st.sampled_from(["offline", "safe", "live", "stopped"]),
        session=st.sampled_from([None, SESSION, "2020", "9"]),
        simulated=st.booleans(),
        retained=st.booleans(),
    )
    def describe(self, name: str, state: Any, session: str | None, **flags: bool) -> None:
        device = self.said[name]
        if not flags["retained"] and state != "offline":
            device.state, device.session = state, session
        info = device.info(state=state, session=session, simulated=flags["simulated"])
        self.hear(InfoHeard(name, info, retained=flags["retained"]))

    @rule(name=_NAMES, is_twin=st.booleans())
    def restart(self, name: str, *, is_twin: bool) -> None:
        """Get a message of another boot of a device: of a new one, or once of an earlier one."""
        was_driving = self.oracle.state in {"armed", "active", "hold", "paused"}
        device, self.n_boots = self.said[name], self.n_boots + 1
        before = device.instance
        if self.oracle.devices[name].newest[0] not in {"", before}:
            return
        device.instance = f"boot-{self.n_boots}"
        device.word, device.state, device.last_seq = 0, "safe", 0
        device.amount = device.config.safe_amount
        was_known = bool(self.oracle.devices[name].newest[0])
        self.tell(name)
        assert not (was_driving and was_known) or self.oracle.state == "safe"
        if is_twin and was_known:
            twin = device.info(instance=before)
            self.call("receive", InfoHeard(name, twin, retained=False))

    @rule(
        action=st.sampled_from(
            ["arm", "arm", "arm", "disarm", "pause", "resume", "resume", "mark", "set"]
        ),
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
        # What was asked seconds ago is forgotten: its age alone would refuse it.
        is_new = not again or self.now_s - self.asked_s > 4.0
        may_arm = action == "arm" and is_fresh and not retained and is_ours and is_new
        decisions = self.hear(ControlHeard(asked, retained=retained), may_arm=may_arm)
        if action in {"arm", "pause", "resume"} and not again:
            self.request_ids.append(request_id)
            self.asked_s = self.now_s
        if action in {"arm", "pause", "resume"}:
            assert any(isinstance(each, StateChanged | Refusal) for each in decisions)
        if action in {"arm", "disarm", "pause"} and not any(
            isinstance(e, Refusal) for e in decisions
        ):
            self.oracle.is_automatic = False

    def stop(self) -> None:
        decisions = self.hear(
            StopHeard(Stop(request_id="s", operator="o", reason="enough")), must_be_safe=True
        )
        assert leases_in(decisions) == []

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
        is_watched = self.oracle.state != "idle"
        self.call("clock_moved", stream, step_s, must_be_safe=is_step and is_watched)

    @rule(stream=st.sampled_from(["LFP", "EMG"]))
    def change_sender(self, stream: str) -> None:
        if stream == "LFP":
            self.oracle.reported = None
        is_watched = self.oracle.state != "idle"
        self.call("sender_changed", stream, "another sender", must_be_safe=is_watched)

    @rule(topic=st.text(max_size=3))
    def hear_noise(self, topic: str) -> None:
        self.hear(Unreadable(topic, "not JSON"))

    def teardown(self) -> None:
        """Check that the same calls give the same decisions."""
        if not self.calls:
            return
        again = self.make_gate()
        for (name, arguments), decided in zip(self.calls, self.decided, strict=True):
            assert repr(getattr(again, name)(*arguments)) == repr(decided)
