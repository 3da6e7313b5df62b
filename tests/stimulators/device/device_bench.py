"""A reference device for tests: with a simulated service clock, and messages with any content."""

from typing import Any

import msgspec

from stimulators.device.device import FromDevice, ReferenceDevice
from stimulators.device_config import DeviceConfig
from stimulators.limits import LimitsConfig, ProgramConfig
from stimulators.wire.messages import (
    Ack,
    ClockReply,
    ClockRequest,
    Command,
    DeviceInfo,
    DeviceStatus,
    Lease,
    Reason,
    Stop,
)

#: How far the service's clock is ahead of the device's.
AHEAD_US = 7_000_000_000
SESSION = "00000000000000000002-0000000b"
SLEW_MA_PER_S = 12.0

_LIMITS = LimitsConfig(
    refractory_s=0.05,
    triggers_per_min_max=5,
    commands_per_s_max=50.0,
    on_time_s_max=120.0,
    off_time_s_min=0.5,
    rises_per_min_max=600,
    amplitude_ma_max=3.0,
    slew_ma_per_s_max=SLEW_MA_PER_S,
    charge_density_uc_per_cm2_max=30.0,
    shannon_k_max=1.5,
    charge_uc_per_10_min_max=14_000.0,
)


def stimulator(**changes: Any) -> DeviceConfig:
    config = DeviceConfig(
        id="stn",
        limits=_LIMITS,
        programs={
            "adbs": ProgramConfig(frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.0598)
        },
        simulated=True,
        safe_ma=0.5,
        stop_ma=0.0,
    )
    return msgspec.structs.replace(config, **changes)


def feedback_device() -> DeviceConfig:
    return DeviceConfig(
        id="tone",
        limits=LimitsConfig(
            refractory_s=0.0,
            triggers_per_min_max=600,
            commands_per_s_max=50.0,
            on_time_s_max=60.0,
            off_time_s_min=0.5,
            rises_per_min_max=600,
            level_max=0.8,
            level_slew_per_s_max=2.0,
        ),
        simulated=True,
        safe_level=0.0,
    )


class Bench:
    """One device, its time, and a service that answers at once."""

    def __init__(self, config: DeviceConfig | None = None, **keys: Any) -> None:
        self.device = ReferenceDevice(config or stimulator(), **keys)
        self.now_us = 1_000
        self.heard_by = SESSION
        self._n_commands = 0
        self._n_leases = 0

    @property
    def amount(self) -> float:
        device = self.device
        amount = device.applied_ma if device.config.unit == "ma" else device.applied_level
        assert amount is not None
        return amount

    @property
    def state(self) -> str:
        return self.device.state

    def tell(self, message: Any) -> tuple[FromDevice, ...]:
        return self.device.hear(message, self.now_us)

    def wait(self, passed_us: int) -> list[FromDevice]:
        """Let time pass in the device's own ticks; its questions are answered at once."""
        said: list[FromDevice] = []
        end_us = self.now_us + passed_us
        while self.now_us < end_us:
            self.now_us = min(end_us, self.now_us + 5_000)
            said.extend(self.tick())
        return said

    def tick(self) -> list[FromDevice]:
        said = list(self.device.tick(self.now_us))
        for each in tuple(said):
            if isinstance(each, ClockRequest):
                said.extend(self.tell(reply(each, self.now_us, session=self.heard_by)))
        return said

    def leased(self, **keys: Any) -> "Bench":
        """Let the device learn the time and give it a lease."""
        self.heard_by = keys.get("session", SESSION)
        self.tick()
        self.tell(self.lease(**keys))
        assert self.state == "live", self.device.info.reason
        return self

    def lease(self, **changes: Any) -> Lease:
        self._n_leases += 1
        lease = Lease(
            session=SESSION,
            lease_seq=self._n_leases,
            issued_us=self.now_us + AHEAD_US,
            valid_us=250_000,
            armed_us=AHEAD_US,
            simulated=self.device.config.simulated,
        )
        return msgspec.structs.replace(lease, **changes)

    def command(self, amount: float | None = None, **changes: Any) -> Command:
        self._n_commands += 1
        is_current = self.device.config.unit == "ma"
        command = Command(
            session=SESSION,
            seq=self._n_commands,
            kind="amplitude",
            channel="STN_L_13",
            program="adbs",
            onset_us=self.now_us + AHEAD_US,
            issued_us=self.now_us + AHEAD_US,
            expires_us=self.now_us + AHEAD_US + 100_000,
            reason=Reason(detector="beta", value=1.0, threshold=0.5, policy="adbs"),
            simulated=self.device.config.simulated,
            amplitude_ma=amount if is_current else None,
            level=None if is_current else amount,
        )
        return msgspec.structs.replace(command, **changes)

    def ask(self, command: Command) -> Ack:
        """Give a command and return the one answer."""
        (ack,) = (each for each in self.tell(command) if isinstance(each, Ack))
        return ack

    def refusal(self, command: Command) -> str | None:
        return self.ask(command).refused

    def drive(
        self, passed_us: int, amount: float | None = None, **changes: Any
    ) -> list[FromDevice]:
        """Let time pass under leases that are renewed, and ask for an amount all along."""
        said: list[FromDevice] = []
        end_us = self.now_us + passed_us
        while self.now_us < end_us:
            said.extend(self.tell(self.lease()))
            if amount is not None:
                said.extend(self.tell(self.command(amount, **changes)))
            said.extend(self.wait(min(100_000, end_us - self.now_us)))
        return said

    def stop(self, request_id: str = "stop-1", *, verified: bool = True) -> tuple[FromDevice, ...]:
        stop = Stop(request_id=request_id, operator="me", reason="test")
        return self.device.hear(stop, self.now_us, verified=verified)


def reply(
    asked: ClockRequest, now_us: int, *, ahead_us: int = AHEAD_US, session: str = SESSION
) -> ClockReply:
    return ClockReply(
        request_seq=asked.request_seq,
        sent_us=asked.sent_us,
        nonce=asked.nonce,
        session=session,
        received_us=now_us + ahead_us,
        replied_us=now_us + ahead_us,
    )


def infos(said: Any) -> list[DeviceInfo]:
    return [each for each in said if isinstance(each, DeviceInfo)]


def acks(said: Any) -> list[Ack]:
    return [each for each in said if isinstance(each, Ack)]


def reports(said: Any) -> list[DeviceStatus]:
    return [each for each in said if isinstance(each, DeviceStatus)]
