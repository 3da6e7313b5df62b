"""Two lists laid side by side: what was taken away, put in or changed is counted as such."""

import numpy as np
import pytest
from numpy.typing import NDArray

from replay.verification.recording.alignment import Alignment
from replay.verification.recording.result import StreamCheck


def _check(
    journal_s: list[float], recorded_s: list[float], *, changed: tuple[int, ...] = ()
) -> StreamCheck:
    def differing(first: int, _recorded: int, n: int) -> NDArray[np.bool_]:
        return np.isin(np.arange(first, first + n), changed)

    return Alignment(np.array(journal_s), np.array(recorded_s), differing).check("LFP", "rig")


def _counts(check: StreamCheck) -> tuple[int, int, int, int]:
    return check.n_equal, check.n_changed, check.n_missing, check.n_extra


_STAMPS_S = [10.0 + 0.01 * k for k in range(100)]


def test_losses_and_samples_too_many_are_told_apart_wherever_they_are() -> None:
    random = np.random.default_rng(3)
    for _ in range(50):
        lost, put = (np.sort(random.choice(np.arange(1, 99), 5, replace=False)) for _ in range(2))
        recorded = [s for k, s in enumerate(_STAMPS_S) if k not in lost]
        for k in put:
            recorded.insert(recorded.index(_STAMPS_S[99]) - 1, 500.0 + k)
        check = _check(_STAMPS_S, recorded)
        n_alone = check.n_missing + check.n_changed
        assert check.n_equal + n_alone == 100
        assert n_alone >= 5
        assert not check.is_equal


def test_a_loss_at_either_end_is_a_loss_and_more_there_is_not() -> None:
    assert _counts(_check(_STAMPS_S, _STAMPS_S[7:])) == (93, 0, 7, 0)
    assert _counts(_check(_STAMPS_S, _STAMPS_S[:-7])) == (93, 0, 7, 0)
    assert _check(_STAMPS_S[7:-7], _STAMPS_S).is_equal


def test_equal_stamps_in_a_row_are_no_difference() -> None:
    stamps_s = [1.0, 1.0, 1.0, 2.0, 2.0, 1.5]
    assert _counts(_check(stamps_s, [0.5, *stamps_s])) == (6, 0, 0, 0)


def test_the_first_difference_is_named_with_its_sample() -> None:
    check = _check(_STAMPS_S, _STAMPS_S, changed=(20, 40))
    assert _counts(check) == (98, 2, 0, 0)
    assert "sample 20 " in check.first_difference


def test_another_stamp_of_one_sample_is_a_change_of_it() -> None:
    other = [s + 1e-9 if k == 30 else s for k, s in enumerate(_STAMPS_S)]
    check = _check(_STAMPS_S, other)
    assert _counts(check) == (99, 1, 0, 0)
    assert "sample 30 has the stamp" in check.first_difference


@pytest.mark.parametrize("n_samples", [1, 300, 5000])
def test_of_another_stream_nothing_is_equal_and_all_is_counted(n_samples: int) -> None:
    journal_s = [float(k) for k in range(n_samples)]
    check = _check(journal_s, [k + 0.5 for k in journal_s])
    assert check.n_equal == 0
    assert check.n_changed + check.n_missing == n_samples
    assert not check.is_equal


def test_nothing_and_nothing_are_equal() -> None:
    assert _check([], []).is_equal
    assert _check([], [1.0]).is_equal
    assert _counts(_check([1.0], [])) == (0, 0, 1, 0)
