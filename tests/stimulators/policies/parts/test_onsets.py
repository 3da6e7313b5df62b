"""A side counts once the measure has been on it for long enough, at the updates alone."""

from hypothesis import given
from hypothesis import strategies as st

from stimulators.policies.parts.onsets import Onsets


@given(
    sides=st.lists(st.sampled_from([-1, 0, 1]), max_size=60),
    upper=st.integers(0, 5),
    lower=st.integers(0, 5),
)
def test_it_is_the_plain_definition(sides: list[int], upper: int, lower: int) -> None:
    """Where the newest updates, without a break, are all on it for as long as it takes."""
    onsets = Onsets(upper_samples=10 * upper, lower_samples=10 * lower)
    for index, side in enumerate(sides):
        found = onsets.update(side, 10 * index, 0.1 * index)
        n_needed = {1: upper, -1: lower, 0: 0}[side] + 1
        seen = sides[: index + 1][-n_needed:]
        assert found == (side if seen == [side] * n_needed else 0)
        first = max((k + 1 for k in range(index) if sides[k] != side), default=0)
        assert onsets.since_s == 0.1 * first


def test_it_counts_anew_after_a_restart() -> None:
    onsets = Onsets(upper_samples=10, lower_samples=0)
    assert [onsets.update(1, sample, 0.0) for sample in (0, 10)] == [0, 1]
    onsets.restart()
    assert onsets.since_s is None
    assert [onsets.update(1, sample, 0.0) for sample in (20, 25, 30)] == [0, 0, 1]
