"""Whatever messages a device receives, and whenever, it keeps its rules."""

import math
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from stimulators.wire.messages import Ack, ClockRequest, Command, Lease
from tests.stimulators.device.device_bench import (
    AHEAD_US,
    SLEW_MA_PER_S,
    Bench,
    acks,
    reply,
    stimulator,
)
from tests.stimulators.device.electrode import Electrode
from tests.support.searching import search

_SESSIONS = [f"{number:020d}-0000000a" for number in range(1, 5)]
#: It answers questions about the time, an hour wrong, and never leases.
_STRANGER = f"{9:020d}-0000000a"
_SAFE_MA, _STOP_MA, _MAX_MA = 0.5, 0.2, 3.0
_AMOUNTS = st.one_of(
    st.floats(0.0, _MAX_MA),
    st.sampled_from([-0.1, 3.1, math.nan, math.inf, -math.inf, None, _SAFE_MA, _MAX_MA, 0.0]),
)
_KINDS = st.sampled_from(["amplitude", "amplitude", "trigger"])
_PROGRAMS = st.sampled_from(["adbs", "adbs", "wide", "wide_fast"])
_SHIFTS_US = st.sampled_from([0, 0, 0, -400_000, -90_000, 90_000, 400_000])
_TICK_US = 5_000


def _config() -> Any:
    config = stimulator(safe_ma=_SAFE_MA, stop_ma=_STOP_MA)
    pulses = config.programs["adbs"]
    return msgspec.structs.replace(
        config,
        programs={
            "adbs": pulses,
            "wide": msgspec.structs.replace(pulses, contacts="2-", frequency_hz=100.0),
            "wide_fast": msgspec.structs.replace(pulses, contacts="2-"),
        },
        # The safe amount alone comes to 2348: a few seconds at the maximum are left.
        limits=msgspec.structs.replace(
            config.limits, charge_uc_per_10_min_max=2_480.0, on_time_s_max=4.0
        ),
    )


