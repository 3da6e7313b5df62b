"""Runs a policy hop by hop on numbers that a test gives."""

from collections.abc import Sequence
from typing import Any

from stimulators.device_config import DeviceConfig
from stimulators.policies.policy import Policy, PolicyConfig, PolicyInputs, ResolvedRead
from stimulators.policies.registry import POLICIES
from stimulators.targets import DeviceChange, DeviceEvent, MakeSafe, Observation, Target
from tests.stimulators.gate.gate_rig import device_of

RATE_HZ = 100.0
HOP_SAMPLES = 10
HOP_S = HOP_SAMPLES / RATE_HZ


class Driven:
    """A policy, the hops it has seen, and the device it drives.

    Parameters
    ----------
    config : PolicyConfig
        Its table.
    device : DeviceConfig, optional
        What it drives; gives from 0 to 3 mA unless it is another.
    *others : DeviceConfig
        What it drives beside that.
    """

    def __init__(
        self, config: PolicyConfig, device: DeviceConfig | None = None, *others: DeviceConfig
    ) -> None:
        reads = tuple(ResolvedRead(each.detector, "c") for each in config.reads)
        self.devices = (device or device_of(), *others)
        inputs = PolicyInputs(RATE_HZ, HOP_SAMPLES, reads, self.devices)
        self.policy: Policy = POLICIES.policies[type(config)](config, inputs)
        self.config = config
        self.n_hops = 0

    def tell(self, change: DeviceChange, lowest: float = 0.0, highest: float | None = None) -> None:
        """Pass it an event of its device, at the next sample."""
        until = lowest if highest is None else highest
        self.policy.note(
            DeviceEvent(
                policy=self.config.id,
                device=self.devices[0].id,
                change=change,
                sample=self.n_hops * HOP_SAMPLES,
                lowest=lowest,
                highest=until,
                certain=lowest == until,
            )
        )

    def hop(
        self, *values: float, is_valid: bool = True, values_valid: tuple[bool, ...] | None = None
    ) -> Sequence[Target] | MakeSafe:
        """Let it decide on the next hop."""
        self.n_hops += 1
        sample = self.n_hops * HOP_SAMPLES - 1
        return self.policy.decide(
            Observation(
                sample=sample,
                time_s=sample / RATE_HZ,
                valid=is_valid,
                values=values,
                values_valid=values_valid or (is_valid,) * len(values),
            )
        )

    def targets(self, *values: float, is_valid: bool = True) -> list[Target]:
        """Return what it wants at the next hop."""
        found = self.hop(*values, is_valid=is_valid)
        assert not isinstance(found, MakeSafe), found
        return list(found)

    def wants(self, values: Sequence[float], *, is_valid: bool = True) -> list[Any]:
        """Return the amount it wants at each of these hops, rounded; None where there is none."""
        wanted: list[Any] = []
        for value in values:
            found = self.hop(value, is_valid=is_valid)
            assert not isinstance(found, MakeSafe), found
            wanted.append(round(found[0].amount, 9) if found else None)
        return wanted
