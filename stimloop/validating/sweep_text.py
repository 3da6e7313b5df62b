"""A sweep as text: what was tried, what is recommended, and what it reaches held out."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from replay.sweeping.figures import Figure
from replay.sweeping.result import Sweep
from stimloop.checking.wording import shown
from stimloop.terminal.score_text import figure

#: Reasons of failed runs that are listed one by one.
_N_REASONS: Final = 8
_SPACES: Final = 26


def sweep_lines(found: Sweep) -> Iterator[str]:
    """Yield what a sweep says, for a person: scores are those of the held-out parts."""
    counted = [each for each in found.recordings if not each.left_out]
    how = "grid" if found.search is None else f"search, seed {found.search.seed}"
    yield (
        f"{found.plan}: {len(found.points)} sets of parameters ({how}) on {len(counted)} of "
        f"{len(found.recordings)} recordings"
    )
    yield (
        f"maximised: {found.goal.text}; scores are of the last "
        f"{100.0 * found.judged.held_out:g} % of each recording, which the search did not see"
    )
    yield ""
    yield from recommendation_lines(found)
    if found.failures:
        yield ""
        yield from failure_lines(found)


def recommendation_lines(found: Sweep) -> Iterator[str]:
    """Yield what is recommended and what it reaches on the held-out parts, or why nothing is."""
    point = found.recommended
    if point is None:
        yield f"nothing is recommended: {found.recommendation.reason}"
        return
    for path, value in point.values.items():
        yield f"{path} = {shown(value)}"
    yield f"chosen as the {found.recommendation.reason}"
    yield "on the held-out parts:"
    for name, each in point.held_out.items():
        yield f"  {name:<{_SPACES}} {figure_text(each)}"
    if len(found.recommendation.scores) > 1:
        for scores in found.recommendation.scores:
            for score in scores.scores:
                metric = score.metric(found.goal.maximise)
                value = Figure(
                    value=metric.value,
                    low=metric.low,
                    high=metric.high,
                    null=metric.null,
                )
                yield f"  {scores.recording}, {score.channel}: {figure_text(value)}"


def figure_text(found: Figure) -> str:
    """Return a figure with its interval and what chance gives.

    Examples
    --------
    >>> figure_text(Figure(value=0.9, low=0.8, high=0.95, null=0.5, n=40))
    '0.9 [0.8, 0.95], chance 0.5 (n = 40)'
    """
    if found.value is None:
        return "none"
    unit = f" {found.unit}" if found.unit else ""
    interval = (
        " [too short for an interval]"
        if found.low is None or found.high is None
        else f" [{figure(found.low)}, {figure(found.high)}]"
    )
    null = "" if found.null is None else f", chance {figure(found.null)}"
    counted = f" (n = {found.n})" if found.n else ""
    return f"{figure(found.value)}{unit}{interval}{null}{counted}"


def failure_lines(found: Sweep) -> Iterator[str]:
    """Yield how many runs failed, and why: each reason once, with how often."""
    reasons = Counter(each.reason for each in found.failures)
    n_failed = len(found.failures)
    runs = "1 run" if n_failed == 1 else f"{n_failed} runs"
    yield f"failed: {runs}; stimloop sweep --again tries again what would fail the same way"
    for reason, n_times in reasons.most_common(_N_REASONS):
        yield f"  {n_times} times: {reason}" if n_times > 1 else f"  {reason}"
    if len(reasons) > _N_REASONS:
        yield f"  and {len(reasons) - _N_REASONS} reasons more, in sweep.json"


def labels_of(found: Sweep) -> dict[str, str]:
    """Return a short name of each parameter: its last key, where no other has the same."""
    paths = [each.path for each in found.parameters]
    n_times = Counter(each.rpartition(".")[2] for each in paths)
    return {each: last if n_times[last := each.rpartition(".")[2]] == 1 else each for each in paths}