class Device(RuleBasedStateMachine):
    """The device under any sequence of events, against an oracle that knows only the messages."""

    commands = Bundle("commands")

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(_config())
        self.ahead_us = AHEAD_US
        self.leases: list[Lease] = []
        self.done: set[tuple[str, int]] = set()
        self.stopped_us: int | None = None
        self.newest_session = ""
        self.word = 0
        self.state = self.bench.state
        self.changed_us = 0
        self.electrode = Electrode(
            self.bench.device.config, self.bench.amount, self.bench.device.program
        )
        self.tick(0, is_answered=True)

    @property
    def service_now_us(self) -> int:
        return self.bench.now_us + self.ahead_us

    def look(self, said: Any, passed_us: int = 0) -> None:
        """Take in what the device did in this instant."""
        device = self.bench.device
        self.electrode.look(passed_us, self.bench.amount, device.program)
        self.electrode.check_charge(device._budgets.charge_uc)
        if self.bench.state != self.state:
            self.state = self.bench.state
            self.changed_us = self.electrode.now_us
        for each in said:
            if isinstance(each, ClockRequest):
                continue
            assert each.word == self.word + 1
            self.word = each.word
            if isinstance(each, Ack) and each.seq is not None and each.refused is None:
                self.done.add((each.session, each.seq))

    def tick(self, passed_us: int, *, is_answered: bool) -> None:
        self.bench.now_us += passed_us
        n_before = self.bench.device.triggers.n_given
        said = self.bench.device.tick(self.bench.now_us)
        self.count_triggers(n_before)
        self.look(said, passed_us)
        for each in said:
            if isinstance(each, ClockRequest) and is_answered:
                answers = [
                    reply(each, self.bench.now_us, session=session, ahead_us=self.ahead_us)
                    for session in _SESSIONS
                ]
                wrong_us = self.ahead_us + 3_600_000_000
                answers.append(reply(each, self.bench.now_us, session=_STRANGER, ahead_us=wrong_us))
                for answer in answers:
                    self.look(self.bench.tell(answer))

    def count_triggers(self, n_before: int) -> None:
        triggers = self.bench.device.triggers
        assert triggers.n_given - n_before <= 1
        if triggers.n_given > n_before:
            assert triggers.last is not None
            assert triggers.last.amplitude_ma is not None
            self.electrode.pulse(triggers.last.amplitude_ma, triggers.last.program)

    def pass_time(self, passed_us: int, *, is_answered: bool = True) -> None:
        end_us = self.bench.now_us + passed_us
        while self.bench.now_us < end_us:
            self.tick(min(_TICK_US, end_us - self.bench.now_us), is_answered=is_answered)

    @rule(passed_us=st.integers(0, 300_000), is_answered=st.sampled_from([True, True, True, False]))
    def wait(self, passed_us: int, *, is_answered: bool) -> None:
        self.pass_time(passed_us, is_answered=is_answered)

    @rule(passed_us=st.sampled_from([3_000_000, 3_000_000, 610_000_000]))
    def wait_long(self, passed_us: int) -> None:
        self.pass_time(1_000_000)
        for _ in range(passed_us // 1_000_000):
            self.tick(1_000_000, is_answered=True)

    @rule(stalled_us=st.sampled_from([50_000, 900_000, 1_500_000, 8_000_000]))
    def stall(self, stalled_us: int) -> None:
        self.tick(stalled_us, is_answered=True)
        if stalled_us > 1_000_000:
            assert self.bench.state != "live"

    @rule(back_us=st.sampled_from([1, 30_000, 10_000_000, 3_600_000_000]))
    def set_clock_back(self, back_us: int) -> None:
        self.bench.now_us -= back_us
        self.ahead_us += back_us
        self.look(self.bench.device.tick(self.bench.now_us))
        assert self.bench.state != "live"

    @rule(passed_us=st.sampled_from([20_000, 80_000]), n=st.integers(1, 5))
    def drive(self, passed_us: int, n: int) -> None:
        """Do what a service does when all is well, in the session that is held."""
        session = self.bench.device.session or _SESSIONS[1]
        for _ in range(n):
            self.pass_time(passed_us)
            self.lease(session, 0, 250_000, 0)

    @rule(amount=st.sampled_from([0.7, 1.5, _MAX_MA]), n=st.integers(1, 40), program=_PROGRAMS)
    def drive_high(self, amount: float, n: int, program: str) -> None:
        session = self.bench.device.session or _SESSIONS[1]
        for step in range(n):
            self.lease(session, 0, 250_000, 0)
            wanted = amount if step > 1 or program == "adbs" else 0.0
            name = program if step > 1 else self.bench.device.program
            self.give(self.timed(wanted, session=session, program=name))
            self.pass_time(100_000)

    def timed(self, amount: float | None, **changes: Any) -> Command:
        issued_us = changes.pop("issued_us", self.service_now_us)
        timing = {"issued_us": issued_us, "expires_us": issued_us + 100_000}
        return self.bench.command(amount, **(timing | changes))

    @rule(target=commands, amount=st.floats(0.0, _MAX_MA), kind=_KINDS)
    def ask_well(self, amount: float, kind: str) -> Any:
        device = self.bench.device
        session = device.session or _SESSIONS[1]
        command = self.timed(amount, kind=kind, session=session, program=device.program)
        self.give(command)
        return multiple(command)

    @rule(
        session=st.sampled_from([_SESSIONS[1], _SESSIONS[1], *_SESSIONS, "z"]),
        shift_us=_SHIFTS_US,
        valid_us=st.sampled_from([250_000, 250_000, 1_000_000, 10_000_000, 0, -1, 10_000_001]),
        armed_before_us=st.sampled_from([0, 0, 100_000, 5_000_000, -1]),
    )
    def lease(self, session: str, shift_us: int, valid_us: int, armed_before_us: int) -> None:
        lease = self.bench.lease(
            session=session,
            valid_us=valid_us,
            issued_us=self.service_now_us + shift_us,
            armed_us=self.service_now_us + shift_us - armed_before_us,
        )
        self.leases.append(lease)
        self.look(self.bench.tell(lease))

    @rule(
        target=commands,
        session=st.sampled_from([_SESSIONS[1], _SESSIONS[1], _SESSIONS[1], *_SESSIONS]),
        amount=_AMOUNTS,
        shift_us=_SHIFTS_US,
        valid_us=st.sampled_from([100_000, 100_000, 10_000_001]),
        kind=_KINDS,
        program=_PROGRAMS,
        fire_in_us=st.sampled_from([None, None, 20_000, 80_000, 200_000]),
        simulated=st.sampled_from([True, True, True, True, False]),
    )
    def command(
        self, session: str, amount: float | None, shift_us: int, fire_in_us: int | None, **keys: Any
    ) -> Any:
        issued_us = self.service_now_us + shift_us
        command = self.timed(
            amount,
            session=session,
            issued_us=issued_us,
            expires_us=issued_us + keys.pop("valid_us"),
            fire_at_us=None if fire_in_us is None else issued_us + fire_in_us,
            **keys,
        )
        self.give(command)
        return multiple(command)

    @rule(n=st.sampled_from([5, 300]))
    def forge_and_go_down(self, n: int) -> None:
        """Use up numbers with commands that are refused; the real way down is done all the same."""
        session = self.bench.device.session or _SESSIONS[1]
        self.lease(session, 0, 250_000, 0)
        if self.bench.state != "live":
            return
        device = self.bench.device
        first = self.bench._n_commands + 1
        for number in range(n):
            self.give(self.timed(99.0, session=session, seq=first + number))
        down = self.timed(0.0, session=session, program=device.program, seq=first)
        assert acks(self.give(down))[-1].refused is None

    @rule(command=commands)
    def deliver_again(self, command: Command) -> None:
        self.give(command)

    def give(self, command: Command) -> tuple[Any, ...]:
        device = self.bench.device
        key = (command.session, command.seq)
        # Time stands still here, so what moves now moves because of the command.
        self.look(device.tick(self.bench.now_us))
        was_done = key in self.done and command.session == device.session
        amount_before, program_before = self.bench.amount, device.program
        n_before = device.triggers.n_given
        n_waiting = len(device.triggers.waiting)
        said = self.bench.tell(command)
        self.count_triggers(n_before)
        self.look(said)
        answers = acks(said)
        for each in answers:
            assert each.applied_ma == self.bench.amount
            assert each.program == device.program
        if was_done and command.seq in device._done:
            assert answers[-1].refused is None
        is_done = bool(answers) and answers[-1].refused is None and not was_done
        if not is_done:
            assert (self.bench.amount, device.program) == (amount_before, program_before)
            return said
        assert self.bench.state == "live"
        assert command.session == device.session
        assert command.simulated
        assert command.amplitude_ma is not None
        assert 0.0 <= command.amplitude_ma <= _MAX_MA
        assert command.issued_us - 10_000 <= self.service_now_us < command.expires_us
        assert command.expires_us - command.issued_us <= 10_000_000
        if command.kind == "trigger":
            assert device.triggers.n_given == n_before + 1
            assert self.bench.amount == amount_before
        else:
            assert [each.refused for each in answers[:-1]] == ["dropped"] * n_waiting
            assert device.program == command.program
        return said

    @rule(is_pressed=st.sampled_from([True, *[False] * 9]), verified=st.booleans())
    def stop(self, *, is_pressed: bool, verified: bool) -> None:
        if not is_pressed:
            return
        self.look(self.bench.device.tick(self.bench.now_us))
        said = self.bench.stop(verified=verified)
        self.stopped_us = self.service_now_us
        self.electrode.stop(self.bench.amount)
        self.look(said)
        assert self.bench.state == "stopped"
        assert self.bench.device.triggers.waiting == []
        told = [each for each in acks(said) if each.request_id]
        assert len(told) == 1 or not (told or verified)

    @invariant()
    def it_is_driven_only_under_a_lease_that_runs(self) -> None:
        if self.bench.state != "live":
            return
        now_us = self.service_now_us
        assert any(
            lease.session == self.bench.device.session
            and lease.issued_us - 10_000 <= now_us < lease.issued_us + lease.valid_us
            and 0 < lease.valid_us <= 10_000_000
            and lease.armed_us <= lease.issued_us
            and (self.stopped_us is None or lease.armed_us > self.stopped_us)
            for lease in self.leases
        )

    @invariant()
    def without_a_lease_it_arrives_at_safe_and_after_a_stop_it_rests(self) -> None:
        if self.bench.state == "stopped":
            assert self.bench.amount <= _STOP_MA
        elif self.bench.state == "safe":
            # Through 0 and up again, which rests at 0 for a moment.
            way_s = (_MAX_MA + _SAFE_MA) / SLEW_MA_PER_S + 0.02
            now_s = (self.electrode.now_us - self.changed_us) / 1e6
            assert now_s <= way_s or (self.bench.amount, self.bench.device.program) == (
                _SAFE_MA,
                "adbs",
            )

    @invariant()
    def the_newest_session_only_gets_newer(self) -> None:
        newest = self.bench.device.newest_session
        assert newest >= self.newest_session
        self.newest_session = newest

    @invariant()
    def what_it_remembers_is_bounded(self) -> None:
        assert len(self.bench.device._done) <= 256
        assert len(self.bench.device.triggers.waiting) <= 16


Device.TestCase.settings = settings(search(40), stateful_step_count=40)
TestDevice = Device.TestCase
