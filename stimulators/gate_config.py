"""The time limits of the gate: age of data, holds, leases, answers and clocks."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

#: How far a rig does what its policies want: all of it, a rise only once an operator said yes to
#: it, or none of it.
Stage: TypeAlias = Literal["closed", "confirm", "shadow"]


class GateConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[gate]` table: the time limits of data, holds, leases, answers and clocks.

    Parameters
    ----------
    data_age_s_max : float
        Greatest age of the data under a decision; older data hold the rig.
    resume_s : float
        How long data must be good without a break before a hold ends.
    hold_s_max : float
        Longest hold; then the rig goes safe. Longer than a detector's window: else one bad sample,
        which spoils a whole window, would end in safe.
    lease_s : float
        Length of a lease: a device without a newer one for this long goes to its safe amount.
    command_valid_s : float
        A command that reaches its device later than this is refused there.
    ack_s_max : float
        A command without an answer for this long holds the rig; at most one and a half leases, so
        that with the tick it is noticed within two.
    device_silence_s_max : float
        A device without any message for this long is lost. Devices ask for the time far more
        often.
    clock_uncertainty_s_max : float
        Highest uncertainty of a stream's clock, and how far ahead of now smoothed stamps may be.
    clock_step_s_max : float
        Largest step of a stream's clock.
    refusals_in_row_max : int
        A device that refuses more commands in a row than this holds the rig, and then makes it
        safe.
    lapses_per_min_max : int
        Lapses (a device's lease that ended, a stall of the service) in any 60 s; one more makes
        the rig safe.

    Raises
    ------
    ValueError
        Where a hold could never end well, or a silent device would be noticed too late.
    """

    data_age_s_max: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.1
    resume_s: Annotated[float, Meta(ge=0.0, le=60.0)] = 0.5
    hold_s_max: Annotated[float, Meta(gt=0.0, le=60.0)] = 2.0
    lease_s: Annotated[float, Meta(ge=0.05, le=10.0)] = 0.25
    command_valid_s: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.1
    ack_s_max: Annotated[float, Meta(gt=0.0, le=20.0)] = 0.25
    device_silence_s_max: Annotated[float, Meta(gt=0.0, le=60.0)] = 5.0
    clock_uncertainty_s_max: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.005
    clock_step_s_max: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.01
    refusals_in_row_max: Annotated[int, Meta(ge=1, le=100)] = 5
    lapses_per_min_max: Annotated[int, Meta(ge=0, le=60)] = 2

    def __post_init__(self) -> None:
        wrong = []
        if not self.hold_s_max > self.resume_s:
            wrong.append(
                f"hold_s_max: expected more than resume_s ({self.resume_s:g}), "
                f"found {self.hold_s_max:g}"
            )
        if not self.ack_s_max <= 1.5 * self.lease_s:
            wrong.append(
                f"ack_s_max: expected at most 1.5 leases ({1.5 * self.lease_s:g}), "
                f"found {self.ack_s_max:g}"
            )
        if wrong:
            raise ValueError("\n".join(wrong))
