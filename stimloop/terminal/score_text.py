"""A score as lines of text: each figure with its interval, what chance gives, and the delay."""

from collections.abc import Iterator

from replay.scoring.result import DetectorScore, Metric, Score

#: What a figure is called on screen.
_SPACES = 46


def score_lines(score: Score) -> Iterator[str]:
    """Yield the lines of a score."""
    yield f"{score.file}: {score.length_s:.1f} s, rig {score.rig}"
    for each in score.scores:
        yield ""
        yield from _lines_of(each)
    for device, figures in score.therapy.items():
        yield ""
        yield (
            f"device {device}, policy {figures['policy']}: {figure(figures['switches_per_h'])} "
            f"switches an hour, {figure(figures['undone_within_onset'])} undone within an onset, "
            f"mean {figure(figures['mean_amount'])} {figures['unit']}".rstrip()
        )
    if score.left_out:
        yield ""
    for line in score.left_out:
        yield f"left out: {line}"


def _lines_of(score: DetectorScore) -> Iterator[str]:
    yield (
        f"{score.detector} ({score.kind}) on {score.channel}: {score.judged_s:.1f} s judged, "
        f"declared delay {score.delay_s:.3f} s"
    )
    yield f"  against: {score.reference_text}"
    for metric in score.metrics:
        yield f"  {metric.name:<{_SPACES}} {value_text(metric)}"


def value_text(metric: Metric) -> str:
    """Return a figure with its interval and what chance gives.

    Examples
    --------
    >>> value_text(Metric(name="sensitivity", meaning="", value=0.9, low=0.8, high=0.95, null=0.5))
    '0.9 [0.8, 0.95], chance 0.5 (n = 0)'
    """
    if metric.value is None:
        return f"none: {metric.note}"
    interval = (
        f" [{figure(metric.low)}, {figure(metric.high)}]"
        if metric.low is not None and metric.high is not None
        else " [too short for an interval]"
        if metric.interval and not metric.interval.startswith("none")
        else ""
    )
    null = "" if metric.null is None else f", chance {figure(metric.null)}"
    unit = f" {metric.unit}" if metric.unit else ""
    return f"{figure(metric.value)}{unit}{interval}{null} (n = {metric.n})"


def figure(value: float | None) -> str:
    """Return a number with three digits; a dash for none."""
    return "-" if value is None else f"{value:.3g}" if abs(value) < 1000.0 else f"{value:.0f}"
