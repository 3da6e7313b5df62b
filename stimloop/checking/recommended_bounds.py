"""Warns of values within a rig's absolute bounds and outside the recommended ones."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stimloop.checking.trigger_rates import too_many_triggers
from stimulators.device_config import DeviceConfig

if TYPE_CHECKING:
    from stimloop.config import Config

#: R. V. Shannon, IEEE Trans. Biomed. Eng. 39(4), 1992: k = 1.85 separates damage from none.
_K_MAX = 1.5
#: The discs of those experiments were no smaller.
_AREA_CM2_MIN = 0.01
#: No implant for deep brain stimulation gives more.
_AMPLITUDE_MA_MAX = 25.5


def outside_recommended(config: "Config") -> Iterator[str]:
    """Yield a warning for each figure outside its recommended bounds: key, found, expected, why."""
    for index, device in enumerate(config.devices):
        if device.unit == "ma":
            yield from _of_device(f"$.devices[{index}]", device)
    yield from too_many_triggers(config)


def _of_device(path: str, device: DeviceConfig) -> Iterator[str]:
    if device.amount_max > _AMPLITUDE_MA_MAX:
        yield (
            f"{path}.limits.amplitude_ma_max: recommended at most {_AMPLITUDE_MA_MAX:g}, found "
            f"{device.amount_max:g}: implants for deep brain stimulation give no more"
        )
    for name, program in device.programs.items():
        where, area_cm2 = f"{path}.programs.{name}", program.contact_area_cm2
        charge_uc = device.amount_max * device.charge_uc(name)
        if area_cm2 is None or charge_uc <= 0.0:
            continue
        if area_cm2 < _AREA_CM2_MIN:
            yield (
                f"{where}.contact_area_cm2: recommended at least {_AREA_CM2_MIN:g}, found "
                f"{area_cm2:g}: Shannon's line was found with discs of 1 mm2 and more, and says "
                "nothing of smaller contacts"
            )
        k = math.log10(charge_uc * charge_uc / area_cm2)
        if k > _K_MAX:
            yield (
                f"{where}: recommended a Shannon k of at most {_K_MAX:g} at {device.amount_max:g} "
                f"mA (limits.amplitude_ma_max), found {k:.3g}: 1.85 is the line that parts damage "
                f"from none, and {_K_MAX:g} keeps a distance to it"
            )
