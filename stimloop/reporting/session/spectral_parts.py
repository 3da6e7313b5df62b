"""Spectra, coherence and the coupling of phase and amplitude of a stream."""

from typing import Any, Final

import numpy as np

from stimloop import colours
from stimloop.reporting import figure as paint
from stimloop.reporting import pictures
from stimloop.reporting.page import Picture
from stimloop.reporting.pictures import Line
from stimloop.reporting.session import comodulogram
from stimloop.reporting.session.stream_view import HELD_S, StreamView

_N_PAIRS: Final = 4
_HZ_MAX: Final = 100.0


def spectra_part(name: str, view: StreamView, number: int) -> dict[str, Any] | str:
    """Return the spectrum of each channel, or why there is none."""
    spectra = view.spectra
    if not spectra.n_windows:
        return "there are no two seconds of good samples that follow each other"
    shown = (spectra.hz > 0.5) & (spectra.hz <= min(_HZ_MAX, 0.45 * spectra.rate_hz))
    density = spectra.density_uv2_per_hz
    drawn = [
        Line(channel, spectra.hz[shown], np.maximum(density[shown, column], 1e-12), colour, style)
        for column, (channel, (colour, style)) in enumerate(
            zip(spectra.channels, paint.CHANNELS, strict=False)
        )
    ]
    n_more = len(view.layout.channels) - len(spectra.channels)
    rest = f" {n_more} more channels are not shown." if n_more else ""
    found = pictures.lines(
        drawn,
        label_x="frequency (Hz)",
        label_y="µV²/Hz",
        caption=(
            f"Welch's spectra of stream {name}: {spectra.n_windows} Hann windows of 2 s, half "
            f"overlapped. Shaded: the band of its detectors.{rest}"
        ),
        name=f"spectra-{number}",
        is_log=True,
        shaded=view.band_hz,
        height_in=3.6,
    )
    return {"pictures": [found] if found else []}


def coherence_part(view: StreamView, number: int) -> dict[str, Any] | str:
    """Return the coherence of the first channels, or why there is none."""
    spectra = view.spectra
    if len(spectra.channels) < 2:
        return "detectors read one channel of this stream alone"
    if spectra.n_windows < 4:
        return "there are too few seconds of good samples"
    shown = (spectra.hz > 0.5) & (spectra.hz <= min(_HZ_MAX, 0.45 * spectra.rate_hz))
    drawn = [
        Line(f"{one} - {other}", spectra.hz[shown], values[shown], colour, style)
        for ((one, other), values), (colour, style) in zip(
            spectra.coherences(_N_PAIRS), paint.CHANNELS, strict=False
        )
    ]
    null = spectra.coherence_null
    ends = spectra.hz[shown][[0, -1]]
    drawn.append(Line("noise, exceeded by 5 %", ends, [null, null], colours.BLACK, "--"))
    found = pictures.lines(
        drawn,
        label_x="frequency (Hz)",
        label_y="coherence",
        caption=(
            "Magnitude-squared coherence of the first channels. Below the dashed line it is no "
            "more than that of unrelated noise. Channels with a common reference go together at "
            "every frequency."
        ),
        name=f"coherence-{number}",
        shaded=view.band_hz,
    )
    return {"pictures": [found] if found else []}


def coupling_part(view: StreamView, number: int) -> dict[str, Any] | str:
    """Return the comodulogram of the first channel, or why there is none."""
    rate_hz, held_uv = view.layout.rate_hz, view.held_uv
    if rate_hz < comodulogram.RATE_HZ_MIN:
        return f"it needs at least {comodulogram.RATE_HZ_MIN:g} samples a second, found {rate_hz:g}"
    if len(held_uv) < comodulogram.LENGTH_S_MIN * rate_hz:
        return (
            f"it needs {comodulogram.LENGTH_S_MIN:g} s of good samples that follow each other, "
            f"found {len(held_uv) / rate_hz:.1f} s"
        )
    length_s = min(len(held_uv) / rate_hz, HELD_S / 2.0)
    found = comodulogram.comodulogram(held_uv[: round(length_s * rate_hz), 0], rate_hz)
    if not np.isfinite(found.modulation).any():
        return f"of {rate_hz:g} samples a second no band is wide enough for a phase's side bands"
    with paint.drawing():
        figure = paint.new_figure(6.5, 3.8)
        axis = figure.subplots()
        # One hue from light to dark: as good in grey, and to a colour-blind person.
        mesh = axis.pcolormesh(
            found.phase_hz, found.amplitude_hz, 1000.0 * found.modulation, cmap="cividis"
        )
        mesh.set_rasterized(False)
        rows, columns = np.nonzero(found.modulation > found.null)
        axis.plot(
            found.phase_hz[columns],
            found.amplitude_hz[rows],
            linestyle="",
            marker="o",
            markersize=3.5,
            markerfacecolor="white",
            markeredgecolor="black",
        )
        axis.set_xlabel("frequency of the phase (Hz)")
        axis.set_ylabel("frequency of the amplitude (Hz)")
        axis.grid(visible=False)
        figure.colorbar(mesh, ax=axis, label="modulation index (x 1000)")
        svg = paint.svg_of(figure, f"coupling-{number}")
    caption = (
        f"Tort's modulation index of {view.channels[0]}, of {length_s:.0f} s. A dot: more than the "
        "highest of 19 random shifts, which 5 % of unrelated signals exceed, so some dots are "
        "chance. Empty where the band of the amplitude could not hold the side bands."
    )
    return {"pictures": [Picture(svg, caption)]}
