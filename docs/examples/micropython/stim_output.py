"""The amount that a device gives, which moves no faster than its slew limit."""

_GRAIN_US = 50_000


class Output:
    """An amount and its program on their way to a goal; a program changes at 0."""

    def __init__(self, amount: float, program: str, slew_per_s: float) -> None:
        self.amount = self.goal = amount
        self.program = self.goal_program = program
        self._slew_per_us = slew_per_s / 1e6
        self._spare_max = self._spare = self._slew_per_us * _GRAIN_US

    def is_moving(self) -> bool:
        """Return whether the goal is still to be reached."""
        return self.amount != self.goal or self.program != self.goal_program

    def peak(self, passed_us: int) -> float:
        """Return the highest amount within a time."""
        return min(max(self.amount, self.goal), self.amount + self._slew_per_us * passed_us)

    def peak_at_once(self, goal: float) -> float:
        """Return the highest amount right after a new goal."""
        return min(max(self.amount, goal), self.amount + self._spare)

    def advance(self, passed_us: int) -> None:
        """Move on; after a rest 50 ms of movement are free at once."""
        self._spare = min(self._spare_max, self._move(self._spare + self._slew_per_us * passed_us))

    def go(self, goal: float, program: str) -> None:
        """Set a goal, and move at once by what is free."""
        self.goal, self.goal_program = goal, program
        self._spare = self._move(self._spare)

    def jump(self, amount: float) -> None:
        """Take an amount at once, as a stop does."""
        self.amount = self.goal = amount
        self.goal_program = self.program

    def _move(self, allowed: float) -> float:
        is_switching = self.program != self.goal_program
        way = (0.0 if is_switching else self.goal) - self.amount
        if abs(way) > allowed:
            self.amount += allowed if way > 0 else -allowed
            return 0.0
        if not is_switching:
            self.amount = self.goal
            return allowed - abs(way)
        self.amount, self.program = 0.0, self.goal_program
        return 0.0
