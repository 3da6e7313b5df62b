"""Connects detectors to policies: from what is measured to what is wanted."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from detectors.chain import DetectorChain
from detectors.conditioning.conditioner import Conditioner, usable_columns
from detectors.detector import Detector
from detectors.estimates import Seen
from stimulators.device_config import DeviceConfig
from stimulators.policies.bound_policy import BoundPolicy, lacks, wrong_clips
from stimulators.policies.policy import EventRead, MeasureRead, Policy, PolicyConfig, PolicyInputs
from stimulators.policies.registry import POLICIES
from stimulators.targets import DeviceEvent, MakeSafe, Observation, Target
from streamer.config import LoopConfig
from streamer.source import StreamInfo
from streamer.streams import StreamConfig
from streamer.wiring.observations import Observations
from streamer.wiring.policy_reads import Found, declared, resolve


@contextmanager
def located(path: str) -> Iterator[None]:
    """Begin an error with the key path of a table."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path}{error}") from error


def conditioners(
    streams: Sequence[StreamConfig], infos: Sequence[StreamInfo], unread: Collection[str] = ()
) -> dict[str, Conditioner]:
    """Return the conditioning of every regular stream, by name.

    Parameters
    ----------
    streams, infos : sequence of StreamConfig and of StreamInfo
        What is configured, and what was found.
    unread : collection of str
        Names of streams that no detector reads: a unit is not asked of those.
    """
    found = {info.name: info for info in infos}
    made: dict[str, Conditioner] = {}
    for index, stream in enumerate(streams):
        info = found[stream.name]
        if stream.kind == "markers" or info.rate_hz <= 0.0:
            if stream.artifacts:
                raise ValueError(
                    f"streams[{index}].artifacts: expected none where there are no samples, "
                    f"found {len(stream.artifacts)}"
                )
            continue
        needs_unit = stream.name not in unread or usable_columns(stream, info.units)
        taken = stream if needs_unit else msgspec.structs.replace(stream, kind="other")
        with located(f"streams[{index}]."):
            made[stream.name] = Conditioner(
                taken, rate_hz=info.rate_hz, channels=info.channels, units=info.units
            )
    return made


class Wiring:
    """One policy with the detectors that it reads and the devices that it drives.

    Parameters
    ----------
    policy : BoundPolicy
        The policy.
    reads : tuple of Found
        What it reads.
    detectors : sequence of Detector
        Each detector of those once, in their order.
    streams : sequence of str
        The stream that each of these rests on.

    Attributes
    ----------
    devices : tuple of str
        The devices it drives.
    calibration_s : float
        The longest calibration of a detector it reads.
    """

    def __init__(
        self,
        policy: BoundPolicy,
        reads: tuple[Found, ...],
        detectors: Sequence[Detector],
        streams: Sequence[str],
    ) -> None:
        self.policy = policy
        self.reads = reads
        self.streams = tuple(streams)
        self.detectors = tuple(each.id for each in detectors)
        self.devices = tuple(policy.clips)
        self.calibration_s = max(getattr(each, "calibration_s", 0.0) for each in detectors)
        self._observations = Observations(reads, detectors)

    def channels_of(self, stream: str) -> set[str]:
        """Return the channels of a stream that the policy depends on."""
        on_stream = dict(zip(self.detectors, self.streams, strict=True))
        return {each.read.channel for each in self.reads if on_stream[each.read.detector] == stream}

    def fold(
        self, seen: Sequence[Seen], targets: list[Target], faults: list[str]
    ) -> Observation | None:
        """Let the policy decide on every new hop; return the newest, if any.

        Parameters
        ----------
        seen : sequence of Seen
            What the detectors saw in a step.
        targets, faults : list
            What the policy wants, and how it is at fault or why it makes the rig safe, are added
            to these.
        """
        newest = None
        for newest in self._observations.of(seen):
            wanted = self.policy.decide(newest)
            if isinstance(wanted, str):
                faults.append(wanted)
            elif isinstance(wanted, MakeSafe):
                faults.append(wanted.reason)
            else:
                targets.extend(wanted)
        return newest

    def bind(self, event: DeviceEvent) -> None:
        """Give the policy a device event, which it hears at the event's sample."""
        self.policy.bind(event)


def wirings(config: LoopConfig, chain: DetectorChain) -> tuple[Wiring, ...]:
    """Return every policy, connected to its detectors and its devices.

    Raises
    ------
    ValueError
        Where a policy names a detector, channel, measure, device or program that is not there,
        or does not keep the form of a policy.
    """
    devices = {device.id: device for device in config.devices}
    made: list[Wiring] = []
    for index, policy in enumerate(config.policies):
        with located(f"policies[{index}]."):
            made.append(_wire(policy, chain, devices))
            taken = {device for each in made[:-1] for device in each.devices}
            for device in made[-1].devices:
                if device in taken:
                    raise ValueError(f"device: expected one policy a device, found {device!r}")
            if policy.id in {each.policy.id for each in made[:-1]}:
                raise ValueError(f"id: expected unique ids, found {policy.id!r} twice")
    return tuple(made)


def _wire(policy: PolicyConfig, chain: DetectorChain, devices: dict[str, DeviceConfig]) -> Wiring:
    said = declared(policy)
    reads = resolve(said.reads, chain.detectors)
    names = tuple(dict.fromkeys(each.read.detector for each in reads))
    detectors = [chain.detectors[name] for name in names]
    _require_one_stream(said.reads, names, chain)
    for device in said.drives:
        if device not in devices:
            raise ValueError(f"device: expected one of {', '.join(devices)}, found {device!r}")
    inputs = PolicyInputs(
        rate_hz=detectors[0].rate_hz,
        hop_samples=detectors[0].hop_samples,
        reads=tuple(each.read for each in reads),
        devices=tuple(devices[device] for device in said.drives),
    )
    streams = [chain.streams[name] for name in names]
    return Wiring(BoundPolicy(policy.id, policy_of(policy, inputs)), reads, detectors, streams)


def policy_of(config: PolicyConfig, inputs: PolicyInputs) -> Policy:
    """Return the policy that a table describes.

    Raises
    ------
    ValueError
        Where table, inputs and devices do not fit each other, or what the class makes is no
        policy; begins with the key.
    """
    try:
        policy: Policy = POLICIES.policies[type(config)](config, inputs)
    except ValueError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise ValueError(f"kind: the policy cannot be made: {reason}") from error
    if (missing := lacks(policy)) is not None:
        raise ValueError(f"kind: expected a policy that has {missing}, found none")
    highest = [device.amount_max for device in inputs.devices]
    drives = [device.id for device in inputs.devices]
    if (wrong := wrong_clips(policy, drives, highest)) is not None:
        raise ValueError(f"kind: {wrong}")
    return policy


def _require_one_stream(
    reads: Sequence[MeasureRead | EventRead], names: Sequence[str], chain: DetectorChain
) -> None:
    """Raise where several detectors read different streams."""
    first = chain.streams_of(names[0])
    for name in names[1:]:
        streams = first | chain.streams_of(name)
        if len(streams) > 1:
            key = next(each.key for each in reads if each.detector == name)
            raise ValueError(
                f"{key}: expected a detector of one stream with {names[0]!r}, found {name!r} of "
                f"{', '.join(sorted(streams))}: let a detector put streams together"
            )
