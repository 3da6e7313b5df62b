"""The ranges of an implant's adaptive parameters, Medtronic's Percept, that its policies share."""

from collections.abc import Iterator
from typing import Annotated, TypeAlias

from msgspec import Meta

from stimulators.device_config import DeviceConfig

AveragingDuration: TypeAlias = Annotated[float, Meta(ge=0.0, le=30.0)]
BlankingDuration: TypeAlias = Annotated[float, Meta(ge=0.0, le=30.0)]
TransitionDuration: TypeAlias = Annotated[float, Meta(ge=0.25, le=1800.0)]
LimitAmplitude: TypeAlias = Annotated[float, Meta(ge=0.0, le=25.5)]


def wrong_device(device: DeviceConfig) -> Iterator[str]:
    """Refuse a device that does not speak milliampere, as all parameters of the implant do."""
    if device.unit != "ma":
        yield (
            f"device: expected one that speaks milliampere, as the implant does, found "
            f"{device.id!r}, which speaks level"
        )
