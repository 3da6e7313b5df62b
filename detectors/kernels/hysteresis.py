"""Episodes above a threshold: where each begins, when it counts, where it ends."""

from typing import Final, NamedTuple

import numpy as np

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Record
from detectors.kernels.edges import CUT, OFFSET, ONSET, Edges, add_edge

#: Stages of a channel.
_BELOW: Final = 0
_PENDING: Final = 1
_ON: Final = 2


class EpisodeRule(Record):
    """When an episode counts and when it is over; never changes.

    It begins above the threshold and ends below ``keep * threshold - drop``.
    """

    #: See above.
    keep: float
    #: See above.
    drop: float
    #: The threshold must be above it: where 0 is a dead channel, a threshold of 0 is none.
    floor: float
    #: Samples from the crossing of the threshold to the hop at which the episode counts.
    lag_samples: int


class EpisodeStates(NamedTuple):
    """How far each channel is in an episode above its threshold, shapes (n_channels,)."""

    #: Whether a channel is below the threshold, has crossed it, or is in an episode that counts.
    stage: Array1[np.int64]
    #: The sample at which the threshold was crossed, its time and the value there.
    crossed_sample: Array1[np.int64]
    crossed_time_s: Array1[np.float64]
    crossed_value: Array1[np.float64]
    #: The last valid value.
    last_value: Array1[np.float64]
    #: When an episode counts.
    rule: EpisodeRule


def no_episodes(n_channels: int, rule: EpisodeRule) -> EpisodeStates:
    """Return channels that are all below their thresholds."""
    return EpisodeStates(
        stage=np.zeros(n_channels, dtype=np.int64),
        crossed_sample=np.zeros(n_channels, dtype=np.int64),
        crossed_time_s=np.zeros(n_channels),
        crossed_value=np.zeros(n_channels),
        last_value=np.zeros(n_channels),
        rule=rule,
    )


@kernel
def is_on(episodes: EpisodeStates, channel: int) -> bool:
    """Return whether a channel is in an episode that counts."""
    return bool(episodes.stage[channel] == _ON)


@kernel
def take_value(
    channel: int,
    value: float,
    is_valid: bool,
    threshold: float,
    sample: int,
    time_s: float,
    episodes: EpisodeStates,
    edges: Edges,
) -> None:
    """Take the value of one hop of one channel, and add the edge that it makes.

    An onset is where the threshold was crossed, an offset at the hop that fell below. Where bad
    data cut an episode short, that is an edge too, of the last valid value.
    """
    kind = _next_stage(channel, value, is_valid, threshold, sample, time_s, episodes)
    if kind == ONSET:
        add_edge(
            edges,
            kind,
            channel,
            episodes.crossed_sample[channel],
            sample,
            episodes.crossed_time_s[channel],
            episodes.crossed_value[channel],
        )
    elif kind >= 0:
        add_edge(edges, kind, channel, sample, sample, time_s, episodes.last_value[channel])


@kernel
def _next_stage(
    channel: int,
    value: float,
    is_valid: bool,
    threshold: float,
    sample: int,
    time_s: float,
    episodes: EpisodeStates,
) -> int:
    """Move a channel to its next stage; return the kind of edge that this makes, or -1."""
    rule, stages = episodes.rule, episodes.stage
    stage = stages[channel]
    if not is_valid:
        stages[channel] = _BELOW
        return CUT if stage == _ON else -1
    episodes.last_value[channel] = value
    if stage != _BELOW and value < rule.keep * threshold - rule.drop:
        stages[channel] = _BELOW
        return OFFSET if stage == _ON else -1
    if stage == _BELOW and value > threshold > rule.floor:
        stages[channel] = stage = _PENDING
        episodes.crossed_sample[channel] = sample
        episodes.crossed_time_s[channel] = time_s
        episodes.crossed_value[channel] = value
    if stage == _PENDING and sample - episodes.crossed_sample[channel] >= rule.lag_samples:
        stages[channel] = _ON
        return ONSET
    return -1
