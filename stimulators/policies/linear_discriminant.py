"""A state machine of linear discriminants of several features, with an amount for each state."""

from typing import ClassVar

from stimulators.policies.parts.amount_keeper import AmountKeeper, Basis, RampRates
from stimulators.policies.parts.discriminant import Discriminant
from stimulators.policies.parts.discriminant_table import (
    N_COLUMNS,
    DiscriminantConfig,
    FeatureConfig,
    LinearDiscriminantConfig,
)
from stimulators.policies.parts.states import own_amounts, sign_of
from stimulators.policies.policy import PolicyConfig, PolicyInputs
from stimulators.targets import DeviceEvent, Observation


class LinearDiscriminant(AmountKeeper):
    """The state machine of an investigational implant, for any detectors' measures [1]_ [2]_.

    A discriminant is ``sum(weight * multiplier * (mean - subtrahend))`` over its features. Its
    level is how many of its thresholds are passed. The state is the level of the first, plus three
    times that of the second; each state has an amount, or holds.

    Parameters
    ----------
    config : LinearDiscriminantConfig
        Discriminants, states, rates.
    inputs : PolicyInputs
        Rate and hop, what each read came to, and the device.

    Raises
    ------
    ValueError
        Where amounts, steps, rates, program or sign do not fit the device or each other; the text
        begins with the key.

    Notes
    -----
    A pure fold over hops; updates, blanking and hold-off are counted in hops, from when the device
    is engaged. Levels begin at 0, as on the implant, and take effect at the first update of each
    discriminant after its hold-off. An update of which a feature has less than half its hops valid,
    or whose sum is no finite number, is none: what counts towards a change counts anew, and the
    amount stays where it is until each discriminant's newest update is one. After HOLD and a pause
    levels are as they were, updates begin anew and the blanking passes; until then the amount
    stays.

    What is common to all that keep an amount: `AmountKeeper`. The sign is watched on the
    discriminant that the amounts follow, of the single hop; it is not where they go both up and
    down with its level, which only a simulated device may have.

    Of the implant is not published: whether an update that is equal to a threshold is above it
    (here, as in [2]_, it is not), and whether one that ends as blanking ends counts (here it does).
    Its numbers are rounded to binary places; these are not.

    Delay: half an update, and the updates of onset or termination; then the ramp.

    Chance: an output of noise that is above a threshold with probability q, of updates that are
    independent, passes it at a given update with ``q ** onset_updates``.

    References
    ----------
    .. [1] R. Gilron et al., "Sleep-aware adaptive deep brain stimulation control: chronic use at
       home with dual independent linear discriminate detectors", Frontiers in Neuroscience 15,
       2021, doi:10.3389/fnins.2021.732499.
    .. [2] github.com/Weill-Neurohub-OPTiMaL/rcs-simulation, a simulation of the implant by its
       users.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(LinearDiscriminant, LinearDiscriminant.examples[0]).run(hops)
    >>> round(targets[0].amount, 3), round(targets[-1].amount, 3)
    (1.0, 2.5)
    """

    config_type: ClassVar[type[PolicyConfig]] = LinearDiscriminantConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        LinearDiscriminantConfig(
            id="one",
            device="stn",
            discriminants=(
                DiscriminantConfig(
                    features=(FeatureConfig(of="beta", measure="power"),),
                    lower_threshold=0.5,
                    upper_threshold=2.0,
                    update_features=5,
                    termination_updates=2,
                    blanking_features=5,
                ),
            ),
            states_ma=(1.0, "hold", 2.5),
            rise_ma_per_s=3.0,
            fall_ma_per_s=1.5,
            step_ma=0.1,
        ),
        LinearDiscriminantConfig(
            id="two",
            device="band",
            discriminants=(
                DiscriminantConfig(
                    features=(
                        FeatureConfig(of="beta", weight=2.0, multiplier=0.5, subtrahend=1.0),
                        FeatureConfig(of="gamma", measure="power", weight=-0.25),
                    ),
                    lower_threshold=-1.0,
                    upper_threshold=0.5,
                    update_features=3,
                    onset_updates=2,
                    holdoff_updates=1,
                    blanks_both=True,
                ),
                DiscriminantConfig(
                    features=(FeatureConfig(of="gamma", measure="power"),),
                    lower_threshold=2.0,
                    update_features=4,
                    blanking_features=6,
                ),
            ),
            states_level=(0.2, "hold", 0.8, 0.2, 0.3, 0.4, "hold", "hold", "hold"),
            rise_level_per_s=4.0,
            fall_level_per_s=2.0,
            expected_sign="falls",
        ),
    )

    def __init__(self, config: LinearDiscriminantConfig, inputs: PolicyInputs) -> None:
        own = own_amounts(config, inputs)
        (device,) = inputs.devices
        rate_hz = inputs.rate_hz
        rates = RampRates(
            getattr(config, f"rise_{device.unit}_per_s") / rate_hz,
            getattr(config, f"fall_{device.unit}_per_s") / rate_hz,
        )
        self._goals = tuple(
            None if each == "hold" else each for each in getattr(config, f"states_{device.unit}")
        )
        self._watched, direction = sign_of(self._goals)
        super().__init__(config, inputs, own, rates, direction)
        self._discriminants: list[Discriminant] = []
        self._whose: list[tuple[str, str]] = []
        first = 0
        for each in config.discriminants:
            self._discriminants.append(Discriminant(each, first))
            self._whose.append((inputs.reads[first].detector, inputs.reads[first].channel))
            first += len(each.features)
        self._blanks_both = tuple(each.blanks_both for each in config.discriminants)
        self.reset()

    @property
    def state(self) -> int:
        """The state that the levels lead to."""
        return sum(N_COLUMNS**at * each.level for at, each in enumerate(self._discriminants))

    def begin(self, event: DeviceEvent | None) -> None:
        """Begin at level 0; after HOLD or a pause, go on from the levels before it."""
        is_again = event is not None and event.change == "resumed"
        for each in self._discriminants:
            if is_again:
                each.resume()
            else:
                each.begin()
        if not is_again:
            self._newest = 0
            self._since_s: float | None = None

    def take(self, observation: Observation) -> None:
        """Update each discriminant by the hop, and go to the amount of the state that follows."""
        if not self.is_driven:
            return
        has_counted = False
        changed = []
        for at, each in enumerate(self._discriminants):
            has_changed = each.take(observation)
            has_counted |= has_changed is not None
            if has_changed:
                changed.append(at)
        for at in changed:
            self._change(at, observation.time_s)
        if has_counted:
            is_known = all(each.is_known for each in self._discriminants)
            self.goal = self._goals[self.state] if is_known else None

    def watched(self, observation: Observation) -> float:
        """Return the discriminant that the amounts follow, computed from this hop alone."""
        return self._discriminants[self._watched].output_of(observation.values)

    def watched_name(self) -> str:
        """Return the name of what the sign watch reads."""
        return f"discriminants[{self._watched}]"

    def basis(self, observation: Observation) -> Basis:
        """Return the value and threshold of the discriminant whose level changed last."""
        newest = self._discriminants[self._newest]
        output = newest.output
        detector, channel = self._whose[self._newest]
        return Basis(
            detector,
            channel,
            observation.time_s if self._since_s is None else self._since_s,
            newest.output_of(observation.values) if output is None else output,
            newest.compared_with,
        )

    def _change(self, at: int, time_s: float) -> None:
        """Note which discriminant changed its level, and start the blanking that follows."""
        self._newest, self._since_s = at, time_s
        for other, each in enumerate(self._discriminants):
            if other == at or self._blanks_both[at]:
                each.blank()
