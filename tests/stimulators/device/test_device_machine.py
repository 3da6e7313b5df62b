"""Whatever a device hears, and whenever, it keeps to what it promises."""

import math
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from stimulators.wire.messages import Ack, ClockRequest, Command, Lease
from tests.stimulators.device.device_bench import AHEAD_US, SLEW_MA_PER_S, Bench, reply, stimulator

_SESSIONS = [f"{number:020d}-x" for number in range(1, 5)]
_SAFE_MA, _STOP_MA, _MAX_MA = 0.5, 0.2, 3.0
_GRAIN_MA = SLEW_MA_PER_S * 0.05
_AMOUNTS = st.one_of(
    st.floats(0.0, _MAX_MA),
    st.sampled_from([-0.1, 3.1, math.nan, math.inf, -math.inf, None, _SAFE_MA, _MAX_MA]),
)
_KINDS = st.sampled_from(["amplitude", "amplitude", "trigger"])
_SHIFTS_US = st.sampled_from([0, 0, 0, -400_000, -90_000, 90_000, 400_000])


class Device(RuleBasedStateMachine):
    """The device under any order of anything, against an oracle that only knows what was told."""

    commands = Bundle("commands")

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(stimulator(safe_ma=_SAFE_MA, stop_ma=_STOP_MA))
        self.leases: list[Lease] = []
        self.answers: dict[tuple[str, int], Ack] = {}
        self.stopped_us: int | None = None
        self.newest_session = ""
        self.state = self.bench.state
        self.changed_us = self.bench.now_us
        self.path: list[tuple[int, float]] = [(self.bench.now_us, self.bench.amount)]

    @property
    def service_now_us(self) -> int:
        return self.bench.now_us + AHEAD_US

    def look(self, said: Any) -> None:
        """Take in what the device did in this instant."""
        self.path.append((self.bench.now_us, self.bench.amount))
        if self.bench.state != self.state:
            self.state = self.bench.state
            self.changed_us = self.bench.now_us
        for each in said:
            if isinstance(each, Ack) and each.seq is not None:
                self.check_answer(each)

    def check_answer(self, ack: Ack) -> None:
        first = self.answers.setdefault((ack.session, ack.seq or 0), ack)
        assert ack == first

    def pass_time(self, passed_us: int, *, is_answered: bool) -> None:
        self.bench.now_us += passed_us
        said = self.bench.device.tick(self.bench.now_us)
        self.look(said)
        for each in said:
            if isinstance(each, ClockRequest) and is_answered:
                self.look(self.bench.tell(reply(each, self.bench.now_us)))

    @rule(passed_us=st.integers(0, 300_000), is_answered=st.sampled_from([True, True, True, False]))
    def wait(self, passed_us: int, *, is_answered: bool) -> None:
        self.pass_time(passed_us, is_answered=is_answered)

    @rule()
    def sleep_long(self) -> None:
        self.pass_time(3_000_000, is_answered=True)

    @rule(passed_us=st.sampled_from([20_000, 80_000]), n=st.integers(1, 5))
    def drive(self, passed_us: int, n: int) -> None:
        """Do what a service does when all is well, in the session that is held."""
        session = self.bench.device.session or _SESSIONS[1]
        for _ in range(n):
            self.pass_time(passed_us, is_answered=True)
            self.lease(session, 0, 250_000, 0)

    @rule(target=commands, amount=st.floats(0.0, _MAX_MA), kind=_KINDS)
    def ask_well(self, amount: float, kind: str) -> Any:
        session = self.bench.device.session or _SESSIONS[1]
        command = self.bench.command(amount, kind=kind, session=session)
        self.give(command)
        return multiple(command)

    @rule(
        session=st.sampled_from([_SESSIONS[1], _SESSIONS[1], *_SESSIONS]),
        shift_us=_SHIFTS_US,
        valid_us=st.sampled_from([250_000, 250_000, 1_000_000, 0, -1, 10_000_001]),
        armed_before_us=st.sampled_from([0, 0, 100_000, 5_000_000]),
    )
    def lease(self, session: str, shift_us: int, valid_us: int, armed_before_us: int) -> None:
        lease = self.bench.lease(
            session=session,
            valid_us=valid_us,
            issued_us=self.service_now_us + shift_us,
            armed_us=self.service_now_us - armed_before_us,
        )
        self.leases.append(lease)
        self.look(self.bench.tell(lease))

    @rule(
        target=commands,
        session=st.sampled_from([_SESSIONS[1], _SESSIONS[1], _SESSIONS[1], *_SESSIONS]),
        amount=_AMOUNTS,
        shift_us=_SHIFTS_US,
        kind=_KINDS,
        fire_in_us=st.sampled_from([None, None, 20_000, 80_000, 200_000]),
        simulated=st.sampled_from([True, True, True, True, False]),
    )
    def command(
        self,
        session: str,
        amount: float | None,
        shift_us: int,
        kind: str,
        fire_in_us: int | None,
        *,
        simulated: bool,
    ) -> Any:
        issued_us = self.service_now_us + shift_us
        command = self.bench.command(
            amount,
            session=session,
            kind=kind,
            issued_us=issued_us,
            expires_us=issued_us + 100_000,
            fire_at_us=None if fire_in_us is None else issued_us + fire_in_us,
            simulated=simulated,
        )
        self.give(command)
        return multiple(command)

    @rule(command=commands)
    def deliver_again(self, command: Command) -> None:
        before = (self.bench.state, self.bench.device.triggers.n_given)
        self.give(command)
        if (command.session, command.seq) in self.answers:
            assert (self.bench.state, self.bench.device.triggers.n_given) == before

    def give(self, command: Command) -> None:
        key = (command.session, command.seq)
        was_answered = key in self.answers
        amount_before = self.bench.amount
        n_before = self.bench.device.triggers.n_given
        # Time stands still here, so what moves now moves because of the command.
        self.bench.device.tick(self.bench.now_us)
        said = self.bench.tell(command)
        self.look(said)
        acks = [each for each in said if isinstance(each, Ack)]
        is_done = bool(acks) and acks[-1].refused is None and not was_answered
        if not is_done:
            assert self.bench.amount == amount_before
            return
        assert self.bench.state == "live"
        assert command.session == self.bench.device.session
        assert command.simulated
        assert command.amplitude_ma is not None
        assert 0.0 <= command.amplitude_ma <= _MAX_MA
        assert command.issued_us - 10_000 <= self.service_now_us < command.expires_us
        if command.kind == "trigger":
            assert self.bench.device.triggers.n_given == n_before + 1
            assert self.bench.amount == amount_before

    @rule(is_pressed=st.sampled_from([True, *[False] * 9]))
    def stop(self, *, is_pressed: bool) -> None:
        if not is_pressed:
            return
        said = self.bench.stop()
        self.stopped_us = self.bench.now_us
        self.path = []
        self.look(said)
        assert self.bench.amount == _STOP_MA
        assert self.bench.state == "stopped"

    @invariant()
    def its_amount_is_within_its_limits(self) -> None:
        assert 0.0 <= self.bench.amount <= _MAX_MA

    @invariant()
    def it_moved_no_faster_than_it_may_since_the_last_stop(self) -> None:
        now_us, amount = self.path[-1]
        for then_us, before in self.path:
            moved_max = SLEW_MA_PER_S * (now_us - then_us) / 1e6 + _GRAIN_MA
            assert abs(amount - before) <= moved_max + 1e-9

    @invariant()
    def it_is_driven_only_under_a_lease_that_runs(self) -> None:
        if self.bench.state != "live":
            return
        now_us = self.service_now_us
        assert any(
            lease.session == self.bench.device.session
            and lease.issued_us - 10_000 <= now_us < lease.issued_us + lease.valid_us
            and 0 < lease.valid_us <= 10_000_000
            and (self.stopped_us is None or lease.armed_us > self.stopped_us + AHEAD_US)
            for lease in self.leases
        )

    @invariant()
    def without_a_lease_it_arrives_at_safe_and_after_a_stop_it_stays(self) -> None:
        if self.bench.state == "stopped":
            assert self.bench.amount == _STOP_MA
        elif self.bench.state == "safe":
            way_s = (self.bench.now_us - self.changed_us) / 1e6
            assert way_s <= _MAX_MA / SLEW_MA_PER_S or self.bench.amount == _SAFE_MA

    @invariant()
    def the_newest_session_only_gets_newer(self) -> None:
        newest = self.bench.device.newest_session
        assert newest >= self.newest_session
        self.newest_session = newest

    @invariant()
    def what_it_remembers_is_bounded(self) -> None:
        assert len(self.bench.device._answers) <= 256
        assert len(self.bench.device.triggers.waiting) <= 16


Device.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestDevice = Device.TestCase
