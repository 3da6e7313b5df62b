"""The reader that goes on after a mistake refuses what msgspec refuses, and never fails."""

import math
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stimloop.checking.mistakes import from_text, lines
from stimloop.checking.tables import Reading
from stimloop.config import Config
from tests.stimloop.checking.changed import LAB

_ROOT = Path(__file__).parents[3]
_FILES = [_ROOT / "config.toml", *sorted((_ROOT / "docs" / "examples").glob("*.toml"))]
_ODD: tuple[Any, ...] = ({}, [], [{}], "x", "", -1, 0.5, 10**6, math.nan, True, {"kind": "burst"})


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _paths(each, (*path, key))


def _put(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    tables: Any = tomllib.loads(LAB)
    at = tables
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return dict(tables)


def _is_taken(tables: dict[str, Any]) -> bool:
    try:
        msgspec.convert(tables, Config)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.name)
def test_a_file_that_holds_is_read_as_msgspec_reads_it(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    reading = Reading(Config, tomllib.loads(text))
    assert reading.mistakes == []
    assert reading.config == msgspec.toml.decode(text, type=Config)


@pytest.mark.parametrize("path", list(_paths(tomllib.loads(LAB))), ids=lambda path: str(path[-1]))
def test_odd_values_anywhere_are_refused_where_msgspec_refuses_them_and_only_there(
    path: tuple[str | int, ...],
) -> None:
    n_refused = 0
    for value in _ODD:
        tables = _put(path, value)
        reading = Reading(Config, tables)
        assert (reading.config is not None) == (not reading.mistakes) == _is_taken(tables), value
        for line in lines("rig.toml", reading.mistakes, tables):
            assert ": expected " in line, line
            assert ", found " in line, line
        n_refused += bool(reading.mistakes)
    assert n_refused > 0


def test_every_mistake_of_a_file_is_found_not_the_first_alone() -> None:
    tables: Any = tomllib.loads(LAB)
    tables["detectors"][0]["hop_ms"] = 10
    tables["detectors"][1]["kind"] = "bursts"
    tables["detectors"][2]["window_s"] = 400
    del tables["devices"][0]["limits"]["refractory_s"]
    del tables["devices"][0]["programs"]["adbs"]["contact_area_cm2"]
    tables["streams"][0]["name"] = ""
    found = [each.path for each in Reading(Config, tables).mistakes]
    assert found == [
        "$.streams[0].name",
        "$.detectors[0].hop_ms",
        "$.detectors[1].kind",
        "$.detectors[2].window_s",
        "$.devices[0].limits.refractory_s",
    ]
    tables["devices"][0]["limits"]["refractory_s"] = 0.05
    del tables["devices"][0]["limits"]["shannon_k_max"]
    found = [each.path for each in Reading(Config, tables).mistakes]
    assert found[-2:] == [
        "$.devices[0].limits.shannon_k_max",
        "$.devices[0].programs.adbs.contact_area_cm2",
    ]


def test_a_table_that_names_itself_is_not_named_twice() -> None:
    assert from_text("match: expected one, found none", "$.streams[0].match")[0].path == (
        "$.streams[0].match"
    )
    assert from_text("threshold.level: expected 1, found 2", "$.detectors[0]")[0].path == (
        "$.detectors[0].threshold.level"
    )
    assert from_text("no key here", "$.gate") == [("$.gate", "no key here")]
