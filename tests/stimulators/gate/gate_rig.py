"""A gate with a stream, devices and time, each controlled by a test."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

from stimulators.decisions import Decision, Notice, Refusal, Send, SendStop, StateChanged
from stimulators.device_config import DeviceConfig
from stimulators.gate.freshness import StreamReport
from stimulators.gate.gate import SafetyGate
from stimulators.gate_config import GateConfig, Stage
from stimulators.limits import LimitsConfig, ProgramConfig
from stimulators.targets import Observation, Target
from stimulators.wire.messages import (
    Ack,
    ClockRequest,
    Command,
    Control,
    ControlAction,
    DeviceInfo,
    DeviceLimits,
    DeviceState,
    Lease,
    Stop,
)
from stimulators.wire.received import (
    AckHeard,
    ClockAsked,
    ControlHeard,
    InfoHeard,
    LinkChanged,
    Received,
    StopHeard,
)

SESSION = "00001767323045000000-0123abcd"
TICK_S = 0.02
HOP_S = 0.01
START_S = 1000.0
CONFIRM_S = 10.0
INSTANCE = "b00t"


def limits_of(**keys: Any) -> LimitsConfig:
    settings: dict[str, Any] = {
        "refractory_s": 0.05,
        "triggers_per_min_max": 60,
        "commands_per_s_max": 50.0,
        "on_time_s_max": 60.0,
        "off_time_s_min": 0.5,
        "rises_per_min_max": 600,
        "amplitude_ma_max": 3.0,
        "slew_ma_per_s_max": 12.0,
        "charge_density_uc_per_cm2_max": 30.0,
        "shannon_k_max": 1.5,
        "charge_uc_per_10_min_max": 14_000.0,
    }
    return LimitsConfig(**(settings | keys))


def device_of(
    name: str = "stn", *, limits: LimitsConfig | None = None, **keys: Any
) -> DeviceConfig:
    settings: dict[str, Any] = {
        "simulated": True,
        "safe_ma": 0.0,
        "programs": {
            "adbs": ProgramConfig(frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.0598)
        },
    }
    return DeviceConfig(id=name, limits=limits or limits_of(), **(settings | keys))


def feedback_of(name: str = "band", **keys: Any) -> DeviceConfig:
    limits = LimitsConfig(
        refractory_s=0.05,
        triggers_per_min_max=60,
        commands_per_s_max=50.0,
        on_time_s_max=60.0,
        off_time_s_min=0.5,
        rises_per_min_max=600,
        level_max=0.8,
        level_slew_per_s_max=4.0,
    )
    return DeviceConfig(id=name, limits=limits, **({"simulated": True, "safe_level": 0.1} | keys))


def info_of(device: DeviceConfig, **keys: Any) -> DeviceInfo:
    limits = device.limits
    settings: dict[str, Any] = {
        "state": "safe",
        "instance": INSTANCE,
        "word": 1,
        "applied_ma": device.safe_ma,
        "applied_level": device.safe_level,
        "simulated": device.simulated,
        "programs": tuple(device.programs),
        "safe_ma": device.safe_ma,
        "safe_level": device.safe_level,
        "off_when_unpowered": True,
        "limits": DeviceLimits(
            amplitude_ma_max=limits.amplitude_ma_max,
            slew_ma_per_s_max=limits.slew_ma_per_s_max,
            level_max=limits.level_max,
            level_slew_per_s_max=limits.level_slew_per_s_max,
        ),
    }
    return DeviceInfo(device=device.id, **(settings | keys))


def offline_of(name: str = "stn") -> DeviceInfo:
    return DeviceInfo(device=name, instance=INSTANCE, word=0, state="offline")


class Obedient:
    """A device that answers at once and truthfully, without any slew.

    Attributes
    ----------
    amount, state, session, last_seq, word
        What it gives and says.
    """

    def __init__(self, config: DeviceConfig) -> None:
        self.config = config
        self.instance = INSTANCE
        self.amount = config.safe_amount
        self.state: DeviceState = "safe"
        self.session: str | None = None
        self.last_seq = 0
        self.word = 0
        self.program = config.safe_program

    def words(self, *, moved: bool = True) -> dict[str, Any]:
        self.word += 1
        unit = "applied_ma" if self.config.unit == "ma" else "applied_level"
        given = {unit: self.amount} if moved else {}
        return {
            "instance": self.instance,
            "word": self.word,
            "last_seq": self.last_seq,
            "program": self.program,
            **given,
        }

    def info(self, **keys: Any) -> DeviceInfo:
        said = {"state": self.state, "session": self.session, **self.words()}
        return info_of(self.config, **(said | keys))

    def lapse(self) -> DeviceInfo:
        self.amount, self.state = self.config.safe_amount, "safe"
        self.program = self.config.safe_program
        return self.info(reason="the lease ended")

    def ack(self, command: Command, now_us: int, **keys: Any) -> Ack:
        if keys.get("refused") is None and command.kind == "amplitude":
            given = command.amplitude_ma if command.level is None else command.level
            self.amount, self.program = given or 0.0, command.program
            self.last_seq = max(self.last_seq, command.seq)
        settings: dict[str, Any] = {
            "session": command.session,
            "received_us": now_us,
            "applied_us": now_us,
            "seq": command.seq,
            **self.words(),
        }
        return Ack(**(settings | keys))


class GateRig:
    """Feeds a gate; every call moves time on and keeps what was decided.

    `stream` is told every hop as good data with a valid estimate, as long as `run` runs.
    """

    def __init__(
        self,
        *devices: DeviceConfig,
        timing: GateConfig | None = None,
        arm: Literal["operator", "auto"] = "operator",
        calibration_s: float = 0.0,
        answers: bool = True,
        stage: Stage = "closed",
    ) -> None:
        self.devices = devices or (device_of(),)
        self.timing = timing or GateConfig()
        self.gate = SafetyGate(
            timing=self.timing,
            arm=arm,
            devices=self.devices,
            streams=("LFP",),
            tick_s=TICK_S,
            session=SESSION,
            calibration_s=calibration_s,
            stage=stage,
            confirm_s=CONFIRM_S,
        )
        self.obedient = {device.id: Obedient(device) for device in self.devices}
        self.now_s = START_S
        self.answers = answers
        self.adopts = True
        self.log: list[tuple[float, Decision]] = []
        self.n_hops = 0
        self._n_requests = 0
        self._tick_due_s = START_S

    # What happens to the gate.

    def take(self, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
        """Keep what was decided, and answer every command as an obedient device would."""
        self.log.extend((self.now_s, each) for each in decisions)
        for each in decisions:
            if not isinstance(each, Send):
                continue
            device = self.obedient[each.device]
            if isinstance(each.message, Lease):
                if self.adopts and device.state != "live":
                    device.state, device.session = "live", SESSION
                    self.hear(InfoHeard(each.device, device.info(), retained=False))
            elif self.answers:
                self.hear(AckHeard(each.device, self.ack(each.message, device=each.device)))
        if self.answers and self.gate.state in {"idle", "safe"}:
            self.settle()
        return tuple(decisions)

    def settle(self) -> None:
        """End the lease of every device that is driven no longer, and report it."""
        for name, device in self.obedient.items():
            if device.state == "live":
                self.hear(InfoHeard(name, device.lapse(), retained=False))

    def hear(self, heard: Received) -> tuple[Decision, ...]:
        return self.take(self.gate.receive(heard, self.now_s))

    def tick(self, after_s: float = 0.0) -> tuple[Decision, ...]:
        self.now_s += after_s
        return self.take(self.gate.tick(self.now_s))

    def report(self, *, age_s: float = 0.001, problem: str | None = None, **keys: Any) -> None:
        settings: dict[str, Any] = {
            "stream": "LFP",
            "newest_time_s": self.now_s - age_s,
            "uncertainty_s": 1e-4,
            "problem": problem,
        }
        self.take(self.gate.report(StreamReport(**(settings | keys)), self.now_s))

    def observe(self, device: str | None = None, *, age_s: float = 0.001, **keys: Any) -> None:
        settings: dict[str, Any] = {
            "sample": round(self.now_s * 1000),
            "time_s": self.now_s - age_s,
            "valid": True,
        }
        newest = Observation(**(settings | keys))
        for each in self.devices:
            if device in {None, each.id}:
                self.take(self.gate.observe(each.id, newest, self.now_s))

    def target(self, amount: float, *, age_s: float = 0.001, **keys: Any) -> Target:
        settings: dict[str, Any] = {
            "policy": "adbs",
            "device": self.devices[0].id,
            "detector": "bursts",
            "channel": "STN_L_13",
            "program": next(iter(self.devices[0].programs), ""),
            "kind": "amplitude",
            "amount": amount,
            "sample": round(self.now_s * 1000),
            "time_s": self.now_s - age_s,
            "onset_s": self.now_s - 0.1,
            "value": 2.0,
            "threshold": 1.0,
        }
        return Target(**(settings | keys))

    def want(self, amount: float, **keys: Any) -> tuple[Decision, ...]:
        return self.take(self.gate.admit([self.target(amount, **keys)], self.now_s))

    def trigger(self, amount: float = 1.0, **keys: Any) -> tuple[Decision, ...]:
        return self.want(amount, kind="trigger", **keys)

    def run(
        self,
        seconds: float,
        *,
        amount: float | None = None,
        hop: Callable[[], None] | None = None,
    ) -> list[Decision]:
        """Let time pass with good data (or what `hop` does), ticks, and a device that lives."""
        before = len(self.log)
        for _ in range(round(seconds / HOP_S)):
            self.pass_hop(amount, hop)
        return [decision for _, decision in self.log[before:]]

    def pass_hop(self, amount: float | None = None, hop: Callable[[], None] | None = None) -> None:
        """Let one hop of time pass with good data (or what `hop` does)."""
        self.now_s += HOP_S
        self.n_hops += 1
        self.deliver()
        if hop is None:
            self.report()
            self.observe()
        else:
            hop()
        if amount is not None:
            self.want(amount)
        if self.n_hops % 2 == 0:
            self.tick()
        if self.n_hops % 100 == 0:
            self.live()

    def deliver(self) -> None:
        """Deliver the messages on their way; here every message arrives at once."""

    def live(self) -> None:
        """Let every device ask for the time: a sign of life."""
        for device in self.devices:
            asked = ClockRequest(request_seq=1, sent_us=0, nonce="n", instance=INSTANCE)
            self.hear(ClockAsked(device.id, asked))

    # Operators and devices.

    def connect(self) -> None:
        self.hear(LinkChanged(is_up=True))
        for device in self.devices:
            self.hear(InfoHeard(device.id, self.obedient[device.id].info(), retained=False))

    def control(self, action: ControlAction = "arm", **keys: Any) -> tuple[Decision, ...]:
        self._n_requests += 1
        retained = keys.pop("retained", False)
        now_us = round(self.now_s * 1e6)
        settings: dict[str, Any] = {
            "request_id": f"request-{self._n_requests}",
            "session": SESSION,
            "operator": "o",
            "issued_us": now_us,
            "expires_us": now_us + 2_000_000,
            "action": action,
        }
        return self.hear(ControlHeard(Control(**(settings | keys)), retained=retained))

    def stop(self) -> tuple[Decision, ...]:
        return self.hear(StopHeard(Stop(request_id="s", operator="o", reason="enough")))

    def ack(self, command: Command, *, device: str = "", **keys: Any) -> Ack:
        name = device or self.devices[0].id
        return self.obedient[name].ack(command, round(self.now_s * 1e6), **keys)

    def answer(self, command: Command, **keys: Any) -> tuple[Decision, ...]:
        device = keys.pop("device", self.devices[0].id)
        return self.hear(AckHeard(device, self.ack(command, device=device, **keys)))

    # To where a test begins.

    def be_ready(self) -> Self:
        self.connect()
        self.run(2.1, hop=self.report)
        return self

    def be_armed(self) -> Self:
        self.be_ready()
        self.control("arm")
        assert self.state == "armed", self.refusals
        return self

    def be_active(self, amount: float | None = None) -> Self:
        self.be_armed()
        self.run(0.1)
        if amount is not None:
            self.run(1.0, amount=amount)
        assert self.state == "active"
        return self

    def be_held(self, amount: float | None = None) -> Self:
        self.be_active(amount)
        self.observe(valid=False)
        assert self.state == "hold"
        return self

    def be_paused(self, amount: float | None = None) -> Self:
        self.be_active(amount)
        self.control("pause")
        assert self.state == "paused", self.refusals
        return self

    # What was decided.

    @property
    def state(self) -> str:
        return self.gate.state

    @property
    def decided(self) -> list[Decision]:
        return [decision for _, decision in self.log]

    @property
    def commands(self) -> list[Command]:
        return commands_in(self.decided)

    @property
    def leases(self) -> list[Lease]:
        return leases_in(self.decided)

    @property
    def refusals(self) -> list[str]:
        return [each.reason for each in self.decided if isinstance(each, Refusal)]

    @property
    def changes(self) -> list[tuple[str, str]]:
        return [
            (each.before, each.after) for each in self.decided if isinstance(each, StateChanged)
        ]

    @property
    def notices(self) -> list[str]:
        return [each.kind for each in self.decided if isinstance(each, Notice)]

    @property
    def stops(self) -> list[SendStop]:
        return [each for each in self.decided if isinstance(each, SendStop)]


def commands_in(decisions: Sequence[Decision]) -> list[Command]:
    return [
        each.message
        for each in decisions
        if isinstance(each, Send) and isinstance(each.message, Command)
    ]


def leases_in(decisions: Sequence[Decision]) -> list[Lease]:
    return [
        each.message
        for each in decisions
        if isinstance(each, Send) and isinstance(each.message, Lease)
    ]


def amounts(commands: Sequence[Command]) -> list[float]:
    return [
        command.amplitude_ma if command.amplitude_ma is not None else command.level or 0.0
        for command in commands
    ]
