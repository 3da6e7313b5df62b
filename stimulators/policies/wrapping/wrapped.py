"""A policy that another one wraps: its table, how it is built, and which part of a hop it reads."""

from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final, TypeAlias, Union

import msgspec

from stimulators.policies.kinds import GROUP, find_in
from stimulators.policies.policy import (
    Clip,
    EventRead,
    MeasureRead,
    Policy,
    PolicyConfig,
    PolicyInputs,
    Thresholds,
)
from stimulators.targets import Observation

#: Every kind that wraps no other policy.
PLAIN: Final = find_in(
    ("stimulators.policies",),
    metadata.entry_points(group=GROUP),
    without="stimulators.policies.registry",
)

#: A table of a policy that may be wrapped: any that wraps no other policy.
if TYPE_CHECKING:
    AnyPlainConfig: TypeAlias = PolicyConfig
else:
    AnyPlainConfig = Union[tuple(PLAIN.policies)]  # noqa: UP007


class WrappingConfig(PolicyConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of the table of a policy that wraps another one.

    Parameters
    ----------
    wraps : table
        The other policy's own table, of any kind that wraps none itself.
    """

    wraps: AnyPlainConfig

    @property
    def reads(self) -> tuple[MeasureRead | EventRead, ...]:
        """The reads of the wrapped policy."""
        return tuple(each._replace(key=f"wraps.{each.key}") for each in self.wraps.reads)

    @property
    def drives(self) -> tuple[str, ...]:
        """The devices of the wrapped policy."""
        return self.wraps.drives

    @property
    def compares_with(self) -> Thresholds | None:
        """The thresholds of the wrapped policy."""
        return self.wraps.compares_with

    @property
    def onset_longest_s(self) -> float:
        """The onset of the wrapped policy."""
        return self.wraps.onset_longest_s


def wrapped(
    config: WrappingConfig,
    inputs: PolicyInputs,
    kinds: Mapping[type[PolicyConfig], Any] = PLAIN.policies,
) -> Policy:
    """Return the wrapped policy, whose targets carry the id of the policy that wraps it.

    Parameters
    ----------
    config : WrappingConfig
        The table of the one around it.
    inputs : PolicyInputs
        What that is built on.
    kinds : mapping
        The class of each table that may stand within.

    Raises
    ------
    ValueError
        Where it does not fit; each line begins with ``wraps.`` and its key.
    """
    n_reads, n_devices = len(config.wraps.reads), len(config.wraps.drives)
    own = inputs._replace(reads=inputs.reads[:n_reads], devices=inputs.devices[:n_devices])
    table = msgspec.structs.replace(config.wraps, id=config.id)
    try:
        policy: Policy = kinds[type(table)](table, own)
    except ValueError as error:
        lines = str(error).splitlines()
        raise ValueError("\n".join(f"wraps.{line}" for line in lines)) from error
    return policy


def wrapped_amplitude(config: WrappingConfig, inputs: PolicyInputs) -> tuple[Policy, Clip]:
    """Return the wrapped policy, and the range of the one amplitude that it sets.

    Parameters
    ----------
    config, inputs
        As of `wrapped`.

    Raises
    ------
    ValueError
        Where it does not fit, drives several devices, or gives triggers; each line begins with
        ``wraps``.
    """
    policy = wrapped(config, inputs)
    (clip, *others) = policy.clips
    if others or clip.kind != "amplitude":
        raise ValueError("wraps: expected a policy that keeps an amplitude of one device")
    return policy, clip


def seen_by(config: WrappingConfig, observation: Observation) -> Observation:
    """Return a hop as the wrapped policy reads it: its measures are the first of all.

    A measure that only the one around reads, and that is not valid, spoils nothing of it.
    """
    inner = config.wraps.reads
    n_values = sum(isinstance(each, MeasureRead) for each in inner)
    valid = observation.values_valid[:n_values]
    is_known = n_values == len(inner)
    return msgspec.structs.replace(
        observation,
        valid=all(valid) if is_known else observation.valid,
        values=observation.values[:n_values],
        values_valid=valid,
    )
