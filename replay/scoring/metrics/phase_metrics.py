"""The error of a phase that was estimated online: its mean, how it is spread, and chance."""

from collections.abc import Callable
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from replay.scoring.metrics import intervals
from replay.scoring.metrics.intervals import bootstrap_text
from replay.scoring.metrics.judged_time import JudgedTime
from replay.scoring.result import Metric

#: Bins of the rose plot.
N_BINS: Final = 24
N_SHIFTS: Final = 200
_SHIFT_S_MIN: Final = 5.0


class PhaseErrors(NamedTuple):
    """What a phase was compared at.

    Parameters
    ----------
    time_s : ndarray of float64, shape (n,)
        Moments at which the phase is known of both.
    online, reference : ndarray of complex128, shape (n,)
        Phases, as numbers of length 1.
    """

    time_s: NDArray[np.float64]
    online: NDArray[np.complex128]
    reference: NDArray[np.complex128]

    def pick(self, chosen: NDArray[np.bool_]) -> Self:
        """Return those for which `chosen`, of shape (n,), is true."""
        return type(self)(self.time_s[chosen], self.online[chosen], self.reference[chosen])

    @property
    def errors(self) -> NDArray[np.complex128]:
        """Online less reference: positive where the online phase is ahead."""
        return self.online * self.reference.conj()


def phase_metrics(
    found: PhaseErrors,
    judged_time: JudgedTime,
    *,
    null: float | None,
    delay_s: float,
    seed: int,
    where: str,
) -> tuple[Metric, Metric]:
    """Return circular mean and mean resultant length of the errors of a phase.

    Parameters
    ----------
    found : PhaseErrors
        Inside the judged time.
    judged_time : JudgedTime
        That time.
    null : float or None
        The resultant length that chance exceeds in 5 %: see `chance_of_hops`, `chance_of_events`.
    delay_s : float
        The declared delay of the detector.
    seed : int
        Of the bootstrap.
    where : str
        At which moments the phase was compared, for the meaning.

    References
    ----------
    N. I. Fisher, "Statistical Analysis of Circular Data", 1993, sections 2.3 and 8.3.
    """
    errors = found.errors
    n_stretches = judged_time.n_stretches
    sums = np.zeros(max(n_stretches, 1), np.complex128)
    counts = np.zeros(sums.size)
    if errors.size:
        stretch = judged_time.stretch(found.time_s)
        np.add.at(sums, stretch, errors)
        np.add.at(counts, stretch, 1.0)
    total = complex(errors.mean()) if errors.size else 0j
    mean_rad = float(np.angle(total))
    note = "" if errors.size else "the phase is known of both at no moment"

    def drawn_mean(drawn: NDArray[np.int64]) -> float:
        # About the mean itself, so that an interval across pi is not torn apart.
        return mean_rad + float(np.angle(sums[drawn].sum() * np.conj(total)))

    def drawn_length(drawn: NDArray[np.int64]) -> float:
        n_drawn = counts[drawn].sum()
        return float(np.abs(sums[drawn].sum()) / n_drawn) if n_drawn else float("nan")

    of_mean = intervals.bootstrap(n_stretches, drawn_mean, seed)
    of_length = intervals.bootstrap(n_stretches, drawn_length, seed)
    how = bootstrap_text(judged_time.stretch_s)
    return (
        Metric(
            name="phase_error_rad",
            meaning=(
                f"circular mean of the online phase less that of the reference, {where}; above 0 "
                "the online phase is ahead"
            ),
            unit="rad",
            value=mean_rad if errors.size else None,
            low=of_mean.low,
            high=of_mean.high,
            interval=how,
            null_of="none: the mean of phases that have nothing to do with each other is anything",
            n=errors.size,
            delay_s=delay_s,
            note=note,
        ),
        Metric(
            name="phase_resultant",
            meaning=(
                "mean resultant length of that error: 1 where it is always the same, 0 where it "
                "is anything"
            ),
            value=abs(total) if errors.size else None,
            low=of_length.low,
            high=of_length.high,
            interval=how,
            null=null,
            null_of=(
                f"of {N_SHIFTS} random shifts of what was said online against the reference: "
                "exceeded by 5 %"
            ),
            n=errors.size,
            delay_s=delay_s,
            note=note,
        ),
    )


def counted(errors: NDArray[np.complex128]) -> list[int]:
    """Return how many errors lie in each of `N_BINS` bins from -pi to pi."""
    edges = np.linspace(-np.pi, np.pi, N_BINS + 1)
    counts: list[int] = np.histogram(np.angle(errors), edges)[0].tolist()
    return counts


def shifts_s(judged_time: JudgedTime, seed: int) -> NDArray[np.float64]:
    """Return by how much chance shifts, of shape (`N_SHIFTS`,): five seconds, or a quarter."""
    shortest_s = min(_SHIFT_S_MIN, judged_time.total_s / 4.0)
    random = np.random.default_rng(seed)
    return random.uniform(shortest_s, judged_time.total_s - shortest_s, N_SHIFTS)


def chance_of_hops(found: PhaseErrors, judged_time: JudgedTime, seed: int) -> float | None:
    """Return the resultant length that 5 % of shifts exceed, where the phase is said steadily."""
    n_moments = found.time_s.size
    if n_moments < 4 or not judged_time.total_s:
        return None
    by = np.round(shifts_s(judged_time, seed) / judged_time.total_s * n_moments).astype(np.int64)
    lengths = [abs(np.vdot(np.roll(found.reference, each), found.online)) for each in by.tolist()]
    return float(np.percentile(lengths, 95.0)) / n_moments


def chance_of_events(
    phase_at: Callable[[NDArray[np.float64]], NDArray[np.complex128]],
    events_s: NDArray[np.float64],
    judged_time: JudgedTime,
    seed: int,
) -> float | None:
    """Return the resultant length that 5 % of shifts exceed, where events shall hit a phase.

    Parameters
    ----------
    phase_at : callable
        Given moments in order, returns the reference's phase at each, as a number of length 1; NaN
        where it is not known.
    events_s : ndarray of float64, shape (n_events,)
        When the events were.
    judged_time : JudgedTime
        The time in which they are shifted.
    seed : int
        Of the shifts.
    """
    if events_s.size < 4 or not judged_time.total_s:
        return None
    by_s = shifts_s(judged_time, seed)[:, None]
    moved_s = judged_time.time_s(
        np.mod(judged_time.position_s(events_s) + by_s, judged_time.total_s)
    )
    order = np.argsort(moved_s, axis=None, kind="stable")
    flat = np.empty(moved_s.size, np.complex128)
    flat[order] = phase_at(moved_s.ravel()[order])
    phases = flat.reshape(moved_s.shape)
    known = np.isfinite(phases)
    lengths = np.abs(np.where(known, phases, 0.0).sum(axis=1)) / np.maximum(known.sum(axis=1), 1)
    return float(np.percentile(lengths, 95.0))
