"""How band power is configured: its bands, and its table."""

from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta

from detectors.bands.bins import require_cycle, require_width
from detectors.bands.percept import (
    CENTRE_HZ,
    HALF_WIDTH_HZ,
    PERCEPT,
    PerceptPreset,
    PerceptSpectrum,
)
from detectors.bands.presets import PRESETS, Preset
from detectors.checks import require_band, window_error
from detectors.power.scale import TOTAL_HZ, WITH_BASELINE, PowerBaseline, Scale
from detectors.stream_detector import StreamDetectorConfig

#: Length of the window, where the table does not say.
WINDOW_S: Final = 1.0


class PowerBand(NamedTuple):
    """A band whose power is estimated.

    Parameters
    ----------
    key : str
        Where the table gives it; errors begin with it.
    name : str
        What its outputs are called after.
    band_hz : tuple of float
        Low and high edge.
    are_bins_whole : bool
        Whether a bin is in the band or not, by its frequency; otherwise the part of it that is.
    """

    key: str
    name: str
    band_hz: tuple[float, float]
    are_bins_whole: bool = False


class BandPowerConfig(
    StreamDetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="band_power"
):
    """A `[[detectors]]` table of kind ``band_power``.

    Parameters
    ----------
    stream : str
        Name of the stream.
    band_hz : tuple of float
        Low and high edge.
    preset : {"pd_stn_beta", "dystonia_gpi_low", "percept", "percept_single"}
        A band by name, instead: see `detectors.bands.presets`; or with `centre_hz` the power that
        an implant computes, in its own unit: see `detectors.bands.percept`.
    centre_hz : float
        Centre of the band of the implant's presets, 1 to 96 Hz.
    bands_hz : dict of str to tuple of float
        Several bands by name, instead.
    channels : tuple of str
        Labels, the stream's own or of its montage; empty takes all of them.
    method : {"periodogram", "recursive"}
        A sliding window, equal to the periodogram of it; or a recursive filter with less delay.
    window_s : float
        Length of the window, 1 s unless given; the spectrum has a bin every ``1 / window_s`` hertz.
        With the recursive method: length of a running mean, rounded to hops, that replaces the
        exponential one.
    time_constant_s : float
        Recursive: time constant of the exponential mean; 0.2 s by default.
    order : int
        Recursive: order of the Butterworth prototype, half that of the band-pass; 2 by default.
    hop_s : float
        From one estimate to the next; rounded to samples, at least one.
    update_s : float
        Periodogram: an estimate is the mean over several windows, one of which ends every
        `update_s` since the estimate before; `hop_s` is a whole number of updates. Without it, an
        estimate is of the newest window alone.
    scale : {"power", "log10", "decibel", "percent", "z"}
        Scale of the output: see `BandPower`.
    baseline : PowerBaseline
        Reference of the scales "decibel" and "z".
    total_hz : tuple of float
        The band whose power is 100 "percent", 5-45 Hz by default; it contains all other bands.
    outside_max : float
        Recursive: a power is not valid where more than this share of the power that passed the
        filter lies outside the band, or where that share is not known yet.
    outside_time_constant_s : float
        Recursive: time constant of the two mean powers whose ratio is that share; 0.5 s by default.
    output : {"power", "power_and_outside"}
        The power alone; or, with the recursive method, also that share of each band.

    Examples
    --------
    >>> BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0)).method
    'periodogram'
    >>> bands_hz = {"low": (4.0, 12.0), "beta": (13.0, 30.0)}
    >>> config = BandPowerConfig(id="bands", stream="LFP", bands_hz=bands_hz, method="recursive")
    >>> sorted(config.bands_hz)
    ['beta', 'low']
    """

    band_hz: tuple[float, float] | None = None
    preset: Literal[Preset, PerceptPreset] | None = None
    centre_hz: Annotated[float, Meta(ge=CENTRE_HZ[0], le=CENTRE_HZ[1])] | None = None
    bands_hz: (
        dict[Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$", max_length=64)], tuple[float, float]]
        | None
    ) = None
    channels: tuple[str, ...] = ()
    method: Literal["periodogram", "recursive"] = "periodogram"
    window_s: Annotated[float, Meta(gt=0.0, le=60.0)] | None = None
    time_constant_s: Annotated[float, Meta(gt=0.0, le=60.0)] | None = None
    order: Annotated[int, Meta(ge=1, le=8)] | None = None
    hop_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.01
    update_s: Annotated[float, Meta(gt=0.0, le=60.0)] | None = None
    scale: Scale = "power"
    baseline: PowerBaseline | None = None
    total_hz: tuple[float, float] | None = None
    outside_max: Annotated[float, Meta(gt=0.0, lt=1.0)] | None = None
    outside_time_constant_s: Annotated[float, Meta(gt=0.0, le=60.0)] | None = None
    output: Literal["power", "power_and_outside"] = "power"

    def __post_init__(self) -> None:
        given = [key for key in ("band_hz", "preset", "bands_hz") if getattr(self, key)]
        if len(given) != 1:
            raise ValueError(
                "band_hz: expected one of band_hz, preset and bands_hz, found "
                f"{' and '.join(given) or 'none'}"
            )
        self._check_percept()
        for key, _, band_hz, _ in self.all_bands:
            require_band(key, band_hz, from_zero=True)
        self._check_updates()
        self._check_method()
        self._check_scale()

    def _check_method(self) -> None:
        if self.method == "periodogram":
            for key in ("time_constant_s", "order", "outside_max", "outside_time_constant_s"):
                if getattr(self, key) is not None:
                    raise ValueError(
                        f"{key}: expected none where method is 'periodogram', "
                        f"found {getattr(self, key):g}"
                    )
            if self.has_outside:
                raise ValueError(
                    "output: expected 'power' where method is 'periodogram', which lets next to "
                    f"nothing through from outside, found {self.output!r}"
                )
            self._check_window()
        elif self.update_s is not None:
            raise ValueError(
                f"update_s: expected none where method is 'recursive', found {self.update_s:g}"
            )
        elif self.window_s is not None and self.time_constant_s is not None:
            raise ValueError(
                f"window_s: expected none where time_constant_s is given, found {self.window_s:g}"
            )

    def _check_window(self) -> None:
        window_s = self.spectrum_s
        if window_s <= self.spectra_every_s:
            raise window_error(window_s, self.spectra_every_s)
        for key, _, band_hz, are_bins_whole in self.all_bands:
            if not are_bins_whole:
                require_cycle(key, band_hz, "window_s", window_s)
                require_width(key, band_hz, "window_s", window_s)

    def _check_updates(self) -> None:
        if self.update_s is None:
            return
        if self.n_updates < 1 or abs(self.n_updates * self.update_s / self.hop_s - 1.0) > 1e-6:
            raise ValueError(
                f"hop_s: expected a whole number of updates (update_s = {self.update_s:g}), "
                f"found {self.hop_s:g}"
            )

    def _check_percept(self) -> None:
        """Expect of the implant's presets their centre and updates, and nothing they fix."""
        percept = self.percept
        if percept is None:
            if self.centre_hz is not None:
                raise ValueError(
                    f"centre_hz: expected none without preset = {' or '.join(map(repr, PERCEPT))}, "
                    f"found {self.centre_hz:g}"
                )
            return
        beside = f"beside preset = {self.preset!r}"
        if self.centre_hz is None:
            raise ValueError(f"centre_hz: expected the centre of the band {beside}, found none")
        for key, expected in (("method", "periodogram"), ("scale", "power"), ("window_s", None)):
            if (found := getattr(self, key)) != expected:
                raise ValueError(
                    f"{key}: expected {'none' if expected is None else repr(expected)} {beside}, "
                    f"found {found!r}"
                )
        key = "hop_s" if self.update_s is None else "update_s"
        if self.spectra_every_s not in percept.updates_s:
            raise ValueError(
                f"{key}: expected {' or '.join(f'{each:g}' for each in percept.updates_s)}, the "
                f"implant's updates, {beside}, found {self.spectra_every_s:g}"
            )

    def _check_scale(self) -> None:
        if (self.baseline is not None) != (self.scale in WITH_BASELINE):
            raise ValueError(
                f"baseline: expected {'one' if self.baseline is None else 'none'} where scale is "
                f"{self.scale!r}, found {'none' if self.baseline is None else 'one'}"
            )
        if self.baseline is not None:
            self.baseline.check(self.scale)
        if self.scale != "percent" and self.total_hz is not None:
            raise ValueError(
                f"total_hz: expected none where scale is {self.scale!r}, "
                f"found [{self.total_hz[0]:g}, {self.total_hz[1]:g}]"
            )
        if self.scale == "percent":
            *bands, (_, _, (least_hz, most_hz), _) = self.all_bands
            for _, _, (low_hz, high_hz), _ in bands:
                if not least_hz <= low_hz < high_hz <= most_hz:
                    raise ValueError(
                        f"total_hz: expected a band that holds [{low_hz:g}, {high_hz:g}], "
                        f"found [{least_hz:g}, {most_hz:g}]"
                    )

    @property
    def has_outside(self) -> bool:
        """Whether the share outside each band is an output."""
        return self.output == "power_and_outside"

    @property
    def percept(self) -> PerceptSpectrum | None:
        """The spectra of the implant's presets; None without one."""
        return next((each for name, each in PERCEPT.items() if name == self.preset), None)

    @property
    def spectrum_s(self) -> float:
        """Length of the window of a periodogram."""
        if self.percept is not None:
            return self.percept.window_s
        return WINDOW_S if self.window_s is None else self.window_s

    @property
    def spectra_every_s(self) -> float:
        """From one spectrum to the next."""
        return self.hop_s if self.update_s is None else self.update_s

    @property
    def n_updates(self) -> int:
        """How many spectra an estimate is the mean of."""
        return 1 if self.update_s is None else round(self.hop_s / self.update_s)

    @property
    def half_width_hz(self) -> float | None:
        """How far the band of the implant's presets reaches to both sides of its centre."""
        return None if self.percept is None else HALF_WIDTH_HZ

    @property
    def bands(self) -> tuple[PowerBand, ...]:
        """The bands that have an output."""
        if self.percept is not None and self.centre_hz is not None:
            low_hz = max(self.centre_hz - HALF_WIDTH_HZ, 0.0)
            band_hz = (low_hz, self.centre_hz + HALF_WIDTH_HZ)
            return (PowerBand("centre_hz", "", band_hz, are_bins_whole=True),)
        if self.preset is not None:
            found = (band_hz for name, band_hz in PRESETS.items() if name == self.preset)
            return tuple(PowerBand("preset", "", band_hz) for band_hz in found)
        if self.band_hz is not None:
            return (PowerBand("band_hz", "", self.band_hz),)
        bands_hz = self.bands_hz or {}
        return tuple(PowerBand(f"bands_hz.{name}", name, each) for name, each in bands_hz.items())

    @property
    def all_bands(self) -> tuple[PowerBand, ...]:
        """The same, and the total where they are a share of one."""
        if self.scale != "percent":
            return self.bands
        return (*self.bands, PowerBand("total_hz", "", self.total_hz or TOTAL_HZ))
