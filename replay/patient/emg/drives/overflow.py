"""A voluntary task whose command overflows into muscles that have no part in it."""

from typing import Annotated

import numpy as np
from msgspec import Meta

from replay.patient.emg.drives.drive import Activity, Drive, Driven, Randoms, nothing

_Level = Annotated[float, Meta(ge=0.0, le=10.0)]


class Overflow(Activity, frozen=True, kw_only=True, tag="overflow"):
    """The first muscle follows a task; the others get ``max(0, E_A + c E_T - I_A - theta)``.

    The task is a triangle from 0 to `task_peak` and back in each cycle, for `task_s`; then a
    pause at 0 of `pause_s`. Its drive E_T is uniformly distributed while it lasts, so that a
    regression of others' drive on it sees all of its range.

    Parameters
    ----------
    gain : float
        c, how much of the task's drive reaches the others: raised in dystonia.
    own, inhibition, threshold : float
        E_A, I_A and theta. Inhibition is lowered in dystonia. From drives alone only the gain and
        ``inhibition - own + threshold`` can be told.
    task_peak, cycle_s : float
        Peak of the task's drive, and how long it takes to go there and back.
    task_s, pause_s : float
        How long the task lasts, and the pause after it; a task is what begins first.

    Notes
    -----
    The defaults are a dystonic arm, `HEALTHY_OVERFLOW` a healthy one, which has none.
    """

    gain: _Level = 0.4
    own: _Level = 0.1
    inhibition: _Level = 0.2
    threshold: _Level = 0.1
    task_peak: _Level = 2.0
    cycle_s: Annotated[float, Meta(gt=0.1, le=600.0)] = 4.0
    task_s: Annotated[float, Meta(gt=0.0, le=3600.0)] = 8.0
    pause_s: Annotated[float, Meta(ge=0.0, le=3600.0)] = 4.0

    @property
    def offset(self) -> float:
        """How much ``gain * E_T`` must exceed to overflow: ``I_A - E_A + theta``."""
        return self.inhibition - self.own + self.threshold

    def start(self, randoms: Randoms, *, rate_hz: float, n_muscles: int) -> Drive:  # noqa: ARG002
        """Return the process."""
        return _Overflowing(self, rate_hz, n_muscles)


#: The demonstration values of a healthy arm.
HEALTHY_OVERFLOW = Overflow(gain=0.1, inhibition=0.4)


class _Overflowing:
    def __init__(self, config: Overflow, rate_hz: float, n_muscles: int) -> None:
        self._config, self._n_muscles, self._rate_hz = config, n_muscles, rate_hz
        self._sample, self._was_task = 0, False

    def next(self, n_samples: int) -> Driven:
        config = self._config
        time_s = np.arange(self._sample, self._sample + n_samples) / self._rate_hz
        within_s = time_s % (config.task_s + config.pause_s)
        cycles = within_s / config.cycle_s % 1.0
        task = config.task_peak * (1.0 - np.abs(2.0 * cycles - 1.0))
        task = np.where(within_s < config.task_s, task, 0.0)
        spilled = np.maximum(0.0, config.gain * task - config.offset)
        meant = nothing(n_samples, self._n_muscles)
        meant[:, 0] = task
        dystonic = np.repeat(spilled[:, None], self._n_muscles, axis=1)
        dystonic[:, 0] = 0.0
        is_task = within_s < config.task_s
        changes = np.flatnonzero(is_task != np.concatenate(([self._was_task], is_task[:-1])))
        marks = tuple((int(k), "task" if is_task[k] else "pause") for k in changes)
        self._was_task = bool(is_task[-1])
        self._sample += n_samples
        return Driven(meant, dystonic, marks)
