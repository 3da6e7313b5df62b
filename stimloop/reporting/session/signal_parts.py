"""Parts of a session's page that show signals, from the trace to bursts beside their null."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from replay.scoring.subjects import Band
from stimloop import colours
from stimloop.reporting import figure as paint
from stimloop.reporting import pictures
from stimloop.reporting.page import Page, Picture, Section
from stimloop.reporting.pictures import Line, Sample
from stimloop.reporting.session import comodulogram
from stimloop.reporting.session.material import Material
from stimloop.reporting.session.null_bursts import null_durations
from stimloop.reporting.session.stream_view import HELD_S, EventWindow, StreamView
from stimloop.reporting.trace import TraceEpisodes, TraceRow, trace_of

_N_PAIRS: Final = 4
_N_BURSTS: Final = 8
_N_ROSES: Final = 8
_N_PHASE_BINS: Final = 24
_SHADES: Final = (colours.ORANGE, colours.SKY_BLUE, colours.GREEN, colours.PURPLE)
_HZ_MAX: Final = 100.0
#: Fewer samples are not filtered; a step of time as long as this is a gap.
_N_FILTERED_MIN: Final = 64
_GAP_S: Final = 0.02
_BAND: Final = (
    "the band that its detectors look at, without delay. Wheel or buttons zoom, dragging moves."
)


def add_signal_parts(page: Page, material: Material) -> None:
    """Add the parts of each stream that is shown, and say which parts are missing, and why."""
    unseen = [each for each in material.loop.conditioners if each not in material.views]
    if unseen:
        page.left_out.append(
            ("Streams", f"{', '.join(unseen)}: no detector reads them, or three are shown already")
        )
    for number, (name, view) in enumerate(material.views.items()):
        if view.raw.start_s is None:
            page.left_out.append((f"Signals of {name}", "it gave no sample"))
            continue
        page.sections.append(_trace(name, view, material))
        for title, made in (
            ("Round events", _events(name, view, material, number)),
            ("Spectra", _spectra(name, view, number)),
            ("Coherence", _coherence(view, number)),
            ("Coupling of phase and amplitude", _coupling(view, number)),
            ("Phases of events", _roses(view, material, number)),
            ("Bursts beside their null", _bursts(name, view, material, number)),
        ):
            if isinstance(made, str):
                page.left_out.append((f"{title} of {name}", made))
            else:
                page.sections.append(Section(title=f"{title}: {name}", **made))


def _trace(name: str, view: StreamView, material: Material) -> Section:
    since_s = (view.raw.start_s or 0.0) - material.began_s
    rows: list[TraceRow] = []
    for column, channel in enumerate(view.traced):
        low, high = view.raw.low[:, column], view.raw.high[:, column]
        rows.append(TraceRow(channel, "µV", low, high, colours.BLACK))
        if view.filtered.start_s is not None and view.band_hz is not None:
            low_hz, high_hz = view.band_hz
            rows.append(
                TraceRow(
                    f"{channel}, {low_hz:g}-{high_hz:g} Hz",
                    "µV",
                    *_aligned(view, column),
                    colours.BLUE,
                )
            )
    shown = [
        (key, spans)
        for key, spans in material.episodes.items()
        if material.loop.chain.streams[key[0]] == name
    ][: len(_SHADES)]
    episodes = [
        TraceEpisodes(f"{detector} on {channel}", colour, spans)
        for ((detector, channel), spans), colour in zip(shown, _SHADES, strict=False)
    ]
    n_samples = max(1, round(view.raw.step_s * view.layout.rate_hz))
    point = "a sample" if n_samples == 1 else f"the range of {n_samples} samples"
    of = f"Of {len(view.layout.channels)} channels {', '.join(view.traced)}, conditioned"
    texts = [f"{of}, and below each {_BAND}"]
    if episodes:
        of = "; ".join(f"{_NAMES[each.colour]}: {each.name}" for each in episodes)
        texts.append(f"Shaded, from top to bottom, {of}.")
    return Section(
        title=f"Signal: {name}",
        texts=texts,
        trace=trace_of(rows, episodes, start_s=since_s, step_s=view.raw.step_s, step_text=point),
    )


_NAMES: Final = {
    colours.ORANGE: "orange",
    colours.SKY_BLUE: "blue",
    colours.GREEN: "green",
    colours.PURPLE: "purple",
}


def _aligned(view: StreamView, column: int) -> tuple[Any, Any]:
    """Return the filtered envelope on the steps of the raw one."""
    ratio = round(view.raw.step_s / view.filtered.step_s)
    n_steps = len(view.raw.low)
    offset = ((view.filtered.start_s or 0.0) - (view.raw.start_s or 0.0)) / view.filtered.step_s
    index = (np.arange(len(view.filtered.low)) + round(offset)) // max(ratio, 1)
    index = np.clip(index, 0, n_steps - 1)
    low, high = np.full(n_steps, np.inf), np.full(n_steps, -np.inf)
    np.minimum.at(low, index, view.filtered.low[:, column])
    np.maximum.at(high, index, view.filtered.high[:, column])
    return low, high


def _events(name: str, view: StreamView, material: Material, number: int) -> dict[str, Any] | str:
    if not view.windows:
        return "no detector of this stream detected an onset on a channel that is shown"
    windows = view.windows
    with paint.drawing():
        figure = paint.new_figure(8.0, 1.5 * len(windows) + 0.4)
        axes = np.atleast_1d(figure.subplots(len(windows), 1, sharex=True))
        for axis, each in zip(axes, windows, strict=True):
            for since_s, samples_uv in _unbroken(each, view.layout.rate_hz):
                axis.plot(since_s, samples_uv, color=colours.BLACK, lw=0.6)
                if view.band_hz is not None and samples_uv.size > _N_FILTERED_MIN:
                    band_uv = _band(samples_uv, view.band_hz, view.layout.rate_hz)
                    axis.plot(since_s, band_uv, color=colours.BLUE, lw=1.3)
            axis.axvline(0.0, color=colours.VERMILION, lw=1.5, linestyle="--")
            at_s = each.onset_s - material.began_s
            axis.set_title(
                f"{each.detector} on {each.channel}, {at_s:.2f} s", fontsize=9, loc="left"
            )
            axis.set_ylabel("µV")
        axes[-1].set_xlabel("seconds from the detected onset")
        svg = paint.svg_of(figure, f"events-{number}")
    caption = (
        "Black: conditioned signal; blue: the band, zero phase; red: the onset that was detected "
        f"online. A random choice of {len(windows)} onsets of stream {name}."
    )
    return {"pictures": [Picture(svg, caption)]}


def _unbroken(
    window: EventWindow, rate_hz: float
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield the parts of a window between gaps: seconds from the onset, and samples."""
    since_s = window.time_s - window.onset_s
    samples_uv = window.samples_uv - window.samples_uv.mean()
    cuts = np.flatnonzero(np.diff(since_s) > _GAP_S + 1.5 / rate_hz) + 1
    yield from zip(np.split(since_s, cuts), np.split(samples_uv, cuts), strict=True)


