"""An amount that moves to its goal by a fixed step a sample."""


class Ramp:
    """A ramp counted in samples: the same samples give the same amounts in any chunks.

    Parameters
    ----------
    start : float
        The first amount.
    lowest, highest : float
        The range that it never leaves.
    up_per_sample, down_per_sample : float
        The largest change a sample; infinite for a step.

    Attributes
    ----------
    amount : float
        The amount of now.
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
        """Move towards `goal` for `n_samples`, and return the new amount."""
        if goal > self.amount:
            self.amount = min(goal, self.amount + self._up_per_sample * n_samples)
        elif goal < self.amount:
            self.amount = max(goal, self.amount - self._down_per_sample * n_samples)
        return self.amount

    def start_from(self, lowest: float, highest: float) -> None:
        """Go on from the amount of a device: the nearest in its range, within this ramp's own."""
        nearest = min(max(self.amount, lowest), highest)
        self.amount = min(max(nearest, self._lowest), self._highest)


def per_sample(distance: float, duration_s: float, rate_hz: float) -> float:
    """Return the change a sample of a ramp that takes `duration_s` for a distance.

    It is infinite where that is less than half a sample.

    >>> per_sample(3.0, 2.0, 250.0)
    0.006
    """
    n_samples = round(duration_s * rate_hz)
    return distance / n_samples if n_samples else float("inf")
