"""When an episode above a threshold is a burst, and when it is over."""

import math
from typing import NamedTuple, Self


class BurstRule(NamedTuple):
    """What makes a burst, whatever the threshold.

    Parameters
    ----------
    keep, drop : float
        It ends below ``keep * threshold - drop``.
    floor : float
        The threshold must be above it.
    shortest_samples : int
        Samples that it must last, from edge to edge, to count.
    """

    keep: float
    drop: float
    floor: float
    shortest_samples: int

    @classmethod
    def of(
        cls, hysteresis: float | None, hysteresis_level: float | None, shortest_samples: int
    ) -> Self:
        """Return the rule that the keys of a burst detector's table ask for."""
        if hysteresis_level is not None:
            return cls(1.0, hysteresis_level, -math.inf, shortest_samples)
        return cls(1.0 - (0.1 if hysteresis is None else hysteresis), 0.0, 0.0, shortest_samples)

    @property
    def is_signed(self) -> bool:
        """Whether it is for a measure that may be negative."""
        return math.isinf(self.floor)

    def lag_hops(self, hop_samples: int) -> int:
        """Return the hops from the crossing of the threshold to the one that makes it a burst.

        An episode that is not over at a hop lasts to the next one at least, so it is known one hop
        before it has lasted long enough.
        """
        return max(0, -(-self.shortest_samples // hop_samples) - 1)
