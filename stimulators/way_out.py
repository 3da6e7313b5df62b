"""Whether the budgets of a device leave enough for its way down to the safe amount."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stimulators.limits import configured

if TYPE_CHECKING:
    from stimulators.device_config import DeviceConfig

#: Gate and device count charge in bins of 2 s, each by its own clock: so the safe amount counts for
#: up to this much longer than ten minutes.
_COUNTED_BEYOND_S = 4.0
#: A device is driven again only where its budget would last this long at its highest amount.
_HEADROOM_S = 1.0


def no_way_out(device: "DeviceConfig", lease_s: float) -> Iterator[str]:
    """Yield, with its key, each budget that a device could exceed on its way to the safe amount.

    Parameters
    ----------
    device : DeviceConfig
        The device, with its limits and programs.
    lease_s : float
        How long a lease may still hold the highest amount before the device goes down.
    """
    lease = f" and a lease of {lease_s:g} s" if lease_s else ""
    yield from _short_on_time(device, lease_s, lease)
    if device.unit == "ma":
        yield from _short_charge_budget(device, lease_s, lease)


def _short_on_time(device: "DeviceConfig", lease_s: float, lease: str) -> Iterator[str]:
    way_s = device.way_down_s(lease_s)
    if not device.limits.on_time_s_max > way_s:
        yield (
            f"limits.on_time_s_max: expected more than the {way_s:.4g} s of the way down"
            f"{lease}, found {device.limits.on_time_s_max:g}"
        )


def _short_charge_budget(device: "DeviceConfig", lease_s: float, lease: str) -> Iterator[str]:
    budget_uc = configured(device.limits.charge_uc_per_10_min_max)
    highest = device.amount_max
    amount_s = highest * lease_s + highest**2 / (2.0 * device.slew_per_s_max)
    way_uc = amount_s * max(device.charge_uc_per_s(each) for each in device.programs)
    rests = [("safe_ma", device.safe_amount, device.safe_program)]
    rests += [("stop_ma", device.stop_amount, each) for each in device.programs]
    for key, amount, program in rests:
        rest_uc = 600.0 * amount * device.charge_uc_per_s(program)
        headroom_uc = _headroom_to_arm_uc(device) if key == "safe_ma" else 0.0
        headroom = f", what it needs to be armed ({headroom_uc:.7g})" if headroom_uc else ""
        least_uc = rest_uc + headroom_uc + way_uc
        if not least_uc <= budget_uc:
            yield (
                "limits.charge_uc_per_10_min_max: expected at least "
                f"{least_uc:.7g} uC, ten minutes of {key} in program {program} "
                f"({rest_uc:.7g}){headroom} and the way down{lease} ({way_uc:.7g}), "
                f"found {budget_uc:.7g}"
            )
            return


def _headroom_to_arm_uc(device: "DeviceConfig") -> float:
    """Return the charge beyond ten minutes at its safe amount that a device needs to be driven."""
    if not device.safe_amount:
        return 0.0
    beyond_uc = _COUNTED_BEYOND_S * device.safe_amount * device.charge_uc_per_s(device.safe_program)
    dearest = max(device.charge_uc_per_s(each) for each in device.programs)
    return beyond_uc + _HEADROOM_S * device.amount_max * dearest
