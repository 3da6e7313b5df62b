"""A session that ends by itself once its staircase is over."""

import contextlib
from collections.abc import Callable, Iterator

from stimulators.policies.titration.staircase import Staircase
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.events import Chunk, Event
from streamer.session_parts import RunningSession

#: Why such a session ended, as its summary says.
ENDED = "titration over"

#: Called with the steps that are over, and how many there are.
Progress = Callable[[int, int], None]


def staircase_of(loop: ClosedLoop) -> Staircase:
    """Return the staircase among a loop's policies.

    Raises
    ------
    ValueError
        Where there is none.
    """
    for wiring in loop.wirings:
        if isinstance(wiring.policy.policy, Staircase):
            return wiring.policy.policy
    raise ValueError("policies: expected one of kind staircase, found none")


@contextlib.contextmanager
def ending_with_staircase(
    session: RunningSession, progress: Progress = lambda _done, _total: None
) -> Iterator[None]:
    """End a session in order when its staircase is over, and report its progress meanwhile."""
    service = session.service
    staircase = staircase_of(service.loop)
    step_before = -1

    def watch(event: Event, _now_s: float, _outcome: Outcome) -> None:
        nonlocal step_before
        if not isinstance(event, Chunk):
            return
        course = staircase.course
        has_begun = course.start_sample is not None or course.is_over
        if has_begun and course.step != step_before:
            step_before = course.step
            progress(course.step, staircase.n_doses)
        if course.is_over:
            service.end(ENDED)

    service.watchers.append(watch)
    yield
