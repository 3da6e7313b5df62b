"""An amount that goes to its goal by so much a sample, and stays where it is between."""


class Ramp:
    """A ramp counted in samples: the same samples give the same amounts in any chunks.

    Parameters
    ----------
    start : float
        Where it begins.
    lowest, highest : float
        It never leaves these.
    up_per_sample, down_per_sample : float
        How far it goes at most; infinite for a step.

    Attributes
    ----------
    amount : float
        Where it is.
    """

    def __init__(
        self,
        start: float,
        *,
        lowest: float,
        highest: float,
        up_per_sample: float,
        down_per_sample: float,
    ) -> None:
        self.amount = start
        self._lowest = lowest
        self._highest = highest
        self._up_per_sample = up_per_sample
        self._down_per_sample = down_per_sample

    def move(self, goal: float, n_samples: int) -> float:
        """Go towards `goal` for so many samples, and return where it is then."""
        if goal > self.amount:
            self.amount = min(goal, self.amount + self._up_per_sample * n_samples)
        elif goal < self.amount:
            self.amount = max(goal, self.amount - self._down_per_sample * n_samples)
        return self.amount

    def start_from(self, lowest: float, highest: float) -> None:
        """Go on from what a device gives: the nearest amount of a range, within the own limits."""
        nearest = min(max(self.amount, lowest), highest)
        self.amount = min(max(nearest, self._lowest), self._highest)


def per_sample(distance: float, duration_s: float, rate_hz: float) -> float:
    """Return how far a ramp goes in a sample that takes `duration_s` for a distance.

    Infinite where it takes less than a sample.

    >>> per_sample(3.0, 2.0, 250.0)
    0.006
    """
    n_samples = round(duration_s * rate_hz)
    return distance / n_samples if n_samples else float("inf")
