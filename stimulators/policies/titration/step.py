"""One step of a staircase, and the checks of a staircase against its device."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from stimulators.device_config import DeviceConfig
from stimulators.policies.parts.amplitude_config import Amount, Duration

#: With fewer steps a response cannot be distinguished from two values that differ by chance.
N_STEPS_MIN: Final = 3
_N_HOPS_MIN: Final = 2
_CHARGE_WINDOW_S: Final = 600.0
#: Relative tolerance for quotients of decimal fractions from a file.
_ROUNDING: Final = 1e-9


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[policies.steps]]` table: an amount, how long it is given, and how much to leave out.

    Parameters
    ----------
    amplitude_ma, amplitude_level : float
        The amount, in the unit of the device.
    duration_s : float
        From when the amount is asked for to when the next one is.
    settle_s : float
        The first part of that, which is not measured: the way to the amount, the window of the
        detector, and what the measure needs to follow.

    Examples
    --------
    >>> Step(amplitude_ma=1.5, duration_s=30.0, settle_s=10.0).measured_s
    20.0
    """

    duration_s: Annotated[float, Meta(gt=0.0, le=3600.0)]
    settle_s: Duration
    amplitude_ma: Amount | None = None
    amplitude_level: Amount | None = None

    @property
    def measured_s(self) -> float:
        """How long it is measured."""
        return self.duration_s - self.settle_s

    def amount(self, unit: str) -> float | None:
        """Return the amount in a unit, ``ma`` or ``level``."""
        return self.amplitude_ma if unit == "ma" else self.amplitude_level


class Dose(NamedTuple):
    """A step as the device is asked for it.

    Parameters
    ----------
    amount : float
        In the unit of the device.
    duration_s, settle_s : float
        As of `Step`.
    """

    amount: float
    duration_s: float
    settle_s: float


def doses_of(steps: Sequence[Step], device: DeviceConfig, after_s: float) -> tuple[Dose, ...]:
    """Return the steps, and after them the safe amount for `after_s`, where that is not 0."""
    unit = device.unit
    doses = [Dose(each.amount(unit) or 0.0, each.duration_s, each.settle_s) for each in steps]
    if after_s > 0.0:
        doses.append(Dose(device.safe_amount, after_s, steps[-1].settle_s))
    return tuple(doses)


def wrong_steps(
    steps: Sequence[Step], device: DeviceConfig, *, after_s: float, per_s: float, hop_s: float
) -> Iterator[str]:
    """Yield each error of a staircase, beginning with the key.

    Parameters
    ----------
    steps : sequence of Step
        The staircase.
    device : DeviceConfig
        The device.
    after_s : float
        How long the safe amount is measured after it.
    per_s : float
        How fast the amount changes.
    hop_s : float
        From one estimate to the next.
    """
    if len(steps) < N_STEPS_MIN:
        yield f"steps: expected at least {N_STEPS_MIN} steps, found {len(steps)}"
        return
    found = [
        *_wrong_amounts(steps, device),
        *_wrong_durations(steps, hop_s),
    ]
    yield from found
    if found:
        return
    doses = doses_of(steps, device, after_s)
    if after_s > 0.0 and doses[-1].duration_s - doses[-1].settle_s < _N_HOPS_MIN * hop_s:
        yield (
            f"after_s: expected 0 or more than settle_s of the last step ({doses[-1].settle_s:g}), "
            f"found {after_s:g}"
        )
    if len({each.amount for each in doses[: len(steps)]}) == 1:
        yield f"steps: expected at least two amounts, found {doses[0].amount:g} at every step"
    yield from _wrong_ways(doses, len(steps), device, per_s)
    yield from _wrong_budgets(doses, device)


def _wrong_amounts(steps: Sequence[Step], device: DeviceConfig) -> Iterator[str]:
    unit, other = ("ma", "level") if device.unit == "ma" else ("level", "ma")
    for index, step in enumerate(steps):
        at = f"steps[{index}].amplitude"
        if (foreign := step.amount(other)) is not None:
            yield (
                f"{at}_{other}: expected amplitude_{unit} for device {device.id!r}, "
                f"found {foreign:g}"
            )
        amount = step.amount(unit)
        if amount is None:
            if foreign is None:
                yield f"{at}_{unit}: expected an amount (it has no default), found none"
        elif amount > device.amount_max:
            yield (
                f"{at}_{unit}: expected from 0 to {device.amount_max:g} (the limit of device "
                f"{device.id!r}), found {amount:g}"
            )


