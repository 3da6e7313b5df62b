"""A staircase goes on only from a clean step; a broken one is begun anew, and then left as such."""

from stimulators.policies.titration.course import Course, StepLength

_LENGTHS = [StepLength(0.0, 2, 6), StepLength(1.0, 2, 6)]


def go(course: Course, samples: range, *, is_valid: bool = True, is_given: bool = True) -> None:
    for sample in samples:
        course.take(sample, is_valid=is_valid, is_given=is_given)


def test_each_step_lasts_as_long_as_it_says_and_its_settling_is_not_measured() -> None:
    course = Course(_LENGTHS, repeats_max=2)
    go(course, range(100, 107))
    assert course.ended is not None
    assert course.ended._asdict() == {
        "step": 0,
        "start_sample": 100,
        "settled_sample": 102,
        "end_sample": 106,
        "broken_by": "",
        "n_hops": 4,
        "n_valid": 4,
    }
    assert (course.step, course.amount, course.start_sample) == (1, 1.0, 106)
    go(course, range(107, 120))
    assert course.is_over
    assert course.n_ended == 2


def test_another_amount_while_measuring_breaks_a_step_and_while_settling_it_does_not() -> None:
    course = Course(_LENGTHS, repeats_max=2)
    go(course, range(2), is_given=False)
    go(course, range(2, 4))
    assert course.n_ended == 0
    go(course, range(4, 5), is_given=False)
    assert course.ended is not None
    assert (course.ended.broken_by, course.ended.end_sample) == ("amount", 4)
    # It is begun anew at once, with all of its settling.
    assert (course.step, course.start_sample) == (0, 4)


def test_a_step_that_is_broken_again_and_again_is_left_as_broken() -> None:
    course = Course(_LENGTHS, repeats_max=2)
    for attempt in range(3):
        assert course.step == 0, attempt
        go(course, range(10 * attempt, 10 * attempt + 3))
        course.break_off("held", 10 * attempt + 3)
    assert course.step == 1
    assert course.n_ended == 3
    course.begin()
    go(course, range(40, 47))
    assert course.step == 1  # begun anew, the counts too


def test_where_less_than_half_of_the_hops_are_valid_a_step_is_broken() -> None:
    course = Course(_LENGTHS, repeats_max=0)
    go(course, range(3))
    go(course, range(3, 6), is_valid=False)
    go(course, range(6, 7))
    assert course.ended is not None
    assert (course.ended.broken_by, course.ended.n_hops, course.ended.n_valid) == ("data", 4, 1)


def test_nothing_begins_or_ends_at_a_hop_that_is_not_valid() -> None:
    course = Course(_LENGTHS, repeats_max=0)
    go(course, range(5), is_valid=False)
    assert course.n_ended == 0
    go(course, range(5, 11))
    go(course, range(11, 14), is_valid=False)
    assert course.step == 0
    go(course, range(14, 15))
    assert course.ended is not None
    # What was measured ends where it was to end, however late the next amount is asked for.
    assert (course.step, course.ended.end_sample) == (1, 11)
    start: int | None = course.start_sample
    assert start == 14


def test_a_break_between_two_attempts_breaks_nothing() -> None:
    course = Course(_LENGTHS, repeats_max=0)
    course.break_off("paused", 3)
    assert (course.n_ended, course.step) == (0, 0)
