"""The gate's side of one device for tests, which make the device's messages and let time pass."""

from itertools import count
from typing import Any

from stimulators.decisions import State
from stimulators.gate.driving.answers import OpenCommand
from stimulators.gate.driving.drive import Drive
from stimulators.gate.word import Word
from stimulators.gate_config import GateConfig
from stimulators.limits import ProgramConfig
from stimulators.targets import Observation, Target
from stimulators.wire.messages import Ack, Command
from tests.stimulators.gate.gate_rig import GateRig, device_of, info_of, limits_of

TICK_S = 1 / 64
TOLERANCE = 1 / 64


def pulses(contacts: str = "") -> ProgramConfig:
    return ProgramConfig(
        frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.0598, contacts=contacts
    )


class Bench:
    """A drive of one device, with time and the device's messages as a test makes them."""

    def __init__(
        self,
        *,
        timing: GateConfig | None = None,
        tolerance: float = TOLERANCE,
        limits: dict[str, Any] | None = None,
        **keys: Any,
    ) -> None:
        programs = {"a": pulses(), "b": pulses()}
        its = limits_of(**({"slew_ma_per_s_max": 8.0, "refractory_s": 0.0} | (limits or {})))
        settings: dict[str, Any] = {"safe_ma": 0.5, "programs": programs, "safe_program": "a"}
        self.config = device_of(limits=its, **(settings | keys))
        self.timing = timing or GateConfig(command_valid_s=10.0)
        self.drive = Drive(
            self.config,
            self.timing,
            session="s",
            tick_s=TICK_S,
            seqs=count(1),
            lease_seqs=count(1),
        )
        self.now_s = 64.0
        self.command: Command | None = None
        self._n_words = 0
        self.drive.learn(info_of(self.config, amount_tolerance=tolerance))
        self.drive.presence.note_instance("boot", self.now_s)

    def say(self, amount: float, *, state: Any = "live", program: str = "a", **keys: Any) -> Word:
        """Let the device report its amount."""
        self._n_words += 1
        word = Word("boot", self._n_words, 0, amount, program, state, None)._replace(**keys)
        self.drive.belief.take(word, self.now_s)
        return word

    def be_live(self, amount: float = 0.5, *, program: str = "a") -> "Bench":
        """Engage the device, and let it report that it is live."""
        self.drive.engage()
        self.say(amount, program=program)
        self.drive.go_live()
        self.observe()
        return self

    def observe(self, *, valid: bool = True, **keys: Any) -> None:
        settings: dict[str, Any] = {
            "sample": 1,
            "time_s": self.now_s,
            "valid": valid,
            "calibrating": False,
        }
        self.drive.hops.observe(Observation(**(settings | keys)))

    def target(self, amount: float, program: str = "a", **keys: Any) -> Target:
        rig = GateRig()
        rig.now_s = self.now_s
        return rig.target(amount, program=program, **keys)

    def objection(self, target: Target, now_s: float) -> str | None:
        refusal = self.drive.objection_to_rise(target, now_s)
        return None if refusal is None else str(refusal.reason)

    def want(self, amount: float, program: str = "a") -> "Bench":
        self.drive.aim(self.target(amount, program))
        return self

    def ask(self, after_s: float = 0.0, state: State = "active") -> tuple[float, str] | None:
        """Return amount and program of the command that goes after some time, or None."""
        self.now_s += after_s
        sent = self.drive.send_next(state, self.now_s)
        if sent is None:
            return None
        assert isinstance(sent.message, Command)
        self.command = sent.message
        return self.command.amplitude_ma or 0.0, self.command.program

    def done(self, amount: float | None = None) -> None:
        """Let the device report the newest command as done, at its amount or another."""
        assert self.command is not None
        given = self.command.amplitude_ma or 0.0 if amount is None else amount
        seq, program = self.command.seq, self.command.program
        word = self.say(given, last_seq=seq, answers=seq, program=program, state=None)
        answer, opened = self.drive.commands.take_answer(self.ack(seq))
        if opened is not None:
            self.drive.take_answer(opened, word, self.now_s, is_refused=False)
        assert answer in {"applied", "again"}

    def refuse(self, given: float) -> None:
        """Let the device, which gives this, refuse the newest command."""
        opened = self.opened()
        self.say(given, answers=opened.command.seq, is_refusal=True, state=None)
        self.drive.take_answer(opened, None, self.now_s, is_refused=True)

    def opened(self) -> OpenCommand:
        assert self.command is not None
        _, opened = self.drive.commands.take_answer(self.ack(self.command.seq))
        assert opened is not None
        return opened

    @staticmethod
    def ack(seq: int) -> Ack:
        return Ack(
            session="s",
            instance="boot",
            word=1,
            last_seq=0,
            received_us=0,
            applied_us=0,
            seq=seq,
        )

    def go(self, goal: float, program: str = "a") -> "Bench":
        """Bring the device to an amount, each command done at once."""
        self.want(goal, program)
        for _ in range(200):
            if self.ask(TICK_S) is not None:
                self.done()
        assert (self.drive.belief.highest, self.drive.belief.program) == (goal, program)
        return self