def _wrong_durations(steps: Sequence[Step], hop_s: float) -> Iterator[str]:
    shortest_s = _N_HOPS_MIN * hop_s
    for index, step in enumerate(steps):
        if step.settle_s >= step.duration_s:
            yield (
                f"steps[{index}].settle_s: expected less than duration_s ({step.duration_s:g}), "
                f"found {step.settle_s:g}"
            )
        elif step.measured_s < shortest_s * (1.0 - _ROUNDING):
            yield (
                f"steps[{index}].duration_s: expected at least {step.settle_s + shortest_s:g} "
                f"(settle_s and {_N_HOPS_MIN} hops of {hop_s:g} s), found {step.duration_s:g}"
            )


def _wrong_ways(
    doses: Sequence[Dose], n_steps: int, device: DeviceConfig, per_s: float
) -> Iterator[str]:
    """Refuse a step whose measurement begins before the device can have reached its amount."""
    before = device.safe_amount
    unit = " mA" if device.unit == "ma" else ""
    for index, dose in enumerate(doses):
        way_s = abs(dose.amount - before) / per_s
        if dose.settle_s < way_s * (1.0 - _ROUNDING):
            yield (
                f"steps[{min(index, n_steps - 1)}].settle_s: expected at least {way_s:.4g} (the "
                f"way from {before:g} to {dose.amount:g}{unit} at {per_s:g} a second), "
                f"found {dose.settle_s:g}"
            )
        before = dose.amount


def _wrong_budgets(doses: Sequence[Dose], device: DeviceConfig) -> Iterator[str]:
    """Refuse a staircase that would exceed the time above safe or the charge of the device."""
    limits = device.limits
    above_s = _longest_above_s(doses, device)
    if above_s > 0.0 and above_s + device.way_down_s() >= limits.on_time_s_max:
        yield (
            f"steps: expected less than on_time_s_max ({limits.on_time_s_max:g} s) of device "
            f"{device.id!r} above its safe amount ({device.safe_amount:g}) without a break, the "
            f"way down included, found {above_s:g} s: put a step at the safe amount between, or "
            "make steps shorter"
        )
    highest_uc = limits.charge_uc_per_10_min_max
    if highest_uc is not None:
        rate = max((device.charge_uc_per_s(each) for each in device.programs), default=0.0)
        charge_uc = rate * _most_in_ten_minutes(doses)
        if charge_uc >= highest_uc:
            yield (
                f"steps: expected less than charge_uc_per_10_min_max ({highest_uc:g} uC) of "
                f"device {device.id!r} in any ten minutes, found {charge_uc:.0f} uC: make steps "
                "lower or shorter"
            )


def _longest_above_s(doses: Sequence[Dose], device: DeviceConfig) -> float:
    longest_s = above_s = 0.0
    break_s = device.limits.off_time_s_min + device.way_down_s()
    for dose in doses:
        is_above = dose.amount > device.safe_amount
        if is_above or (above_s > 0.0 and dose.duration_s < break_s):
            above_s += dose.duration_s
        else:
            above_s = 0.0
        longest_s = max(longest_s, above_s)
    return longest_s


def _most_in_ten_minutes(doses: Sequence[Dose]) -> float:
    """Return the highest integral of the amount over any ten minutes, in its unit times seconds."""
    edges_s = [0.0, *accumulate(each.duration_s for each in doses)]

    def given(until_s: float) -> float:
        return sum(
            dose.amount * min(max(until_s - start_s, 0.0), dose.duration_s)
            for dose, start_s in zip(doses, edges_s, strict=False)
        )

    starts_s = [*edges_s, *(edge_s - _CHARGE_WINDOW_S for edge_s in edges_s)]
    return max(given(start_s + _CHARGE_WINDOW_S) - given(start_s) for start_s in starts_s)
