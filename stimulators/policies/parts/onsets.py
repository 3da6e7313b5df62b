"""How long a measure must stay above or below a threshold before that counts."""


class Onsets:
    """Tells on which side of its thresholds a measure has been for long enough.

    Parameters
    ----------
    upper_samples, lower_samples : int
        How long it has to be above, or below, without a break.

    Attributes
    ----------
    since_s : float or None
        Since when the measure has been on the side that it is on now.

    Notes
    -----
    Counted at the updates alone: a mean that is held until the next says nothing new. What is on
    neither side, or on a side for too short a time, counts as between.

    Examples
    --------
    >>> onsets = Onsets(upper_samples=10, lower_samples=0)
    >>> [onsets.update(*each) for each in ((1, 0, 0.0), (1, 10, 0.1), (0, 20, 0.2), (-1, 30, 0.3))]
    [0, 1, 0, -1]
    """

    def __init__(self, *, upper_samples: int, lower_samples: int) -> None:
        self._needed = {1: upper_samples, -1: lower_samples, 0: 0}
        self.restart()

    def restart(self) -> None:
        """Count anew from the next update."""
        self._side: int | None = None
        self._since_sample = 0
        self.since_s: float | None = None

    def update(self, side: int, sample: int, time_s: float) -> int:
        """Take an update, on side 1 (above), -1 (below) or 0; return the side that counts."""
        if side != self._side:
            self._side = side
            self._since_sample = sample
            self.since_s = time_s
        return side if sample - self._since_sample >= self._needed[side] else 0
