"""How events at a phase of a rhythm are configured."""

from typing import Annotated

from msgspec import Meta

from detectors.detector import DetectorConfig, Reads
from detectors.threshold_config import CalibratedOrFixed


class AmplitudeGate(CalibratedOrFixed, frozen=True, kw_only=True):
    """The amplitude that an event needs, calibrated or fixed; and a limit on power beside the band.

    Parameters
    ----------
    percentile : float
        From 0 to 100, of the valid hops of the calibration stretch, channel by channel.
    calibrate_s : float
        Length of that stretch, counted in valid hops.
    amplitude_uv_min : float
        A fixed threshold.
    outside_max : float, optional
        The gate is closed, and nothing is taken for the percentile, where more than this share of
        the power that passed lies outside the band, or where the share is not known yet: of an
        oscillation with `output` ``"amplitude_phase_and_outside"``.

    Raises
    ------
    ValueError
        Unless it is exactly one of the two.

    Examples
    --------
    >>> AmplitudeGate(percentile=50.0, calibrate_s=20.0).calibrate_s
    20.0
    """

    amplitude_uv_min: Annotated[float, Meta(gt=0.0, le=1e12)] | None = None
    outside_max: Annotated[float, Meta(gt=0.0, lt=1.0)] | None = None

    def __post_init__(self) -> None:
        self.require_one("gate", "amplitude_uv_min")


class TargetPhaseConfig(
    DetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="target_phase"
):
    """A `[[detectors]]` table of kind ``target_phase``.

    Parameters
    ----------
    of : str
        Id of the oscillation that it reads: one with amplitude and phase, and without a lead.
    gate : AmplitudeGate
        No event is given unless the amplitude is above this.
    phase_rad : float
        The target, from -2 pi to 2 pi: 0 at the peak of the rhythm, pi at its trough.
    lead_s : float
        Seconds before it comes at which an event is given.
    refractory_cycles : float
        No two events are nearer than this part of a cycle of the centre.

    Examples
    --------
    >>> import msgspec
    >>> gate = {"percentile": 50.0, "calibrate_s": 20.0}
    >>> table = {"kind": "target_phase", "id": "peaks", "of": "rhythm", "gate": gate}
    >>> msgspec.convert(table, TargetPhaseConfig).phase_rad
    0.0
    """

    of: str
    gate: AmplitudeGate
    phase_rad: Annotated[float, Meta(ge=-6.2832, le=6.2832)] = 0.0
    lead_s: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    refractory_cycles: Annotated[float, Meta(ge=0.5, le=0.9)] = 0.7

    @property
    def reads(self) -> tuple[Reads, ...]:
        """The oscillation."""
        return (Reads("of", "detector", self.of),)
