"""The page of a score: every figure beside what chance gives, and the pictures behind it."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from replay.scoring.result import Course, DetectorScore, Metric, Score
from stimloop import colours
from stimloop.reporting import figure as paint
from stimloop.reporting import pictures
from stimloop.reporting.page import Page, Picture, Section, Table, render
from stimloop.reporting.pictures import Bar, Line, Sample
from stimloop.reporting.therapy_table import therapy_section
from stimloop.reporting.trace import TraceEpisodes, TraceRow, trace_of
from stimloop.terminal.score_text import figure

#: Scores with pictures: a page of 32 channels has the tables of all of them.
_N_PICTURED: Final = 8
_READ: Final = (
    "Each figure with its interval of 95 % confidence and, after the semicolon, what chance gives. "
    "How intervals and chance were made stands in the tables below."
)
_OVERVIEW: Final = (
    ("sensitivity", "Sensitivity"),
    ("false_positives_per_min", "False, 1/min"),
    ("false_positives_per_min_surrogate", "On surrogates, 1/min"),
    ("overlap", "Overlap"),
    ("onset_delay_s", "Onset delay, s"),
    ("phase_error_in_bursts_rad", "Phase error, rad"),
    ("phase_resultant_in_bursts", "Resultant length"),
    ("switches_per_h", "Switches, 1/h"),
)


def score_page(score: Score) -> str:
    """Return the page of a score as one HTML file.

    Raises
    ------
    ConfigError
        Where jinja2 or matplotlib is not installed.
    """
    page = Page(
        title=f"Score of {score.file}",
        subtitle=f"Rig {score.rig}, {score.length_s:.1f} s of recording",
    )
    page.sections.append(_overview(score))
    for number, each in enumerate(score.scores):
        page.sections.append(_section(each, number, with_pictures=number < _N_PICTURED))
    if len(score.scores) > _N_PICTURED:
        n_more = len(score.scores) - _N_PICTURED
        page.left_out.append(("Pictures", f"of the last {n_more} scores; their tables are here"))
    therapy = therapy_section(score.therapy)
    if therapy is None:
        page.left_out.append(
            ("Therapy", "the rig has no device, or its policies were not asked for")
        )
    else:
        page.sections.append(therapy)
    page.sections.append(_provenance(score))
    page.left_out += [(each.partition(":")[0], each.partition(":")[2]) for each in score.left_out]
    return render(page)


def _overview(score: Score) -> Section:
    shown = [
        (name, head)
        for name, head in _OVERVIEW
        if any(each.name == name for one in score.scores for each in one.metrics)
    ]
    rows = [
        [
            f"{one.detector} on {one.channel}",
            one.reference,
            *_cells(one, [name for name, _ in shown]),
        ]
        for one in score.scores
    ]
    bars = [
        Bar(f"{one.detector} {one.channel} ({one.reference})", each.value, *each_interval(each))
        for one in score.scores
        for each in one.metrics
        if each.name == "sensitivity" and each.value is not None
    ]
    chance = pictures.dots(
        bars,
        label="sensitivity",
        caption=(
            "Dot: sensitivity; line: its interval of 95 %; red tick: what detections as many and "
            "as long, but at other times, exceed in 5 % of cases. A dot that is not right of its "
            "tick says nothing of the detector."
        ),
        name="overview",
    )
    return Section(
        title="Overview",
        texts=[_READ],
        pictures=[] if chance is None else [chance],
        tables=[Table(["Detector", "Against", *(head for _, head in shown)], rows)],
    )


def each_interval(metric: Metric) -> tuple[float | None, float | None, float | None]:
    """Return lower and upper bound and what chance gives."""
    return metric.low, metric.high, metric.null


def _cells(score: DetectorScore, names: Sequence[str]) -> Iterator[str]:
    by_name = {each.name: each for each in score.metrics}
    for name in names:
        metric = by_name.get(name)
        if metric is None or metric.value is None:
            yield "-"
            continue
        interval = "" if metric.low is None else f" [{figure(metric.low)}, {figure(metric.high)}]"
        null = "" if metric.null is None else f"; {figure(metric.null)}"
        yield f"{figure(metric.value)}{interval}{null}"


def _section(score: DetectorScore, number: int, *, with_pictures: bool) -> Section:
    course = score.series.course if with_pictures else None
    judged = f"{score.judged_s:.1f} s judged; declared delay {score.delay_s:.3f} s."
    texts = [
        f"{score.kind} on stream {score.stream}; {judged}",
        f"Reference: {score.reference_text}.",
    ]
    if course is not None:
        texts.append(
            "Raw signal, the band without delay, and its amplitude. Orange above: detected online; "
            "blue below: the reference."
        )
    return Section(
        title=f"{score.detector} on {score.channel}, against {score.reference}",
        texts=texts,
        trace=None if course is None else _trace(course),
        pictures=list(_pictures(score, number)) if with_pictures else [],
        tables=[_figures(score), _how(score)],
    )


def _figures(score: DetectorScore) -> Table:
    """Return every figure with what it is."""
    rows = [
        [
            named(metric),
            f"none: {metric.note}" if metric.value is None else figure(metric.value),
            metric.unit,
            "-" if metric.low is None else f"{figure(metric.low)} to {figure(metric.high)}",
            figure(metric.null),
            str(metric.n),
            f"{metric.meaning}. {metric.note}".strip()
            if metric.value is not None
            else metric.meaning,
        ]
        for metric in score.metrics
    ]
    heads = ["Figure", "Value", "Unit", "95 %", "Chance", "n", "What it is"]
    return Table(heads, rows, f"Read with a declared delay of {score.delay_s:.3f} s")


def _how(score: DetectorScore) -> Table:
    """Return how intervals and chance were made, each said once."""
    how: dict[tuple[str, str], list[str]] = {}
    for metric in score.metrics:
        for what, text in (("Interval", metric.interval), ("Chance", metric.null_of)):
            if text:
                how.setdefault((what, text), []).append(named(metric))
    rows = [[what, text, ", ".join(names)] for (what, text), names in sorted(how.items())]
    return Table(["", "How it was made", "Of"], rows)


def named(metric: Metric) -> str:
    """Return the name of a figure as words.

    Examples
    --------
    >>> named(Metric(name="onset_delay_s", meaning="", unit="s", value=0.2))
    'onset delay'
    """
    words = metric.name.removesuffix(f"_{metric.unit}") if metric.unit.isalpha() else metric.name
    return words.replace("_", " ")


def _pictures(score: DetectorScore, number: int) -> Iterator[Picture]:
    series = score.series
    made = (
        pictures.histogram(
            [
                Sample("detected", series.online_s, colours.VERMILION),
                Sample("reference", series.reference_s, colours.BLUE, "--"),
                Sample("on surrogates", series.null_s, paint.GREY, ":"),
            ],
            label="duration of a burst (s)",
            caption=(
                "How long bursts last. Grey: on phase-randomised surrogates, which have the same "
                "spectrum: what lies on the grey line is no more than filtered noise."
            ),
            name=f"durations-{number}",
        ),
        pictures.histogram(
            [
                Sample("onset", series.onset_delay_s, colours.BLUE),
                Sample("offset", series.offset_delay_s, colours.VERMILION, "--"),
            ],
            label="delay behind the reference (s)",
            caption=f"How late detections are. The detector declares {score.delay_s:.3f} s.",
            name=f"delays-{number}",
        ),
        pictures.rose(
            series.phase_error_counts,
            caption=(
                "Error of the online phase, in bursts; 0 is to the right, above it the online "
                "phase is ahead. Areas are numbers; the red line is the mean resultant."
            ),
            name=f"phases-{number}",
        ),
        pictures.lines(
            [Line("", series.spectrum_hz, series.spectrum_uv2_per_hz, colours.BLACK)]
            if series.spectrum_hz
            else [],
            label_x="frequency (Hz)",
            label_y="µV²/Hz",
            caption=f"Spectrum of {score.channel}: Welch, Hann windows of 2 s, half overlap.",
            name=f"spectrum-{number}",
            is_log=True,
            shaded=score.band_hz,
        ),
    )
    for each in made:
        if each is not None:
            yield each


def _trace(course: Course) -> dict[str, object]:
    since_s = np.asarray(course.since_s)
    step_s = float(np.median(np.diff(since_s)))
    rows = [
        TraceRow(name, "µV", np.asarray(values), np.asarray(values), colour)
        for name, values, colour in (
            ("conditioned signal", course.raw_uv, colours.BLACK),
            ("band, zero phase", course.band_uv, colours.BLUE),
            ("its amplitude", course.amplitude_uv, colours.GREEN),
        )
    ]
    return trace_of(
        rows,
        [
            TraceEpisodes("detected online", colours.ORANGE, course.online),
            TraceEpisodes("reference", colours.SKY_BLUE, course.reference),
        ],
        start_s=float(since_s[0]),
        step_s=step_s,
        step_text=f"a sample of every {step_s * 1000.0:g} ms",
    )


def _provenance(score: Score) -> Section:
    return Section(
        title="Where it comes from",
        tables=[
            Table(
                ["", ""],
                [
                    ["recording, sha256", score.recording_sha256],
                    ["configuration, sha256", score.config_sha256],
                    *([name, version] for name, version in score.versions.items()),
                ],
            )
        ],
        files=[("Settings", msgspec.json.format(msgspec.json.encode(score.settings)).decode())],
    )
