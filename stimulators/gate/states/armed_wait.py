"""How long an armed rig waits to be driven, and the text of what it waits for."""

from stimulators.gate.states.drive_group import DriveGroup

#: An arming without a valid estimate ends after this, calibration not counted.
_ARMED_S_MAX = 60.0


class ArmedWait:
    """What an armed rig waits for: a valid estimate, then a device that takes its lease.

    Parameters
    ----------
    drives : DriveGroup
        The devices.
    calibration_s : float
        The longest calibration of a detector.
    """

    def __init__(self, drives: DriveGroup, calibration_s: float) -> None:
        self._drives = drives
        self._calibration_s = calibration_s

    @property
    def longest_s(self) -> float:
        """How long the rig may stay armed; a calibration under way makes it longer."""
        return _ARMED_S_MAX + (self._calibration_s if self._drives.is_calibrating else 0.0)

    def text(self, left_s: float) -> str:
        """Return what the rig waits for, with the seconds that are left."""
        what = "a valid estimate"
        if self._drives.is_calibrating:
            to_go_s = self._calibration_s - self._drives.calibrated_s
            more = f"{to_go_s:.0f} s to go" if to_go_s > 0.0 else "until enough of it is valid"
            what = f"{what} (it calibrates, {more})"
        if engaged := self._drives.engaged_ids:
            what = f"{', '.join(engaged)} to reach the safe amount and take a lease"
        return f"waits for {what}, at most {left_s:.0f} s"

    @property
    def missing_text(self) -> str:
        """What did not come, once the time is over."""
        engaged = self._drives.engaged_ids
        return f"{', '.join(engaged)} did not take a lease" if engaged else "no valid estimate"
