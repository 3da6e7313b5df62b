"""A calibration as text."""

from collections.abc import Iterator
from typing import Final

from replay.calibration.calibrated import SOURCES, Calibration, Thresholds

#: Channels that are listed beside the chosen one.
_N_LISTED: Final = 8


def calibration_lines(found: Calibration) -> Iterator[str]:
    """Yield what a calibration says, for a person."""
    peak = found.peak
    yield (
        f"{found.channel} of {found.stream}: peak at {peak.frequency_hz:.1f} Hz "
        f"[{peak.low_hz:.1f}, {peak.high_hz:.1f}], {peak.height_db:.1f} dB "
        f"[{peak.low_db:.1f}, {peak.high_db:.1f}] over 1/f^{found.line.exponent:.2f}, "
        f"p = {found.p:.2g} among {_counted(sum(not c.problem for c in found.candidates))}"
    )
    others = [each for each in found.candidates[1:] if each.peak is not None]
    if others:
        told = ", ".join(
            f"{each.channel} {each.peak.frequency_hz:.1f} Hz +{each.peak.height_db:.1f} dB"
            for each in others[:_N_LISTED]
            if each.peak is not None
        )
        more = len(others) - _N_LISTED
        yield f"other channels: {told}{f' and {more} more' if more > 0 else ''}"
    for each in found.candidates:
        if each.problem:
            yield f"{each.channel}: left out: {each.problem}"
    base = found.baseline
    low_hz, high_hz = found.band_hz
    yield (
        f"band {low_hz:g} to {high_hz:g} Hz, window {found.window_s:g} s: median "
        f"{base.median:.4g} {found.unit}, mean {base.mean:.4g}, 1/f alone {base.one_over_f:.4g}"
    )
    percentiles = ", ".join(f"{p} % {value:.4g}" for p, value in base.percentiles.items())
    yield f"percentiles ({found.unit}): {percentiles}"
    yield from (threshold_text(rule, found.unit) for rule in found.thresholds)
    yield from _burst_lines(found)
    yield from _onset_lines(found)
    for band in found.bands_off:
        yield (
            f"a band {band.off_hz:+g} Hz off: {100.0 * band.rhythm_share:.0f} % of the rhythm's "
            f"power, correlation {band.correlation:.2f}, "
            f"{100.0 * band.burst_time_found:.0f} % of the bursts' time found"
        )


def threshold_text(found: Thresholds, unit: str) -> str:
    """Return one rule's thresholds as a line."""
    named = {"single": found.single, "lower": found.lower, "upper": found.upper}
    levels = ", ".join(f"{key} {value:.4g}" for key, value in named.items() if value is not None)
    note = f"; {found.note}" if found.note else ""
    return (
        f"threshold {found.rule}: {levels} {unit} ({found.over_one_over_f_db:+.1f} dB over 1/f; "
        f"{100.0 * found.share_above:.0f} % of the time above, surrogates "
        f"{100.0 * found.surrogates_above:.0f} %){note} [{SOURCES[found.rule]}]"
    )


def _burst_lines(found: Calibration) -> Iterator[str]:
    if found.bursts is None:
        yield "no bursts over the 75th percentile"
        return
    for name, each in (
        ("bursts a minute", found.bursts.per_minute),
        ("mean burst (s)", found.bursts.mean_duration_s),
        ("longest burst (s)", found.bursts.longest_s),
    ):
        yield (
            f"{name}: {each.value:.3g}, surrogates {each.median:.3g} "
            f"[{each.low:.3g}, {each.high:.3g}], as much or more in p = {each.p:.2g}"
        )


def _onset_lines(found: Calibration) -> Iterator[str]:
    points = ", ".join(
        f"{each.onset_s:.3g} s {each.per_hour:.0f} ({each.surrogates_per_hour:.0f})"
        for each in found.onsets
    )
    yield (
        f"switches an hour between the 25th and 75th percentile, by onset (of surrogates): {points}"
    )
    if found.onset_s is None:
        yield f"onset: {found.onset_reason}"
    else:
        yield f"onset {found.onset_s:.3g} s: beyond it switching falls no longer steeply"
        yield from (f"onset: {each}" for each in [found.onset_reason] if each)


def _counted(n: int) -> str:
    return "1 channel" if n == 1 else f"{n} channels"
