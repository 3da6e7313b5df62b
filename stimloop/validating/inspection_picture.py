"""The picture page of an inspection: when samples were flawed, and the spectrum of each channel."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from replay.inspection.inspected import ChannelInspection, Inspection, StreamInspection
from stimloop.colours import BLACK, BLUE, GREY, PURPLE, VERMILION
from stimloop.library.results.optional_packages import matplotlib_figure

#: Of the palette of Okabe and Ito, whose colours colour-blind people tell apart.
_SPECTRUM: Final = BLUE
_FIT: Final = BLACK
_PEAK: Final = VERMILION
_LINE: Final = PURPLE
_FLAW: Final = VERMILION
_GAP: Final = BLACK
_N_COLUMNS: Final = 4
#: Channels on one page.
_N_CHANNELS: Final = 24
_LOWEST_HZ: Final = 1.0
_HIGHEST_HZ: Final = 150.0
_WIDTH_IN: Final = 12.0
_ROW_IN: Final = 2.3
_TEXT: Final = 10


def draw(found: Inspection) -> Any:  # noqa: ANN401 a figure
    """Return the page of an inspection.

    Raises
    ------
    InputError
        Where matplotlib is not installed.
    """
    shown = [channel for each in found.streams for channel in _shown(each)]
    n_left_out = max(0, len(shown) - _N_CHANNELS)
    shown = shown[:_N_CHANNELS]
    streams = [each for each in found.streams if each.tainted.size]
    n_rows = -(-len(shown) // _N_COLUMNS)
    heights = [0.25 + 0.16 * len(each.channels) for each in streams] + [_ROW_IN] * n_rows
    figure = matplotlib_figure().Figure(
        figsize=(_WIDTH_IN, sum(heights) + 1.0 + 0.4 * len(heights)), layout="constrained"
    )
    left_out = f" ({n_left_out} channels more are not shown)" if n_left_out else ""
    figure.suptitle(f"{found.name}{left_out}", fontsize=14)
    if not heights:
        return figure
    grid = figure.add_gridspec(len(heights), _N_COLUMNS, height_ratios=heights)
    for row, stream in enumerate(streams):
        _draw_flaws(figure.add_subplot(grid[row, :]), stream)
    for number, channel in enumerate(shown):
        row, column = divmod(number, _N_COLUMNS)
        axis = figure.add_subplot(grid[len(streams) + row, column])
        _draw_spectrum(axis, channel, has_label=column == 0)
    return figure


def save(found: Inspection, file: Path) -> None:
    """Write the page to a file, as its suffix says."""
    draw(found).savefig(file, dpi=110)


def _shown(stream: StreamInspection) -> list[ChannelInspection]:
    return [each for each in stream.channels if each.spectrum is not None]


def _draw_flaws(axis: Any, stream: StreamInspection) -> None:  # noqa: ANN401
    n_seconds, n_channels = stream.tainted.shape
    axis.set_title(f"{stream.name}: flawed samples (colour) and gaps (lines)", fontsize=_TEXT)
    labels = [each.channel for each in stream.channels]
    for row in range(n_channels):
        flawed = np.flatnonzero(stream.tainted[:, row] > 0.0)
        axis.plot([0, n_seconds], [row, row], color=GREY, linewidth=1.0, zorder=1)
        axis.broken_barh(
            [(int(second), 1.0) for second in flawed], (row - 0.4, 0.8), color=_FLAW, linewidth=0
        )
    for gap in stream.gaps:
        axis.axvline(gap.sample / max(stream.rate_hz, 1.0), color=_GAP, linewidth=2.0)
    axis.set_yticks(range(n_channels), labels, fontsize=7)
    axis.set_ylim(n_channels - 0.5, -0.5)
    axis.set_xlim(0.0, max(n_seconds, 1))
    axis.set_xlabel("time without gaps (s)", fontsize=_TEXT)
    axis.spines[["top", "right"]].set_visible(False)


def _draw_spectrum(axis: Any, channel: ChannelInspection, *, has_label: bool) -> None:  # noqa: ANN401
    spectrum = channel.spectrum
    assert spectrum is not None  # noqa: S101 only those are shown
    hz, density = spectrum.frequency_hz, spectrum.density
    is_shown = (hz >= _LOWEST_HZ) & (hz <= _HIGHEST_HZ)
    axis.loglog(hz[is_shown], density[is_shown], color=_SPECTRUM, linewidth=1.2)
    if (line := channel.line) is not None:
        fit_hz = np.geomspace(line.from_hz, line.to_hz, 50)
        axis.loglog(
            fit_hz, 10.0**line.offset * fit_hz**-line.exponent, "--", color=_FIT, linewidth=1.0
        )
    for peak in channel.peaks[:2]:
        axis.axvspan(peak.low_hz, peak.high_hz, color=_PEAK, alpha=0.3, linewidth=0)
        axis.axvline(peak.frequency_hz, color=_PEAK, linewidth=1.0)
    for each in channel.lines:
        if each.frequency_hz <= _HIGHEST_HZ:
            axis.axvline(each.frequency_hz, color=_LINE, linewidth=1.0, linestyle=":")
    told = "no peak" if channel.line is not None else channel.problem[:40]
    if channel.peaks:
        best = channel.peaks[0]
        told = f"{best.frequency_hz:.1f} Hz +{best.height_db:.0f} dB"
    axis.text(0.04, 0.05, told, transform=axis.transAxes, fontsize=_TEXT)
    axis.set_title(channel.channel, fontsize=9)
    # A notch filter would take up most of the height.
    axis.set_ylim(bottom=0.5 * float(np.percentile(density[is_shown], 5.0)))
    axis.set_xticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    axis.minorticks_off()
    axis.set_xlim(_LOWEST_HZ, min(_HIGHEST_HZ, float(hz[-1])))
    axis.set_xlabel("Hz", fontsize=_TEXT)
    if has_label:
        axis.set_ylabel("µV²/Hz", fontsize=_TEXT)
    axis.spines[["top", "right"]].set_visible(False)
