"""The course of a staircase: its steps, the attempts at each, and which of them are clean."""

from collections.abc import Sequence
from typing import NamedTuple


class StepLength(NamedTuple):
    """One step in samples.

    Parameters
    ----------
    amount : float
        What is asked for.
    settle_samples, n_samples : int
        How much of it is left out, and how long it is in all.
    """

    amount: float
    settle_samples: int
    n_samples: int


class Attempt(NamedTuple):
    """One attempt at a step, once it is over.

    Parameters
    ----------
    step : int
        Index of the step; the measurement after the last step has the next one.
    start_sample, settled_sample, end_sample : int
        Where the amount was asked for, where measuring began, and where the attempt ended.
    broken_by : str
        Empty where it is clean: its whole measured part is at the amount asked for, certainly, and
        at least half of its hops are valid. Else ``held``, ``paused``, ``released`` or ``safe``
        (what became of the rig), ``amount`` (the device gave another amount, or may have), or
        ``data`` (too few valid hops).
    n_hops, n_valid : int
        Measured hops, and those of them that are valid.
    """

    step: int
    start_sample: int
    settled_sample: int
    end_sample: int
    broken_by: str
    n_hops: int
    n_valid: int


class Course:
    """Goes through the steps in order, and begins a broken step anew.

    Parameters
    ----------
    lengths : sequence of StepLength
        The steps in order.
    repeats_max : int
        How often a broken step is begun anew before the next one is begun.

    Attributes
    ----------
    step : int
        Index of the step; the number of steps once all are over.
    ended : Attempt or None
        The newest attempt that is over.
    n_ended : int
        How many are.

    Examples
    --------
    >>> course = Course([StepLength(1.0, 1, 3), StepLength(2.0, 1, 3)], repeats_max=1)
    >>> for sample in range(4):
    ...     course.take(sample, is_valid=True, is_given=True)
    >>> course.step, course.amount, course.ended.broken_by, course.ended.n_valid
    (1, 2.0, '', 2)
    """

    def __init__(self, lengths: Sequence[StepLength], repeats_max: int) -> None:
        self._lengths = tuple(lengths)
        self._repeats_max = repeats_max
        self.n_ended = 0
        self.ended: Attempt | None = None
        self.step = 0
        self._n_broken = 0
        self._start: int | None = None
        self._n_hops = self._n_valid = 0

    @property
    def is_over(self) -> bool:
        """Whether all steps are over."""
        return self.step == len(self._lengths)

    @property
    def amount(self) -> float:
        """The amount that is asked for; after the end, that of the last step."""
        return self._lengths[min(self.step, len(self._lengths) - 1)].amount

    @property
    def start_sample(self) -> int | None:
        """The sample at which the present attempt began; None between two attempts."""
        return self._start

    def begin(self) -> None:
        """Begin at the first step."""
        self.break_off("released")
        self.step = self._n_broken = 0

    def break_off(self, broken_by: str, sample: int | None = None) -> None:
        """Give up the present attempt, if there is one."""
        if self._start is not None:
            self._end(broken_by, self._start if sample is None else sample)

    def take(self, sample: int, *, is_valid: bool, is_given: bool) -> None:
        """Take the next hop.

        Parameters
        ----------
        sample : int
            Its sample.
        is_valid : bool
            Whether its measure may be used. A new amount is asked for at valid hops only.
        is_given : bool
            Whether the device is known to give the amount of the step.
        """
        if self._start is not None:
            self._go_on(sample, is_valid=is_valid, is_given=is_given)
        if self._start is None and is_valid and not self.is_over:
            self._start = sample

    def _go_on(self, sample: int, *, is_valid: bool, is_given: bool) -> None:
        length = self._lengths[self.step]
        since = sample - (self._start or 0)
        if since < length.settle_samples:
            return
        if since >= length.n_samples:
            if is_valid:
                is_enough = 0 < self._n_hops <= 2 * self._n_valid
                self._end("" if is_enough else "data", sample)
        elif not is_given:
            self._end("amount", sample)
        else:
            self._n_hops += 1
            self._n_valid += is_valid

    def _end(self, broken_by: str, sample: int) -> None:
        length, start = self._lengths[self.step], self._start or 0
        self.ended = Attempt(
            step=self.step,
            start_sample=start,
            settled_sample=start + length.settle_samples,
            end_sample=min(sample, start + length.n_samples),
            broken_by=broken_by,
            n_hops=self._n_hops,
            n_valid=self._n_valid,
        )
        self.n_ended += 1
        self._start = None
        self._n_hops = self._n_valid = 0
        self._n_broken += bool(broken_by)
        if not broken_by or self._n_broken > self._repeats_max:
            self.step += 1
            self._n_broken = 0
