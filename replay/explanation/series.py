"""The time series of a window: samples, measures, and what was wanted, sent and given."""

from collections.abc import Iterable, Sequence

import numpy as np

from replay.explanation.explained import Amounts, Course, Feature, Samples
from replay.explanation.witness import Kept
from stimulators.decisions import Send
from stimulators.wire.messages import Command
from streamer.closed_loop import ClosedLoop
from streamer.wiring.wiring import Wiring

#: How many channels a window shows; a policy may read more of them.
_N_CHANNELS_MAX = 4


def amount_of(command: Command) -> float:
    """Return the amount of a command, in the device's unit."""
    return (command.level if command.amplitude_ma is None else command.amplitude_ma) or 0.0


def samples_of(
    kept: Sequence[Kept], loop: ClosedLoop, wiring: Wiring, began_s: float
) -> tuple[Samples, ...]:
    """Return the channels that a policy's detectors read, sample by sample."""
    made: list[Samples] = []
    for stream in dict.fromkeys(wiring.streams):
        labels = loop.conditioners[stream].layout.channels
        read = wiring.channels_of(stream)
        blocks = [each.block for each in kept if each.block is not None]
        blocks = [each for each in blocks if each.stream == stream]
        for column, label in enumerate(labels):
            if _is_read(label, read) and len(made) < _N_CHANNELS_MAX:
                time_s = [each.time_s - began_s for each in blocks]
                values = [each.samples_uv[:, column] for each in blocks]
                made.append(
                    Samples(
                        stream=stream,
                        channel=label,
                        since_s=np.concatenate([np.empty(0), *time_s]).tolist(),
                        values_uv=np.concatenate([np.empty(0), *values]).tolist(),
                    )
                )
    return tuple(made)


def features_of(
    kept: Iterable[Kept], loop: ClosedLoop, wiring: Wiring, began_s: float
) -> tuple[Feature, ...]:
    """Return the measures that a policy reads, hop by hop; of detections the detector's first."""
    hops = [each.estimates for step in kept for each in step.outcome.seen]
    made: list[Feature] = []
    for found in wiring.reads:
        read, outputs = found.read, loop.chain.detectors[found.read.detector].outputs
        labels = [each.channel for each in outputs]
        column = labels.index(read.channel) if found.column < 0 else found.column
        own = [each for each in hops if each.detector == read.detector]
        time_s = np.concatenate([np.empty(0), *(each.time_s for each in own)])
        values = np.concatenate([np.empty(0), *(each.values[:, column] for each in own)])
        valid = np.concatenate([np.empty(0, np.bool_), *(each.valid[:, column] for each in own)])
        pairs = zip(values.tolist(), valid.tolist(), strict=True)
        made.append(
            Feature(
                detector=read.detector,
                channel=read.channel,
                measure=outputs[column].measure,
                unit=outputs[column].unit,
                since_s=(time_s - began_s).tolist(),
                values=[value if is_valid else None for value, is_valid in pairs],
            )
        )
    return tuple(made)


def amounts_of(
    kept: Sequence[Kept], device: str, at_first: tuple[float, float] | None, began_s: float
) -> Amounts:
    """Return what was wanted of a device, sent to it and given by it.

    Parameters
    ----------
    kept : sequence of Kept
        The steps.
    device : str
        The device.
    at_first : (float, float), optional
        What it may have given before the first of them, where anything was known.
    began_s : float
        When the session began, by the service's clock.
    """
    wanted: Course = []
    sent: Course = []
    lowest: Course = []
    highest: Course = []
    if at_first is not None and kept:
        lowest.append((kept[0].since_s, at_first[0]))
        highest.append((kept[0].since_s, at_first[1]))
    for step in kept:
        wanted += [
            (each.time_s - began_s, each.amount)
            for each in step.outcome.targets
            if each.device == device
        ]
        sent += [
            (step.since_s, amount_of(each.message))
            for each in step.outcome.decisions
            if isinstance(each, Send)
            and each.device == device
            and isinstance(each.message, Command)
        ]
        for event in step.outcome.device_events:
            if event.device == device:
                lowest.append((step.since_s, event.lowest))
                highest.append((step.since_s, event.highest))
    return Amounts(wanted=wanted, sent=sent, lowest=lowest, highest=highest)


def _is_read(label: str, read: set[str]) -> bool:
    """Say whether a channel, or a pair with it, is read."""
    return any(
        each == label or each.startswith(f"{label}-") or each.endswith(f"-{label}") for each in read
    )
