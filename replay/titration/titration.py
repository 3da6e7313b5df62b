"""The result of a titration, computed from its staircase."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from replay.titration.controllability import Controllability, controllability
from replay.titration.dose_response import HillCurve, hill_curve
from replay.titration.measured import Measured, MeasuredStep, measured
from replay.titration.rebound import (
    ReboundAfterEnd,
    ReboundWithAmount,
    rebound_after_end,
    rebound_with_amount,
)
from replay.titration.recorded import RecordedStaircase, read_staircase
from replay.titration.thresholds import TitratedThresholds, thresholds
from replay.titration.time_constant import TimeConstant, time_constant, transitions

#: How an interval of a step was computed, for readers of the result alone.
INTERVAL = (
    "95 %, of the mean of a log-normal distribution (Cox), from means of a second; of a measure "
    "that may be negative, Student's"
)


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one step.

    Parameters
    ----------
    step : int
        Its number, from 1.
    amount : float
        What was asked for, in the unit of the device.
    is_clean : bool
        Whether an attempt at it is clean; only then it has a mean.
    broken_by : tuple of str
        What broke each attempt that was not: see `stimulators.policies.titration.course.Attempt`.
    mean, low, high, sd : float or None
        Of the measure, with the interval of the mean.
    n_effective : float or None
        How many independent seconds it is worth.
    measured_s : float
        How long was measured.
    """

    step: int
    amount: float
    is_clean: bool
    broken_by: tuple[str, ...]
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    sd: float | None = None
    n_effective: float | None = None
    measured_s: float = 0.0


class Titration(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a titration.

    Parameters
    ----------
    session, operator : str
        The session, and who armed it; empty where the rig armed by itself.
    device, program, detector, channel, measure, unit, amount_unit : str
        What was given and what was measured; `amount_unit` is ``ma`` or ``level``.
    is_simulated : bool
        Whether the device was.
    is_complete : bool
        Whether every step is clean.
    steps : tuple of StepResult
        All steps, clean or not.
    after : StepResult or None
        The measurement at the safe amount after them.
    interval : str
        How intervals of steps were made.
    controllability : Controllability
        Whether the measure follows the amount.
    dose_response : HillCurve or None
        The curve, where a sign is shown and a curve can be told.
    is_ratio : bool
        Whether changes are ratios of levels: of a measure that may be negative they are
        differences.
    change : float or None
        Of the level at the highest amount to that at the lowest.
    time_constant_up, time_constant_down : TimeConstant or None
        Of the response to rises and to falls of the amount.
    rebound_with_amount : ReboundWithAmount or None
        None where no sign is shown.
    rebound_after_end : ReboundAfterEnd or None
        None where no sign is shown, or the safe amount was not measured before and after.
    thresholds : TitratedThresholds or None
        By the published rule.
    warnings : tuple of str
        What may make it doubtful.
    """

    session: str
    operator: str
    device: str
    program: str
    detector: str
    channel: str
    measure: str
    unit: str
    amount_unit: str
    is_simulated: bool
    is_complete: bool
    steps: tuple[StepResult, ...]
    after: StepResult | None
    interval: str
    controllability: Controllability
    dose_response: HillCurve | None
    is_ratio: bool
    change: float | None
    time_constant_up: TimeConstant | None
    time_constant_down: TimeConstant | None
    rebound_with_amount: ReboundWithAmount | None
    rebound_after_end: ReboundAfterEnd | None
    thresholds: TitratedThresholds | None
    warnings: tuple[str, ...]


def titration_of(
    session: Path, progress: Callable[[int], None] = lambda _n_records: None
) -> Titration:
    """Compute a titration from a session folder.

    Raises
    ------
    JournalError
        As `read_staircase`.
    """
    return titration(read_staircase(session, progress))


def titration(recorded: RecordedStaircase) -> Titration:
    """Compute a titration from what was recorded of it."""
    found = measured(recorded)
    amounts = [each.amount for each in found.steps]
    levels = [each.mean.level for each in found.steps]
    seed = int(hashlib.sha256(recorded.session.encode()).hexdigest()[:8], 16)
    follows = controllability(amounts, [each.value for each in levels], seed=seed)
    sign, window_s, hop_s = follows.sign, recorded.window_s, recorded.hop_s
    plain = transitions(recorded, found)
    device = next(each for each in recorded.config.devices if each.id == recorded.table.device)
    before = next((i for i, each in enumerate(amounts) if each == device.safe_amount), None)
    before_end = None if sign is None or before is None else levels[before]
    lowest, highest = (
        (amounts.index(min(amounts)), amounts.index(max(amounts))) if amounts else (0, 0)
    )
    return Titration(
        session=recorded.session,
        operator=recorded.operator,
        device=device.id,
        program=recorded.table.program or next(iter(device.programs), ""),
        detector=recorded.table.of,
        channel=recorded.channel,
        measure=recorded.table.measure,
        unit=recorded.measure_unit,
        amount_unit=device.unit,
        is_simulated=device.simulated,
        is_complete=len(amounts) == recorded.n_steps,
        steps=tuple(_result(recorded, found, step) for step in range(recorded.n_steps)),
        after=(
            _result(recorded, found, recorded.n_steps)
            if len(recorded.doses) > recorded.n_steps
            else None
        ),
        interval=INTERVAL,
        controllability=follows,
        dose_response=None if sign is None else hill_curve(amounts, levels),
        is_ratio=all(each.is_log for each in levels),
        change=levels[highest].over(levels[lowest]) if amounts else None,
        time_constant_up=time_constant(
            [each for each in plain if each.is_up], window_s=window_s, hop_s=hop_s
        ),
        time_constant_down=time_constant(
            [each for each in plain if not each.is_up], window_s=window_s, hop_s=hop_s
        ),
        rebound_with_amount=(None if sign is None else rebound_with_amount(amounts, levels, sign)),
        rebound_after_end=(
            None
            if sign is None or before_end is None or found.after is None
            else rebound_after_end(before_end, found.after.mean.level, sign)
        ),
        thresholds=thresholds(found.steps, sign, hop_s=hop_s),
        warnings=(*recorded.warnings, *_doubts(recorded, follows)),
    )


def _doubts(recorded: RecordedStaircase, follows: Controllability) -> list[str]:
    found = []
    shortest_s = min(each.settle_s for each in recorded.table.steps)
    if shortest_s < recorded.window_s:
        found.append(
            f"settle_s: expected at least the detector's window ({recorded.window_s:g} s), found "
            f"{shortest_s:g}: what is measured holds samples of the step before"
        )
    if follows.sign is not None and follows.only_rises:
        found.append(
            "the amounts only rise, or only fall: whatever changed meanwhile (medication, "
            "movement, sleep) looks the same; go up and down, or in a mixed order, to tell"
        )
    return found


def _result(recorded: RecordedStaircase, found: Measured, step: int) -> StepResult:
    after = [] if found.after is None else [found.after]
    clean: MeasuredStep | None = next(
        (each for each in (*found.steps, *after) if each.step == step), None
    )
    broken = tuple(each.broken_by for each in recorded.attempts if each.step == step)
    result = StepResult(
        step=step + 1,
        amount=recorded.doses[step].amount,
        is_clean=clean is not None,
        broken_by=tuple(each for each in broken if each),
    )
    if clean is None:
        return result
    mean = clean.mean
    has_error = mean.standard_error < float("inf")
    return msgspec.structs.replace(
        result,
        mean=mean.mean,
        low=mean.low if has_error else None,
        high=mean.high if has_error else None,
        sd=mean.sd,
        n_effective=mean.n_effective,
        measured_s=clean.values.size * recorded.hop_s,
    )
