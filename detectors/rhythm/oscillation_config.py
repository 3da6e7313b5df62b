"""How an oscillation is configured."""

from typing import Annotated, Literal

from msgspec import Meta

from detectors.stream_detector import StreamDetectorConfig


class OscillationConfig(
    StreamDetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="oscillation"
):
    """A `[[detectors]]` table of kind ``oscillation``.

    Parameters
    ----------
    stream : str
        Name of the stream.
    channels : tuple of str
        Labels, the stream's own or of its montage; empty takes all of them.
    centre_hz : float
        Frequency of the rhythm.
    method : {"resonator", "hilbert"}
        A complex one-pole resonator, or the endpoint-corrected Hilbert transform of a window.
    half_width_hz : float
        Distance from the centre at which half the power is let through. Wide and quick beats narrow
        and slow where the rhythm itself wanders.
    order : int
        Poles of the resonator, or pole pairs of the filter of ``hilbert``; 1 unless given. More of
        them keep out what is beside the band, and are later: 1.3, 1.5, 1.7 times at 2, 3, 4 poles.
    window_s : float
        Of ``hilbert`` only: length of the window, 0.5 s unless given.
    lead_s : float
        Seconds after the newest sample for which the phase is predicted.
    hop_s : float
        From one estimate to the next; rounded to samples, at least one.
    outside_max : float, optional
        Amplitude and phase are not valid where more than this share of the power that passed lies
        outside the band, or where the share is not known yet. Of ``resonator`` only.
    outside_time_constant_s : float
        Time constant of the two mean powers whose ratio is that share. The share is known three
        time constants after a restart.
    output : {"amplitude_and_phase", "amplitude", "amplitude_phase_and_outside"}
        Amplitude and phase; the amplitude alone, since a burst detector reads one measure a
        channel; or both with that share.

    Examples
    --------
    >>> config = OscillationConfig(id="rhythm", stream="LFP", centre_hz=20.0)
    >>> config.method
    'resonator'
    """

    centre_hz: Annotated[float, Meta(gt=0.0, le=1e5)]
    channels: tuple[str, ...] = ()
    method: Literal["resonator", "hilbert"] = "resonator"
    half_width_hz: Annotated[float, Meta(ge=0.01, le=1e5)] = 5.0
    order: Annotated[int, Meta(ge=1, le=8)] = 1
    window_s: Annotated[float, Meta(gt=0.0, le=60.0)] | None = None
    lead_s: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    hop_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.01
    outside_max: Annotated[float, Meta(gt=0.0, lt=1.0)] | None = None
    outside_time_constant_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.5
    output: Literal["amplitude_and_phase", "amplitude", "amplitude_phase_and_outside"] = (
        "amplitude_and_phase"
    )

    def __post_init__(self) -> None:
        if self.half_width_hz >= self.centre_hz:
            raise ValueError(
                f"half_width_hz: expected less than centre_hz ({self.centre_hz:g}), "
                f"found {self.half_width_hz:g}"
            )
        if self.lead_s > 0.0 and self.output == "amplitude":
            raise ValueError(
                f"lead_s: expected 0 where output is 'amplitude', found {self.lead_s:g}"
            )
        if self.window_s is not None and self.method == "resonator":
            raise ValueError(
                f"window_s: expected none where method is 'resonator', found {self.window_s:g}"
            )
        if self.method == "hilbert" and self.outside_max is not None:
            raise ValueError(
                f"outside_max: expected none where method is 'hilbert', found {self.outside_max:g}"
            )
        if self.method == "hilbert" and self.output == "amplitude_phase_and_outside":
            raise ValueError(
                "output: expected 'amplitude_and_phase' or 'amplitude' where method is 'hilbert', "
                f"found {self.output!r}"
            )
