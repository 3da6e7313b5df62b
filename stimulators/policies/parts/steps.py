"""Amounts in whole steps of a device, since a device that rounds would give another amount."""

from typing import Final

#: Part of a step by which the rounding of floats may miss a whole one.
_FUZZ: Final = 1e-9


class Steps:
    """Follows an amount by whole steps.

    Parameters
    ----------
    step : float
        Distance of two amounts of the grid, which holds 0; without a grid 0.
    lowest, highest : float
        Where it ends, both on the grid.

    Notes
    -----
    The step given changes only once the amount has gone a whole step away from it, up or down:
    an amount that wavers by less than a step gives one and the same.

    Examples
    --------
    >>> steps = Steps(0.5, lowest=0.0, highest=2.0)
    >>> steps.start_from(1.0)
    >>> [steps.follow(amount) for amount in (1.4, 1.5, 1.1, 1.0, 1.9)]
    [1.0, 1.5, 1.5, 1.0, 1.5]
    """

    def __init__(self, step: float, *, lowest: float, highest: float) -> None:
        self._step = step
        self._lowest = lowest
        self._highest = highest
        self._n_steps = 0

    def start_from(self, amount: float) -> None:
        """Go on from the step that is nearest to an amount."""
        if self._step > 0.0:
            self._n_steps = round(amount / self._step)

    def follow(self, amount: float) -> float:
        """Return the amount in whole steps that is given for this one."""
        if self._step == 0.0:
            return amount
        away = amount / self._step - self._n_steps
        self._n_steps += int(away + (_FUZZ if away > 0.0 else -_FUZZ))
        return min(max(self._n_steps * self._step, self._lowest), self._highest)

    def has(self, amount: float) -> bool:
        """Return whether an amount is a whole number of steps.

        >>> Steps(0.1, lowest=0.0, highest=1.0).has(0.3)
        True
        """
        if self._step == 0.0:
            return True
        n_steps = amount / self._step
        return abs(n_steps - round(n_steps)) <= 1e-6