def _band(samples_uv: NDArray[np.float64], band_hz: Band, rate_hz: float) -> NDArray[np.float64]:
    sections = butter(2, band_hz, "bandpass", fs=rate_hz, output="sos")
    return np.asarray(sosfiltfilt(sections, samples_uv - samples_uv.mean()), np.float64)


def _spectra(name: str, view: StreamView, number: int) -> dict[str, Any] | str:
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


def _coherence(view: StreamView, number: int) -> dict[str, Any] | str:
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


def _coupling(view: StreamView, number: int) -> dict[str, Any] | str:
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


def _roses(view: StreamView, material: Material, number: int) -> dict[str, Any] | str:
    if not view.phases:
        return "no detector of this stream gives events at a phase"
    targets = {
        each.id: float(each.phase_rad)
        for each in material.config.detectors
        if hasattr(each, "phase_rad")
    }
    made: list[Picture] = []
    edges = np.linspace(-np.pi, np.pi, _N_PHASE_BINS + 1)
    for count, ((detector, channel), angles) in enumerate(view.phases.items()):
        if count == _N_ROSES:
            break
        counts = np.histogram(angles, edges)[0].tolist()
        length = abs(np.exp(1j * np.asarray(angles)).mean())
        aim = f"; its target is {targets[detector]:.2f} rad" if detector in targets else ""
        found = pictures.rose(
            counts,
            caption=(
                f"{detector} on {channel}: the phase of the band, zero phase, at {len(angles)} "
                f"events{aim}. 0 is the peak of the rhythm; mean resultant length {length:.2f}, "
                f"of random phases below {np.sqrt(-np.log(0.05) / len(angles)):.2f} in 95 %."
            ),
            name=f"rose-{number}-{count}",
        )
        if found is not None:
            made.append(found)
    return {"pictures": made}


def _bursts(name: str, view: StreamView, material: Material, number: int) -> dict[str, Any] | str:
    own = [
        (key, spans)
        for key, spans in material.episodes.items()
        if material.loop.chain.streams[key[0]] == name
    ]
    if not own:
        return "no burst was detected"
    nulls = null_durations(material, name, view)
    return {
        "texts": [] if nulls else [_NO_NULL],
        "pictures": list(_durations(own[:_N_BURSTS], nulls, number)),
    }


_NO_NULL: Final = (
    "No null: no good stretch of the signal is long enough for the detectors to calibrate on, or "
    "they found nothing in noise."
)


def _durations(
    own: list[tuple[tuple[str, str], list[tuple[float, float]]]],
    nulls: dict[tuple[str, str], list[float]],
    number: int,
) -> Iterator[Picture]:
    for count, ((detector, channel), spans) in enumerate(own):
        found = pictures.histogram(
            [
                Sample("this session", [end - start for start, end in spans], colours.VERMILION),
                Sample(
                    "noise of its spectrum", nulls.get((detector, channel), []), paint.GREY, ":"
                ),
            ],
            label="duration (s)",
            caption=(
                f"{detector} on {channel}: how long bursts lasted, and those of noise with the "
                f"spectrum of a good stretch of at most {HELD_S:g} s, at a threshold of its own."
            ),
            name=f"bursts-{number}-{count}",
        )
        if found is not None:
            yield found
