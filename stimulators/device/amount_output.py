"""The amount that a device gives, which moves to its goal no faster than the slew limit."""

import math

#: A goal within this much movement is reached at once: a slew limit allows steps as small as that.
_GRAIN_US = 50_000
#: Multiples of a step are rounded to this many decimals, so that three steps of 0.1 are 0.3.
_N_DECIMALS = 9


class AmountOutput:
    """An amount in a device's unit and its program, as a function of the device's own time.

    Between two times the amount moves by at most the slew limit times their difference plus 50 ms;
    only `jump` is exempt. To a goal in another program it moves through 0: down in its program,
    then up in the other, and at 0 it rests until time passes.

    Parameters
    ----------
    amount : float
        The first amount.
    slew_per_s_max : float
        The fastest change.
    program : str
        The first program.
    step : float
        It gives whole multiples of this; 0 where it gives any amount.
    ceiling : float
        It gives no more than this, whatever its goal is.

    Attributes
    ----------
    amount, goal : float
        The amount of now, and the one to which it moves.
    program, goal_program : str
        The programs of these two.
    """

    def __init__(
        self,
        amount: float,
        slew_per_s_max: float,
        program: str = "",
        *,
        step: float = 0.0,
        ceiling: float = math.inf,
    ) -> None:
        self.amount = amount
        self.goal = amount
        self.program = program
        self.goal_program = program
        self._step = step
        self._ceiling = ceiling
        self._slew_per_us = slew_per_s_max / 1e6
        self._spare_max = self._slew_per_us * _GRAIN_US
        self._spare = self._spare_max
        self._now_us: int | None = None

    @property
    def given(self) -> float:
        """The amount that the hardware gives: in whole steps and under the ceiling."""
        return self.given_at(self.amount)

    @property
    def is_moving(self) -> bool:
        """Whether the goal is still to be reached."""
        return self.amount != self.goal or self.program != self.goal_program

    def given_at(self, amount: float) -> float:
        """Return what the hardware gives at an amount: in whole steps and under the ceiling."""
        if self._step:
            amount = round(round(amount / self._step) * self._step, _N_DECIMALS)
        return min(amount, self._ceiling)

    def peak(self, passed_us: int, goal: float | None = None) -> float:
        """Return the highest amount within `passed_us`, or at once after `go(goal)`."""
        if goal is None:
            return min(max(self.amount, self.goal), self.amount + self._slew_per_us * passed_us)
        return min(max(self.amount, goal), self.amount + self._spare)

    def advance(self, now_us: int) -> None:
        """Move on to `now_us`; after a rest a step of up to 50 ms of movement is free again."""
        gained = 0.0
        if self._now_us is not None:
            gained = self._slew_per_us * max(0, now_us - self._now_us)
        self._now_us = now_us
        self._spare = min(self._spare_max, self._move(self._spare + gained))

    def go(self, goal: float, program: str | None = None) -> None:
        """Set the goal, and move at once by as much as is free, at most 50 ms of movement.

        Parameters
        ----------
        goal : float
            The amount.
        program : str, optional
            The program of the goal; that of now without it.
        """
        self.goal = goal
        self.goal_program = self.program if program is None else program
        self._spare = self._move(self._spare)

    def switch(self, program: str) -> None:
        """Change the program at the amount of now, where both programs have the same contacts."""
        self.program = program
        self.goal_program = program

    def jump(self, amount: float) -> None:
        """Take an amount at once, in the program of now, as a stop does."""
        self.amount = amount
        self.goal = amount
        self.goal_program = self.program

    def _move(self, allowed: float) -> float:
        """Move by at most `allowed`; return how much of it is left."""
        is_switching = self.program != self.goal_program
        distance = (0.0 if is_switching else self.goal) - self.amount
        if abs(distance) > allowed:
            self.amount += math.copysign(allowed, distance)
            return 0.0
        if not is_switching:
            self.amount = self.goal
            return allowed - abs(distance)
        self.amount = 0.0
        self.program = self.goal_program
        return 0.0
