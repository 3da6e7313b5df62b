"""The control arm random: the same stimulation, at times that do not depend on the signal."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from stimulators.policies.arms.arm import Arm, ArmConfig
from stimulators.policies.on_event import OnEventConfig
from stimulators.policies.policy import PolicyConfig, PolicyInputs
from stimulators.policies.threshold import ThresholdConfig
from stimulators.targets import DeviceEvent, Observation, Target


class RandomConfig(
    ArmConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="random",
):
    """A `[[policies]]` table of kind ``random``.

    Parameters
    ----------
    seed : int
        Seed of the random times; no default.
    block_s : float
        Length of a block: what the wrapped policy wanted in one block is given in the next.

    Examples
    --------
    >>> from stimulators.policies.threshold import ThresholdConfig
    >>> policy = ThresholdConfig(id="adbs", of="burst", device="stn", on_ma=2.0)
    >>> RandomConfig(id="random", wraps=policy, seed=1, block_s=1.0).drives
    ('stn',)
    """

    seed: Annotated[int, Meta(ge=0, le=2**53)]
    block_s: Annotated[float, Meta(ge=1.0, le=600.0)] = 60.0


class Random(Arm):
    """Gives what the wrapped policy wanted in the block before, from a random hop of it on [1]_.

    The wrapped policy decides on the signal; all it wanted in a block of `block_s` is given in the
    next block, turned by a random number of hops: the same amounts, the same number of stimulations
    of the same durations (but for one that the turn cuts in two), at times that do not follow the
    signal.

    Parameters
    ----------
    config : RandomConfig
        Seed and length of a block, and what is wrapped.
    inputs : PolicyInputs
        The rate of its hops, reads and devices.

    Notes
    -----
    A block counts valid hops. In the first block each device gets the lowest amount of its policy,
    or no trigger. The turn follows from the seed and the number of the block (SHA-256), so a
    session computes again. An amount that jumps where blocks meet goes by the device's slew.

    References
    ----------
    .. [1] S. Little et al., "Adaptive deep brain stimulation in advanced Parkinson disease", Ann.
       Neurol. 74(3), 2013, doi:10.1002/ana.23951.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(Random, Random.examples[0]).run(hops)
    >>> round(targets[0].amount, 3), round(targets[-1].amount, 3)
    (0.5, 2.0)
    """

    config_type: ClassVar[type[PolicyConfig]] = RandomConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        RandomConfig(
            id="random",
            seed=1,
            block_s=1.0,
            wraps=ThresholdConfig(id="p", of="burst", device="stn", on_ma=2.0),
        ),
        RandomConfig(
            id="pulses",
            seed=2,
            block_s=1.0,
            wraps=OnEventConfig(id="p", of="rhythm", device="stn", on_ma=1.5),
        ),
    )

    def __init__(self, config: RandomConfig, inputs: PolicyInputs) -> None:
        super().__init__(config, inputs)
        self._seed = config.seed
        self._n_hops = max(1, round(config.block_s * inputs.rate_hz / inputs.hop_samples))
        self._lowest = {clip.device: clip.lowest for clip in self.clips}
        self._is_driven: set[str] = set()
        self._forget()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        super().reset()
        self._is_driven.clear()
        self._forget()

    def note(self, event: DeviceEvent) -> None:
        """Give triggers only while their device is driven."""
        super().note(event)
        if event.change in {"engaged", "resumed"}:
            self._is_driven.add(event.device)
        elif event.change != "applied":
            self._is_driven.discard(event.device)

    def decide(self, observation: Observation) -> Sequence[Target]:
        """Return what was wanted at a hop of the block before."""
        wanted = self.wanted_within(observation)
        if not observation.valid:
            return ()
        index = len(self._block)
        self._block.append(tuple(wanted))
        if self._before:
            given = self._before[(index + self._turn) % self._n_hops]
        else:
            given = tuple(
                msgspec.structs.replace(each, amount=self._lowest[each.device])
                for each in wanted
                if each.kind == "amplitude"
            )
        if len(self._block) == self._n_hops:
            self._begin_block()
        return [
            _moved(each, observation)
            for each in given
            if each.kind == "amplitude" or each.device in self._is_driven
        ]

    def _forget(self) -> None:
        self._n_blocks = 0
        self._turn = 0
        self._before: list[tuple[Target, ...]] = []
        self._block: list[tuple[Target, ...]] = []

    def _begin_block(self) -> None:
        self._before, self._block = self._block, []
        self._n_blocks += 1
        digest = hashlib.sha256(f"{self._seed} {self._n_blocks}".encode()).digest()
        self._turn = int.from_bytes(digest[:8], "big") % self._n_hops


def _moved(target: Target, observation: Observation) -> Target:
    """Return a target as if it were of this hop; a time to fire lies ahead as far as it did."""
    ahead_s = None if target.fire_at_s is None else target.fire_at_s - target.time_s
    return msgspec.structs.replace(
        target,
        sample=observation.sample,
        time_s=observation.time_s,
        onset_s=observation.time_s,
        fire_at_s=None if ahead_s is None else observation.time_s + ahead_s,
    )
