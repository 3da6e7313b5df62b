"""A linear discriminant of features: from means that do not overlap to a level, 0, 1 or 2."""

import math
from collections.abc import Sequence

from stimulators.policies.parts.averaging import Averaging
from stimulators.policies.parts.discriminant_table import DiscriminantConfig
from stimulators.targets import Observation


class Boundary:
    """One threshold, passed once enough updates one after the other were above it.

    Parameters
    ----------
    threshold : float
        An update that is equal to it is not above.
    onset_updates, termination_updates : int
        See `DiscriminantConfig`.

    Attributes
    ----------
    is_passed : bool
        Whether it is passed.

    Examples
    --------
    >>> boundary = Boundary(10.0, onset_updates=2, termination_updates=0)
    >>> [boundary.update(each) for each in (11.0, 9.0, 11.0, 11.0, 10.0)]
    [False, False, False, True, True]
    >>> boundary.is_passed
    False
    """

    def __init__(self, threshold: float, *, onset_updates: int, termination_updates: int) -> None:
        self._threshold = threshold
        self._needed = {True: max(1, onset_updates), False: max(1, termination_updates)}
        self.forget()

    def forget(self) -> None:
        """Forget everything: the threshold is not passed."""
        self.is_passed = False
        self.n_against = 0

    def update(self, output: float) -> bool:
        """Take in an update, and return whether the threshold became passed, or no longer is."""
        is_above = output > self._threshold
        if is_above is self.is_passed:
            self.n_against = 0
            return False
        self.n_against += 1
        if self.n_against < self._needed[is_above]:
            return False
        self.is_passed = is_above
        self.n_against = 0
        return True


class Discriminant:
    """Averages hops to updates, and derives a level from these.

    Parameters
    ----------
    config : DiscriminantConfig
        Its table.
    first : int
        Position of its first feature among the measures of an observation.

    Attributes
    ----------
    output : float or None
        The newest update that was a number; None before the first.
    is_known : bool
        Whether the newest update that counted was a number, and there was one since it began.
    """

    def __init__(self, config: DiscriminantConfig, first: int) -> None:
        self._config = config
        positions = range(first, first + len(config.features))
        self._terms = tuple(
            (position, each.weight, each.multiplier, each.subtrahend)
            for position, each in zip(positions, config.features, strict=True)
        )
        self._averagings = tuple((each, Averaging(config.update_features)) for each in positions)
        bounds = [config.lower_threshold]
        if config.upper_threshold is not None:
            bounds.append(config.upper_threshold)
        self._boundaries = tuple(
            Boundary(
                each,
                onset_updates=config.onset_updates,
                termination_updates=config.termination_updates,
            )
            for each in bounds
        )
        self.begin()

    @property
    def level(self) -> int:
        """The level: how many thresholds are passed."""
        return sum(each.is_passed for each in self._boundaries)

    @property
    def compared_with(self) -> float:
        """The threshold that the level rests on: the highest that is passed, or the lowest."""
        upper = self._config.upper_threshold
        is_upper = upper is not None and self._boundaries[1].is_passed
        return upper if is_upper and upper is not None else self._config.lower_threshold

    def begin(self) -> None:
        """Forget everything: the level is 0, and the hold-off begins anew."""
        for each in self._boundaries:
            each.forget()
        self.output: float | None = None
        self._n_held_off = self._config.holdoff_updates
        self._restart()

    def resume(self) -> None:
        """Keep the level, begin updates and counts anew, and start the blanking."""
        self._restart()
        self.blank()

    def blank(self) -> None:
        """Ignore updates until the blanking after the newest hop is over."""
        self._blank_hops = self._config.blanking_features

    def output_of(self, values: Sequence[float]) -> float:
        """Return ``sum(weight * multiplier * (value - subtrahend))`` of measures or means."""
        total = 0.0
        for position, weight, multiplier, subtrahend in self._terms:
            total += weight * (multiplier * (values[position] - subtrahend))
        return total

    def take(self, observation: Observation) -> bool | None:
        """Take in the next hop; return if an update changed the level, None without an update."""
        values, values_valid = observation.values, observation.values_valid
        means: list[float] | None = None
        for position, averaging in self._averagings:
            mean = averaging.take(values[position], is_valid=values_valid[position])
            if mean is not None:
                means = list(values) if means is None else means
                means[position] = mean
        if self._blank_hops:
            self._blank_hops -= 1
        if means is None:
            return None
        if self._n_held_off:
            self._n_held_off -= 1
            return None
        return None if self._blank_hops else self._update(self.output_of(means))

    def _update(self, output: float) -> bool:
        self.is_known = math.isfinite(output)
        if not self.is_known:
            self._count_anew()
            return False
        self.output = output
        changes = [each.update(output) for each in self._boundaries]
        return any(changes)

    def _restart(self) -> None:
        for _, averaging in self._averagings:
            averaging.restart()
        self._count_anew()
        self._blank_hops = 0
        self.is_known = False

    def _count_anew(self) -> None:
        for each in self._boundaries:
            each.n_against = 0
