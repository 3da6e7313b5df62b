"""The words of a device: answers, descriptions and reports, numbered since power-on."""

from typing import NamedTuple

from msgspec.structs import replace

from stimulators.device.device_clock import Stamp
from stimulators.device_config import DeviceConfig
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Ack, DeviceInfo, DeviceLimits, DeviceState, DeviceStatus


class DeviceSnapshot(NamedTuple):
    """The state, amount and counts of a device at one moment."""

    state: DeviceState
    reason: str
    session: str | None
    last_seq: int
    amount: float
    program: str
    charge_uc: float
    on_s: float
    counted_since_s: float


class Words:
    """Makes the messages of a device from its state, and numbers them.

    Parameters
    ----------
    config : DeviceConfig
        The device.
    instance, firmware : str
        Its boot, and the firmware that it reports.
    off_when_unpowered : bool
        Whether it gives nothing without power.

    Attributes
    ----------
    n_said : int
        The number of the newest word.
    """

    def __init__(
        self, config: DeviceConfig, *, instance: str, firmware: str, off_when_unpowered: bool
    ) -> None:
        self.n_said = 0
        self.instance = instance
        self._config = config
        limits = config.limits
        self._fixed = DeviceInfo(
            device=config.id,
            instance=instance,
            word=0,
            state="offline",
            simulated=config.simulated,
            firmware=firmware,
            programs=tuple(config.programs),
            limits=DeviceLimits(
                amplitude_ma_max=limits.amplitude_ma_max,
                slew_ma_per_s_max=limits.slew_ma_per_s_max,
                level_max=limits.level_max,
                level_slew_per_s_max=limits.level_slew_per_s_max,
                triggers_per_s_max=limits.triggers_per_min_max / 60.0,
                charge_uc_per_10_min_max=limits.charge_uc_per_10_min_max,
                on_time_s_max=limits.on_time_s_max,
            ),
            safe_ma=config.safe_ma,
            safe_level=config.safe_level,
            safe_program=config.safe_program,
            stop_ma=config.stop_ma,
            stop_level=config.stop_level,
            amount_tolerance=config.amount_tolerance,
            off_when_unpowered=off_when_unpowered,
        )

    def info(self, now: DeviceSnapshot) -> DeviceInfo:
        """Return its description of itself, with the number of its newest word."""
        return replace(
            self._fixed,
            word=self.n_said,
            state=now.state,
            reason=now.reason,
            last_seq=now.last_seq,
            session=now.session,
            program=now.program,
            applied_ma=self._ma(now),
            applied_level=self._level(now),
        )

    def describe(self, now: DeviceSnapshot) -> DeviceInfo:
        """Return its description of itself, as a new word."""
        self.n_said += 1
        return self.info(now)

    def report(self, now: DeviceSnapshot, stamp: Stamp, *, clock_asked_us: int) -> DeviceStatus:
        """Return the report of its amount and counts, as a new word with the time of now.

        `clock_asked_us` is when the service received the clock request that the stamp rests on.
        """
        self.n_said += 1
        return DeviceStatus(
            instance=self.instance,
            word=self.n_said,
            session=now.session,
            state=now.state,
            last_seq=now.last_seq,
            applied_ma=self._ma(now),
            applied_level=self._level(now),
            program=now.program,
            charge_uc=now.charge_uc,
            on_s=now.on_s,
            counted_since_s=now.counted_since_s,
            said_us=stamp.time_us,
            said_uncertainty_us=stamp.uncertainty_us,
            said_clock=stamp.session,
            clock_asked_us=clock_asked_us,
        )

    def answer(
        self,
        now: DeviceSnapshot,
        *,
        session: str,
        stamp_us: int,
        seq: int | None = None,
        request_id: str | None = None,
        refused: RefusalReason | None = None,
        verified: bool = True,
    ) -> Ack:
        """Return the answer to a command or a stop, as a new word."""
        self.n_said += 1
        return Ack(
            session=session,
            instance=self.instance,
            word=self.n_said,
            last_seq=now.last_seq,
            received_us=stamp_us,
            applied_us=stamp_us,
            seq=seq,
            request_id=request_id,
            applied_ma=self._ma(now),
            applied_level=self._level(now),
            program=now.program,
            refused=refused,
            verified=verified,
        )

    def _ma(self, now: DeviceSnapshot) -> float | None:
        return now.amount if self._config.unit == "ma" else None

    def _level(self, now: DeviceSnapshot) -> float | None:
        return now.amount if self._config.unit == "level" else None
