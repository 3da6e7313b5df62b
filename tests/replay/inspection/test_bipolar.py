"""The montage that labels suggest: neighbours of one electrode, and no guess."""

import pytest

from detectors.conditioning.montage import Montage
from replay.inspection.bipolar import suggest


def test_neighbours_of_each_electrode_are_paired() -> None:
    labels = ["LFP_RIGHT_0", "LFP_RIGHT_1", "ECOG_RIGHT_1", "LFP_RIGHT_2", "ECOG_RIGHT_2", "MOV"]
    found = suggest(labels)
    assert [each.channel for each in found] == [
        "LFP_RIGHT_0-LFP_RIGHT_1",
        "LFP_RIGHT_1-LFP_RIGHT_2",
        "ECOG_RIGHT_1-ECOG_RIGHT_2",
    ]
    assert found[0].terms == {"LFP_RIGHT_0": 1.0, "LFP_RIGHT_1": -1.0}
    assert len(Montage(found, labels).channels) == 9


def test_segments_of_a_ring_count_as_their_mean() -> None:
    found = suggest(["GPi1", "GPi2A", "GPi2B", "GPi2C", "GPi4"])
    assert [each.channel for each in found] == ["GPi1-GPi2"]
    assert found[0].terms == {"GPi1": 1.0} | dict.fromkeys(("GPi2A", "GPi2B", "GPi2C"), -1 / 3)


@pytest.mark.parametrize(
    "labels",
    [
        ["ch1", "ch2", "ch3"],
        ["ONE_THREE_LEFT", "ZERO_TWO_LEFT"],
        ["STN 0-2", "STN 1-3"],
        ["L0-L1", "L1-L2"],
        ["STN_0", "STN_2"],
        ["1", "2"],
        [],
    ],
    ids=str,
)
def test_what_is_paired_already_or_not_known_is_left(labels: list[str]) -> None:
    assert suggest(labels) == ()
