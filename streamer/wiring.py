"""Which detector's column drives which policy: the seam between what is seen and wanted."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from detectors.burst import Burst
from detectors.chain import DetectorChain
from detectors.conditioning import Conditioner, usable_columns
from detectors.estimates import Seen
from detectors.spelling import case_hint
from stimulators.device_config import DeviceConfig
from stimulators.policies.policy import Policy
from stimulators.policies.threshold import AnyPolicyConfig, Threshold
from stimulators.targets import Observation, Target
from streamer.config import LoopConfig
from streamer.source import StreamInfo
from streamer.streams import StreamConfig


@contextmanager
def located(path: str) -> Iterator[None]:
    """Put the key path of a table before what is wrong in it."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path}{error}") from error


def conditioners(
    streams: Sequence[StreamConfig], infos: Sequence[StreamInfo], unread: Collection[str] = ()
) -> dict[str, Conditioner]:
    """Return the first steps of every regular stream, by name.

    Parameters
    ----------
    streams, infos : sequence of StreamConfig and of StreamInfo
        What is configured, and what was found.
    unread : collection of str
        Names of streams that no detector reads: a unit is not asked of those.
    """
    found = {info.name: info for info in infos}
    made: dict[str, Conditioner] = {}
    for place, stream in enumerate(streams):
        info = found[stream.name]
        if stream.kind == "markers" or info.rate_hz <= 0.0:
            if stream.artifacts:
                raise ValueError(
                    f"streams[{place}].artifacts: expected none where there are no samples, "
                    f"found {len(stream.artifacts)}"
                )
            continue
        needs_unit = stream.name not in unread or usable_columns(stream, info.units)
        taken = stream if needs_unit else msgspec.structs.replace(stream, kind="other")
        with located(f"streams[{place}]."):
            made[stream.name] = Conditioner(
                taken, rate_hz=info.rate_hz, channels=info.channels, units=info.units
            )
    return made


class Wiring:
    """One policy and the burst detector's columns it follows."""

    def __init__(self, policy: Policy, burst: Burst, stream: str, channel: str) -> None:
        self.policy = policy
        self.stream = stream
        self.channel = channel
        self.calibration_s = burst.calibration_s
        self.detector = burst.id
        self.columns = burst.columns(channel)

    def fold(self, seen: Sequence[Seen], targets: list[Target]) -> Observation | None:
        """Let the policy decide on every hop it has not seen; return the newest, if any."""
        newest = None
        for each in seen:
            estimates = each.estimates
            if estimates.detector != self.detector:
                continue
            for hop in range(estimates.sample.size):
                newest = self._observation(each, hop)
                target = self.policy.decide(newest)
                if target is not None:
                    targets.append(target)
        return newest

    def _observation(self, seen: Seen, hop: int) -> Observation:
        estimates = seen.estimates
        columns = self.columns
        values = estimates.values[hop]
        return Observation(
            sample=int(estimates.sample[hop]),
            time_s=float(estimates.time_s[hop]),
            is_on=bool(values[columns.is_on]),
            valid=bool(estimates.valid[hop, columns.is_on]),
            calibrating=bool(values[columns.is_calibrating]),
            value=float(values[columns.value]),
            threshold=float(values[columns.threshold]),
        )


def wirings(config: LoopConfig, chain: DetectorChain) -> tuple[Wiring, ...]:
    """Return every policy, wired to its detector and its device.

    Raises
    ------
    ValueError
        Where a policy names a detector, channel, device or program that is not there.
    """
    devices = {device.id: device for device in config.devices}
    made: list[Wiring] = []
    for place, policy in enumerate(config.policies):
        with located(f"policies[{place}]."):
            made.append(_wire(policy, chain, devices))
            if policy.device in {each.policy.device for each in made[:-1]}:
                raise ValueError(f"device: expected one policy a device, found {policy.device!r}")
            if policy.id in {each.policy.id for each in made[:-1]}:
                raise ValueError(f"id: expected unique ids, found {policy.id!r} twice")
    return tuple(made)


def _wire(
    policy: AnyPolicyConfig, chain: DetectorChain, devices: dict[str, DeviceConfig]
) -> Wiring:
    burst = chain.detectors.get(policy.of)
    if not isinstance(burst, Burst):
        bursts = sorted(id_ for id_, each in chain.detectors.items() if isinstance(each, Burst))
        raise ValueError(  # noqa: TRY004 the configuration is wrong, not a type
            f"of: expected a burst detector ({', '.join(bursts)}), found {policy.of!r}"
        )
    if policy.channel and policy.channel not in burst.channels:
        raise ValueError(
            f"channel: expected one of {', '.join(burst.channels)}, found {policy.channel!r}"
            f"{case_hint(policy.channel, burst.channels)}"
        )
    if not policy.channel and len(burst.channels) > 1:
        raise ValueError(f"channel: expected one of {', '.join(burst.channels)}, found none")
    if policy.device not in devices:
        raise ValueError(f"device: expected one of {', '.join(devices)}, found {policy.device!r}")
    channel = policy.channel or burst.channels[0]
    threshold = Threshold(
        policy, rate_hz=burst.rate_hz, device=devices[policy.device], channel=channel
    )
    return Wiring(threshold, burst, chain.streams[policy.of], channel)
