"""The only file in which commands and leases are constructed."""

import math
from collections.abc import Iterator

from stimulators.decisions import Send
from stimulators.device_config import DeviceConfig
from stimulators.gate_config import GateConfig
from stimulators.targets import Target
from stimulators.wire.messages import Command, CommandKind, Lease, Reason

_GATE = Reason(detector="", value=0.0, threshold=0.0, policy="")


class Maker:
    """Makes the commands and leases of one device: numbers, stamps and all other fields.

    Parameters
    ----------
    config : DeviceConfig
        The device.
    timing : GateConfig
        How long leases and commands are valid.
    session : str
        Name of this session.
    seqs, lease_seqs : iterator of int
        Numbers for commands and for leases, shared by all devices of the gate.
    """

    def __init__(
        self,
        config: DeviceConfig,
        timing: GateConfig,
        *,
        session: str,
        seqs: Iterator[int],
        lease_seqs: Iterator[int],
    ) -> None:
        self._config = config
        self._amount_max = config.amount_max
        self._is_current = config.unit == "ma"
        self._timing = timing
        self._session = session
        self._seqs = seqs
        self._lease_seqs = lease_seqs

    def make_lease(self, armed_s: float, now_s: float) -> Send:
        """Return a lease that belongs to the arming at `armed_s`."""
        return Send(
            self._config.id,
            Lease(
                session=self._session,
                lease_seq=next(self._lease_seqs),
                issued_us=round(now_s * 1e6),
                valid_us=round(self._timing.lease_s * 1e6),
                armed_us=round(armed_s * 1e6),
                simulated=self._config.simulated,
            ),
        )

    def make_command(
        self,
        kind: CommandKind,
        amount: float,
        program: str,
        *,
        wish: Target | None,
        channel: str,
        now_s: float,
    ) -> Command:
        """Return a command; its caller has kept every limit but that of the amount.

        Raises
        ------
        AssertionError
            Where the amount is not from 0 to the device's limit: the gate is at fault.
        """
        if not 0.0 <= amount <= self._amount_max:
            raise AssertionError(f"{self._config.id}: {amount} would leave the limits")
        fire_at_s = None if wish is None or kind == "amplitude" else wish.fire_at_s
        return Command(
            session=self._session,
            seq=next(self._seqs),
            kind=kind,
            channel=channel if wish is None else wish.channel,
            program=program,
            onset_us=round((now_s if wish is None else wish.onset_s) * 1e6),
            issued_us=round(now_s * 1e6),
            expires_us=round((now_s + self._timing.command_valid_s) * 1e6),
            reason=_GATE if wish is None else _reason(wish),
            simulated=self._config.simulated,
            amplitude_ma=amount if self._is_current else None,
            level=None if self._is_current else amount,
            fire_at_us=None if fire_at_s is None else round(fire_at_s * 1e6),
            fire_uncertainty_us_max=None if fire_at_s is None else _uncertainty_us_max(wish),
        )


def _uncertainty_us_max(wish: Target | None) -> int | None:
    """Return how far from its time a trigger may be fired, rounded to the stricter side."""
    if wish is None or wish.fire_uncertainty_s_max is None:
        return None
    return math.floor(wish.fire_uncertainty_s_max * 1e6)


def _reason(wish: Target) -> Reason:
    return Reason(
        detector=wish.detector, value=wish.value, threshold=wish.threshold, policy=wish.policy
    )
