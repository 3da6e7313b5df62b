"""Detections and decisions stay the same, whatever is renamed, moved or rebuilt."""

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.golden.meaning import differences
from tests.golden.sessions import SESSIONS, live
from tests.golden.take import VALUES


def _golden(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((VALUES / f"{name}.json").read_text("utf-8"))
    return values


def _as_kept(found: dict[str, Any]) -> dict[str, Any]:
    """Return values as they are after writing and reading."""
    kept: dict[str, Any] = json.loads(json.dumps(found))
    return kept


def test_the_recorded_live_session_is_seen_and_decided_as_ever() -> None:
    assert differences(_golden("live"), _as_kept(live(Path()))) == []


@pytest.mark.parametrize("name", [name for name in SESSIONS if name != "live"])
def test_a_recording_is_seen_and_decided_as_ever(name: str, data_dir: Path) -> None:
    assert differences(_golden(name), _as_kept(SESSIONS[name](data_dir))) == []


@pytest.mark.parametrize("name", SESSIONS)
def test_what_is_decided_is_named_in_the_changelog(name: str) -> None:
    # A change of the kept values is a promise broken: it is told, with its reason.
    golden = _golden(name)
    decided = {part: golden[part] for part in ("notes", "detections", "targets", "decisions")}
    text = json.dumps(decided, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    changelog = (VALUES.parents[2] / "CHANGELOG.md").read_text("utf-8")
    assert f"`{name}` {digest}" in changelog, f"expected in CHANGELOG.md, with why: {digest}"


def test_the_live_session_has_what_a_session_may_have() -> None:
    golden = _golden("live")
    kinds = golden["decisions"]["n"]
    assert {"amplitude/stn_left", "lease/stn_left", "state/active"} <= kinds.keys()
    assert golden["detections"]["beta_burst"]["n"]["onset/STN_L_13"] > 3


@pytest.mark.parametrize("index", ["weighted", "n_valid", "valid"])
def test_one_changed_value_is_a_difference(index: str) -> None:
    golden = _golden("live")
    changed = copy.deepcopy(golden)
    column = changed["estimates"]["beta"]["columns"]["STN_L_13|"]
    if index == "weighted":
        column["values"]["weighted"] += 1e-10 * column["values"]["scale"]
    else:
        column[index] = 0
    (found,) = differences(golden, changed)
    assert found.startswith("/estimates/beta/columns/STN_L_13|/")


def test_bits_are_held_against_those_of_the_same_machine_alone() -> None:
    golden = _golden("live")
    changed = copy.deepcopy(golden)
    changed["bits"]["sha256"] = "another"
    assert len(differences(golden, changed)) == 1
    changed["bits"]["made_on"]["processor"] = "another"
    assert differences(golden, changed) == []
