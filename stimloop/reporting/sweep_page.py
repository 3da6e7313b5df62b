"""The page of a sweep: what is recommended and what it reaches held out, and all that was tried."""

from collections.abc import Iterator
from typing import Final

import msgspec

from replay.sweeping.figures import Figure
from replay.sweeping.result import Point, Sweep
from stimloop.checking.wording import shown
from stimloop.reporting import figure as paint
from stimloop.reporting.page import Page, Picture, Section, Table, render
from stimloop.reporting.sweep_pictures import draw_maps, draw_roc
from stimloop.terminal.score_text import figure as number_text
from stimloop.validating.sweep_text import figure_text, labels_of

#: Sets of parameters in the table of the page: the best; the table in Parquet has all.
_N_LISTED: Final = 100
_N_FAILURES: Final = 200
_COLUMNS: Final = (
    ("balanced_accuracy", "Balanced accuracy"),
    ("sensitivity", "Sensitivity"),
    ("false_positives_per_min", "False, 1/min"),
    ("overlap", "Overlap"),
    ("onset_delay_s", "Onset delay, s"),
)
_PARTED: Final = (
    "The beginning of each recording was searched on, and its end was held out; in each part the "
    "rig begins anew, so that neither windows nor calibration of one see the other. Every figure "
    "here is of the held-out parts. The order of the sets is that of the other parts: the best "
    "there that holds here is recommended."
)


def sweep_page(found: Sweep) -> str:
    """Return the page of a sweep as one HTML file.

    Raises
    ------
    ConfigError
        Where jinja2 or matplotlib is not installed.
    """
    how = "a grid" if found.search is None else f"a search with seed {found.search.seed}"
    page = Page(
        title=f"Sweep of {found.plan}",
        subtitle=(
            f"{len(found.points)} sets of parameters, {how}, on {len(found.recordings)} "
            f"recordings; maximised: {found.goal.text}"
        ),
    )
    page.sections.append(_recommendation(found))
    pictures = list(_pictures(found))
    if pictures:
        page.sections.append(Section(title="ROC and heat maps", pictures=pictures))
    else:
        page.left_out.append(("ROC and heat maps", "no set of parameters has any score"))
    page.sections.append(_sets(found))
    if found.failures:
        page.sections.append(_failures(found))
    page.sections.append(_provenance(found))
    return render(page)


def _recommendation(found: Sweep) -> Section:
    point = found.recommended
    chosen = found.recommendation
    if point is None:
        return Section(
            title="Recommendation", texts=[f"Nothing is recommended: {chosen.reason}.", _PARTED]
        )
    labels = labels_of(found)
    return Section(
        title="Recommendation",
        texts=[f"Set {point.number}: the {chosen.reason}.", _PARTED],
        tables=[
            Table(
                ["Parameter", "Key path", "Value"],
                [[labels[path], path, shown(value)] for path, value in point.values.items()],
                "What is recommended",
            ),
            Table(
                ["Figure", "Held out, 95 % and chance"],
                [
                    [name.replace("_", " "), figure_text(each)]
                    for name, each in point.held_out.items()
                ],
                "What it reaches over all recordings",
            ),
            Table(
                ["Recording", "Channel", *(head for _, head in _COLUMNS)],
                list(_by_recording(found)),
                "Recording by recording",
            ),
        ],
        files=[("The configuration", chosen.config_toml)],
    )


def _by_recording(found: Sweep) -> Iterator[list[str]]:
    for each in found.recommendation.scores:
        for score in each.scores:
            cells = []
            for name, _ in _COLUMNS:
                metric = score.metric(name)
                cells.append(
                    _cell(
                        Figure(
                            value=metric.value, low=metric.low, high=metric.high, null=metric.null
                        )
                    )
                )
            yield [each.recording, score.channel, *cells]


def _cell(found: Figure) -> str:
    if found.value is None:
        return "-"
    low, high, null = found.low, found.high, found.null
    has_interval = low is not None and high is not None
    interval = f" [{number_text(low)}, {number_text(high)}]" if has_interval else ""
    return f"{number_text(found.value)}{interval}" + (
        "" if null is None else f"; {number_text(null)}"
    )


def _pictures(found: Sweep) -> Iterator[Picture]:
    captions = (
        (
            draw_roc,
            "roc",
            (
                "Left: at each moment, how much of the time in bursts and of all other time is "
                "detected; on the dotted line it is chance, and below it where detections are late "
                "by as much as a burst lasts. Right: bursts that are met against false detections "
                "a minute. A detector that is always on seems perfect there: look at both."
            ),
        ),
        (
            draw_maps,
            "maps",
            (
                f"{found.goal.maximise.replace('_', ' ').capitalize()} by parameters, light is "
                "high; red: recommended. Where there are more parameters than two, a cell is the "
                "mean over the others. A best value at the rim of a map asks for a wider plan."
            ),
        ),
    )
    for draw, name, caption in captions:
        drawn = draw(found)
        if drawn is not None:
            yield Picture(paint.svg_of(drawn, name), caption)


def _sets(found: Sweep) -> Section:
    labels = labels_of(found)
    known = [each for each in found.points if each.held_out]
    known.sort(key=lambda each: (-found.goal.worth(each.training), each.number))
    rows = [
        [
            str(each.number),
            *(shown(each.values[path]) for path in labels),
            *(_cell(each.held_out[name]) for name, _ in _COLUMNS),
            _verdict(found, each),
        ]
        for each in known[:_N_LISTED]
    ]
    texts = [
        (
            "Each figure with its interval of 95 % confidence and, after the semicolon, what "
            "chance gives. Intervals are of these recordings; of other patients they say nothing."
        )
    ]
    if len(known) > _N_LISTED:
        texts.append(f"The first {_N_LISTED} of {len(known)}; all of them are in sweep.parquet.")
    heads = ["Set", *labels.values(), *(head for _, head in _COLUMNS), ""]
    return Section(title="All sets of parameters", texts=texts, tables=[Table(heads, rows)])


def _verdict(found: Sweep, point: Point) -> str:
    if point.number == found.recommendation.number:
        return "recommended"
    goal = found.goal
    if not (goal.is_above_chance(point.training) and goal.is_kept(point.training)):
        return "misses the goal on the other part"
    if not goal.is_above_chance(point.held_out):
        return "not above chance"
    return "holds" if goal.is_kept(point.held_out) else "above the limit"


def _failures(found: Sweep) -> Section:
    shown_ones = found.failures[:_N_FAILURES]
    rows = [
        [
            each.recording or "all",
            ", ".join(f"{path} = {shown(value)}" for path, value in each.values.items()) or "-",
            each.reason,
        ]
        for each in shown_ones
    ]
    left_out = [f"{each.path}: {each.left_out}" for each in found.recordings if each.left_out]
    texts = [f"{len(found.failures)} runs failed; nothing else depends on them."]
    texts += [f"Nothing of this recording counts: {each}" for each in left_out]
    if len(found.failures) > len(shown_ones):
        texts.append(f"The first {_N_FAILURES} are listed.")
    return Section(
        title="Failed runs",
        texts=texts,
        tables=[Table(["Recording", "Parameters", "Reason"], rows)],
    )


def _provenance(found: Sweep) -> Section:
    recordings = [[each.path, each.sha256] for each in found.recordings]
    return Section(
        title="Where it comes from",
        tables=[
            Table(["Recording", "sha256"], recordings),
            Table(["Software", "Version"], [list(each) for each in found.versions.items()]),
        ],
        files=[
            ("The plan", found.plan_toml),
            ("Settings", msgspec.json.format(msgspec.json.encode(found.judged)).decode()),
        ],
    )
