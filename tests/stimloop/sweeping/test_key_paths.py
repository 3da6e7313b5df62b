"""Key paths into a rig's file lead where they say, or to an error that lists what is there."""

from typing import Any

import pytest

from stimloop.sweeping.key_paths import KeyPathError, with_value

_RIG: dict[str, Any] = {
    "rig": {"name": "lab"},
    "streams": [{"name": "LFP.left", "kind": "lfp"}],
    "detectors": [
        {"id": "beta", "band_hz": [13.0, 30.0]},
        {"id": "burst", "threshold": {"percentile": 75.0}},
    ],
}


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("detectors[burst].threshold.percentile", ("detectors", 1, "threshold", "percentile")),
        ("$.detectors[1].threshold.percentile", ("detectors", 1, "threshold", "percentile")),
        ("detectors[beta].band_hz", ("detectors", 0, "band_hz")),
        ("detectors[beta].hop_s", ("detectors", 0, "hop_s")),
        ("streams[LFP.left].kind", ("streams", 0, "kind")),
        ("gate.lease_s", ("gate", "lease_s")),
    ],
)
def test_a_path_leads_to_its_key_and_nothing_else_changes(
    path: str, inside: tuple[str | int, ...]
) -> None:
    made: Any = with_value(_RIG, path, 5)
    found: Any = made
    for step in inside:
        found = found[step]
    assert found == 5
    assert with_value(made, path, None) == with_value(_RIG, path, None)
    assert _RIG["detectors"][1] == {"id": "burst", "threshold": {"percentile": 75.0}}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("detectors[brst].of", "expected one of detectors (beta, burst), found 'brst'; nearest"),
        ("detectors[7].of", "expected one of detectors (beta, burst), found '7'"),
        ("detector[beta].of", "expected one of the lists streams, detectors, found 'detector'"),
        ("detectors.beta", "expected one of its tables in brackets after 'detectors'"),
        ("detectors[beta]", "expected a key of the table detectors[beta] at its end"),
        ("rig[0].name", "expected no brackets after 'rig', which is no list, found [0]"),
        ("rig.name.first", "expected a table before 'first', found 'lab'"),
        ("", "expected a key path"),
        ("detectors[beta]..of", "expected a key path"),
    ],
)
def test_a_path_that_leads_nowhere_says_what_is_there(path: str, said: str) -> None:
    with pytest.raises(KeyPathError) as caught:
        with_value(_RIG, path, 1)
    assert said in str(caught.value)
