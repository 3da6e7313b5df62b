"""The scale of band power: as it is, logarithms, percent of a total, against a frozen baseline."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from detectors.compiling.bundle import Bundle
from detectors.estimates import Estimates
from detectors.power import scale_kernel as kernel

Scale: TypeAlias = Literal["power", "log10", "decibel", "percent", "z"]

#: Scales that are relative to a baseline.
WITH_BASELINE: Final[tuple[Scale, ...]] = ("decibel", "z")
#: What a percentage is of, where the table does not say.
TOTAL_HZ: Final = (5.0, 45.0)

_Positive: TypeAlias = Annotated[float, Meta(gt=0.0, le=1e24)]
_Level: TypeAlias = Annotated[float, Meta(ge=-300.0, le=24.0)]
_Spread: TypeAlias = Annotated[float, Meta(ge=1e-6, le=300.0)]


class PowerBaseline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reference of a power: measured over a stretch and then frozen, or a written value.

    A written value is one number for all, or a table with one for every output.

    Parameters
    ----------
    calibrate_s : float
        Length of the stretch, counted in valid hops with a power above 0.
    power_uv2 : float or dict of str to float
        The power that is 0 dB.
    log10_mean : float or dict of str to float
        Mean of the decadic logarithm of the power; with `log10_sd`.
    log10_sd : float or dict of str to float
        Its standard deviation.

    Raises
    ------
    ValueError
        Unless it is exactly one of the three.

    Examples
    --------
    >>> PowerBaseline(log10_mean={"beta": 1.2, "low": 1.5}, log10_sd=0.3).given
    ['log10_mean', 'log10_sd']
    """

    calibrate_s: Annotated[float, Meta(gt=0.0, le=3600.0)] | None = None
    power_uv2: _Positive | dict[str, _Positive] | None = None
    log10_mean: _Level | dict[str, _Level] | None = None
    log10_sd: _Spread | dict[str, _Spread] | None = None

    def __post_init__(self) -> None:
        if self.given not in (["calibrate_s"], ["power_uv2"], ["log10_mean", "log10_sd"]):
            raise ValueError(
                "baseline: expected calibrate_s, or power_uv2, or log10_mean and log10_sd, "
                f"found {', '.join(self.given) or 'none'}"
            )

    @property
    def given(self) -> list[str]:
        """The keys that are there."""
        return [key for key, value in msgspec.structs.asdict(self).items() if value is not None]

    def check(self, scale: Scale) -> None:
        """Expect a baseline that this scale can use."""
        fit = {"decibel": "power_uv2", "z": "log10_mean"}[scale]
        if self.given[0] not in ("calibrate_s", fit):
            raise ValueError(
                f"baseline: expected calibrate_s or {fit}, where scale is {scale!r}, "
                f"found {', '.join(self.given)}"
            )


class PowerScale:
    """Puts the powers of a detector on its scale.

    Parameters
    ----------
    scale : {"power", "log10", "decibel", "percent", "z"}
        The scale.
    baseline : PowerBaseline or None
        The reference of the power.
    outputs : sequence of str
        Names of the outputs.
    n_channels : int
        Channels; with "percent" each one's last power is the total, and has no output.
    hop_s : float
        From one estimate to the next.

    Attributes
    ----------
    calibration_s : float
        Length of the stretch that the baseline is taken from; 0 where it is written down.

    Raises
    ------
    ValueError
        Where a written baseline does not name the outputs.
    """

    def __init__(
        self,
        scale: Scale,
        baseline: PowerBaseline | None,
        outputs: Sequence[str],
        n_channels: int,
        hop_s: float,
    ) -> None:
        self._scale = scale
        self._outputs = tuple(outputs)
        self._n_channels = n_channels
        self.calibration_s = (baseline.calibrate_s or 0.0) if baseline else 0.0
        self._n_calibrate = 0
        if self.calibration_s > 0.0:
            self._n_calibrate = max(1, round(self.calibration_s / hop_s))
        n_outputs = len(self._outputs)
        self._centre = np.zeros(n_outputs)
        self._gain = np.full(n_outputs, 10.0 if scale == "decibel" else 1.0)
        if baseline is not None and baseline.power_uv2 is not None:
            self._centre = np.log10(_each(baseline.power_uv2, self._outputs, "power_uv2"))
        if baseline is not None and baseline.log10_mean is not None:
            assert baseline.log10_sd is not None  # noqa: S101 it says so itself
            self._centre = _each(baseline.log10_mean, self._outputs, "log10_mean")
            self._gain = 1.0 / _each(baseline.log10_sd, self._outputs, "log10_sd")
        self.reset()

    def reset(self) -> None:
        """Forget the calibration."""
        n_outputs = len(self._outputs)
        self._state = Bundle(
            kernel.State(
                centre=self._centre.copy(),
                gain=self._gain.copy(),
                n_collected=np.zeros(n_outputs, dtype=np.int64),
                mean=np.zeros(n_outputs),
                squares=np.zeros(n_outputs),
                settings=kernel.Settings(
                    n_calibrate=self._n_calibrate, is_spread=self._scale == "z"
                ),
            )
        )

    def put(self, powers: Estimates) -> Estimates:
        """Return powers on the scale; the arrays given may be written to."""
        if self._scale == "percent":
            shares = Estimates.empty(powers.detector, powers.sample.size, len(self._outputs))
            kernel.to_percent(
                powers.values, powers.valid, shares.values, shares.valid, self._n_channels
            )
            return msgspec.structs.replace(powers, values=shares.values, valid=shares.valid)
        kernel.to_logarithm(powers.values, powers.valid, self._state.addresses)
        return powers


def _each(
    given: float | Mapping[str, float], outputs: Sequence[str], key: str
) -> NDArray[np.float64]:
    """Return a written value for every output."""
    if isinstance(given, Mapping):
        if sorted(given) != sorted(outputs):
            raise ValueError(
                f"baseline.{key}: expected a value for each of {', '.join(outputs)}, "
                f"found {', '.join(given) or 'none'}"
            )
        return np.array([given[output] for output in outputs])
    return np.full(len(outputs), given)
