"""The picture page of a calibration: spectrum, percentiles, bursts and onsets beside surrogates."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from replay.calibration.calibrated import BesideSurrogates, Calibration
from stimloop.colours import BLACK, BLUE, GREY, ORANGE, VERMILION
from stimloop.library.results.optional_packages import matplotlib_figure

#: Of the palette of Okabe and Ito, whose colours colour-blind people tell apart.
_RECORDING: Final = BLUE
_SURROGATES: Final = GREY
_BAND: Final = ORANGE
_CHOSEN: Final = VERMILION
_FIT: Final = BLACK
_TEXT: Final = {"fontsize": 11}
#: Channels in the panel of peaks.
_N_CHANNELS: Final = 12


def draw(found: Calibration) -> Any:  # noqa: ANN401 a figure
    """Return the page of a calibration.

    Raises
    ------
    InputError
        Where matplotlib is not installed.
    """
    figure = matplotlib_figure().Figure(figsize=(12.0, 10.5), layout="constrained")
    grid = figure.add_gridspec(3, 2)
    _draw_spectrum(figure.add_subplot(grid[0, 0]), found)
    _draw_channels(figure.add_subplot(grid[0, 1]), found)
    _draw_levels(figure.add_subplot(grid[1, 0]), found)
    _draw_onsets(figure.add_subplot(grid[1, 1]), found)
    _draw_bursts(figure.add_subplot(grid[2, 0]), found)
    _draw_bands(figure.add_subplot(grid[2, 1]), found)
    for axis in figure.axes:
        axis.spines[["top", "right"]].set_visible(False)
    peak = found.peak
    figure.suptitle(
        f"{Path(found.path).name}: {found.channel}, {peak.frequency_hz:.1f} Hz, "
        f"+{peak.height_db:.1f} dB over 1/f (p = {found.p:.2g})",
        fontsize=14,
    )
    return figure


def save(found: Calibration, file: Path) -> None:
    """Write the page to a file, as its suffix says."""
    draw(found).savefig(file, dpi=110)


def _draw_spectrum(axis: Any, found: Calibration) -> None:  # noqa: ANN401
    hz, density = found.spectrum.frequency_hz, found.spectrum.density
    is_shown = (hz >= 1.0) & (hz <= 100.0)
    axis.loglog(hz[is_shown], density[is_shown], color=_RECORDING, linewidth=1.6, label="spectrum")
    line = found.line
    fit_hz = np.geomspace(line.from_hz, line.to_hz, 50)
    fitted = 10.0**line.offset * fit_hz**-line.exponent
    axis.loglog(fit_hz, fitted, "--", color=_FIT, linewidth=1.2, label=f"1/f^{line.exponent:.2f}")
    axis.axvspan(*found.band_hz, color=_BAND, alpha=0.3, linewidth=0, label="band")
    axis.axvline(found.peak.frequency_hz, color=_CHOSEN, linewidth=1.4, label="peak")
    axis.set_xticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    axis.minorticks_off()
    axis.set_xlabel("frequency (Hz)", **_TEXT)
    axis.set_ylabel("µV²/Hz", **_TEXT)
    axis.set_title("spectrum of the chosen channel", **_TEXT)
    axis.legend(frameon=False, fontsize=9)


def _draw_channels(axis: Any, found: Calibration) -> None:  # noqa: ANN401
    shown = [each for each in found.candidates if each.peak is not None][:_N_CHANNELS]
    for row, each in enumerate(shown):
        assert each.peak is not None  # noqa: S101 only those are shown
        color = _CHOSEN if row == 0 else _RECORDING
        axis.plot([each.peak.low_hz, each.peak.high_hz], [row, row], color=color, linewidth=2.0)
        axis.plot(each.peak.frequency_hz, row, "o", color=color)
        axis.annotate(
            f"+{each.peak.height_db:.1f} dB",
            (1.0, row),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="center",
            fontsize=9,
        )
    axis.set_yticks(range(len(shown)), [each.channel for each in shown], fontsize=8)
    axis.set_ylim(len(shown) - 0.5, -0.5)
    edges = [each.peak for each in shown if each.peak is not None]
    low_hz = min(each.low_hz for each in edges)
    high_hz = max(each.high_hz for each in edges)
    axis.set_xlim(low_hz - 1.0, high_hz + 0.5 * (high_hz - low_hz) + 2.0)
    axis.set_xlabel("highest peak and its 95 % interval (Hz)", **_TEXT)
    axis.set_title("channels, the best first", **_TEXT)


def _draw_levels(axis: Any, found: Calibration) -> None:  # noqa: ANN401
    base = found.baseline
    percent = [int(each) for each in base.percentiles]
    axis.semilogy(
        percent, list(base.percentiles.values()), "o-", color=_RECORDING, label="percentiles"
    )
    axis.axhline(base.one_over_f, color=_FIT, linestyle="--", linewidth=1.2, label="1/f alone")
    for each, style in zip(found.thresholds, ("-", "-.", ":", "--"), strict=False):
        levels = [level for level in (each.single, each.upper, each.lower) if level is not None]
        for number, level in enumerate(levels):
            label = each.rule if number == 0 else None
            axis.axhline(level, color=_BAND, linestyle=style, linewidth=1.4, label=label)
    axis.set_xlabel("percentile", **_TEXT)
    axis.set_ylabel(f"power ({found.unit})", **_TEXT)
    axis.set_title("thresholds by each rule", **_TEXT)
    axis.set_xlim(0.0, 145.0)
    axis.set_xticks([0, 25, 50, 75, 100])
    axis.legend(loc="upper right", framealpha=1.0, edgecolor="white", fontsize=9)


def _draw_onsets(axis: Any, found: Calibration) -> None:  # noqa: ANN401
    onset_s = [each.onset_s for each in found.onsets]
    axis.plot(
        onset_s,
        [each.per_hour for each in found.onsets],
        "o-",
        color=_RECORDING,
        label="recording",
    )
    axis.plot(
        onset_s,
        [each.surrogates_per_hour for each in found.onsets],
        "s--",
        color=_SURROGATES,
        label="surrogates, mean",
    )
    if found.onset_s is not None:
        axis.axvline(found.onset_s, color=_CHOSEN, label=f"knee: {found.onset_s:.3g} s")
    axis.set_yscale("symlog", linthresh=1.0)
    axis.set_ylim(bottom=0.0)
    axis.set_xlabel("onset (s)", **_TEXT)
    axis.set_ylabel("switches an hour", **_TEXT)
    has_knee = "" if found.onset_s is not None else " (no knee stands out)"
    axis.set_title(f"switching by onset{has_knee}", **_TEXT)
    axis.legend(frameon=False, fontsize=9)


def _draw_bursts(axis: Any, found: Calibration) -> None:  # noqa: ANN401
    axis.set_title("bursts, as multiples of the surrogates' median", **_TEXT)
    if found.bursts is None:
        axis.text(0.5, 0.5, "no bursts", ha="center", transform=axis.transAxes)
        return
    rows: list[tuple[str, BesideSurrogates]] = [
        ("a minute", found.bursts.per_minute),
        ("mean length", found.bursts.mean_duration_s),
        ("longest", found.bursts.longest_s),
    ]
    for row, (_, each) in enumerate(rows):
        scale = each.median or 1.0
        span = [each.low / scale, each.high / scale]
        label = "surrogates, 95 %" if row == 0 else None
        axis.plot(span, [row, row], color=_SURROGATES, linewidth=8.0, alpha=0.6, label=label)
        label = "recording" if row == 0 else None
        axis.plot(each.value / scale, row, "D", color=_RECORDING, label=label)
    axis.axvline(1.0, color=_FIT, linewidth=0.8)
    axis.set_yticks(range(len(rows)), [name for name, _ in rows])
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xlabel("over the surrogates' median", **_TEXT)
    axis.legend(frameon=False, fontsize=9)


def _draw_bands(axis: Any, found: Calibration) -> None:  # noqa: ANN401
    off_hz = [each.off_hz for each in found.bands_off]
    for values, marker, color, label in (
        ([each.rhythm_share for each in found.bands_off], "o-", _RECORDING, "rhythm's power"),
        ([each.correlation for each in found.bands_off], "s--", _FIT, "correlation"),
        ([each.burst_time_found for each in found.bands_off], "D:", _CHOSEN, "bursts' time"),
    ):
        pairs = sorted([*zip(off_hz, values, strict=True), (0.0, 1.0)])
        axis.plot([x for x, _ in pairs], [y for _, y in pairs], marker, color=color, label=label)
    axis.set_ylim(0.0, 1.15)
    axis.set_xlabel("band off by (Hz)", **_TEXT)
    axis.set_ylabel("share that is left", **_TEXT)
    axis.set_title("what another band loses", **_TEXT)
    axis.legend(frameon=False, fontsize=9)
