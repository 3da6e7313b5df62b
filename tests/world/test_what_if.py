"""Every fault in every state: the page for an ethics board."""

import math
from functools import cache
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import msgspec
import pytest

from replay.virtual.rig import virtual_rig
from replay.what_if.onlooker import AFTER_S
from replay.what_if.page import page
from replay.what_if.what_if import STATES, WHAT_IF_FAULTS, FaultRow, rows
from stimloop import config as configuration
from stimulators.decisions import State
from stimulators.gate_config import GateConfig
from tests.world.scenario import stimulator_of

_CONFIG = configuration.load(None)
#: A hold that ends in safe, the lease, the way at the slew, and what a message takes.
_REST_S_MAX = 6.0


@cache
def _rows(state: State) -> tuple[FaultRow, ...]:
    return tuple(rows(_CONFIG.loop, states=[state]))


@pytest.mark.parametrize(
    "state",
    [
        each if each in {"active", "hold"} else pytest.param(each, marks=pytest.mark.slow)
        for each in STATES
    ],
)
def test_every_fault_has_a_row_and_ends_as_it_must(state: State) -> None:
    found = _rows(state)
    assert [row.fault for row in found] == [fault.name for fault in WHAT_IF_FAULTS]
    (device,) = _CONFIG.devices
    for row in found:
        where = f"{row.fault} from {row.state}"
        if row.must_rest:
            assert row.at_rest_s is not None, where
            assert row.at_rest_s <= _REST_S_MAX, where
            assert row.state_after in {"idle", "safe", "offline"} or state == "armed", where
        if row.state_after in {"idle", "safe", "offline", "paused"}:
            assert row.at_rest_s is not None, where
        if state in {"idle", "safe", "paused"}:
            assert row.at_rest_s == 0.0, where
        assert row.drives_again_s is not None, where
        assert row.noticed_s is not None or row.sees == (), where
        for time_s, amount in row.amounts[device.id]:
            assert 0.0 <= time_s <= AFTER_S + 1e-6
            assert 0.0 <= amount <= device.amount_max


def test_faults_have_different_names_and_one_sentence_each() -> None:
    assert len({fault.name for fault in WHAT_IF_FAULTS}) == len(WHAT_IF_FAULTS)
    for fault in WHAT_IF_FAULTS:
        assert fault.sentence.count(". ") == 0
        assert fault.sentence.endswith(".")


def test_the_same_rig_gives_the_same_rows() -> None:
    for fault in WHAT_IF_FAULTS[:2]:
        first, second = (list(rows(_CONFIG.loop, faults=[fault], states=["active"])) for _ in "ab")
        assert first == second


def test_rows_are_plain_data_that_can_be_read_back() -> None:
    found = _rows("idle")
    assert msgspec.json.decode(msgspec.json.encode(found), type=tuple[FaultRow, ...]) == found
    assert list(msgspec.to_builtins(found[0])) == [
        "fault",
        "sentence",
        "state",
        "noticed_s",
        "state_after",
        "at_rest_s",
        "must_rest",
        "sees",
        "way_back",
        "drives_again_s",
        "amounts",
        "wishes",
    ]


def test_the_page_is_well_formed_and_shows_every_row() -> None:
    found = [*_rows("active"), *_rows("safe")]
    text = page(sorted(found, key=lambda row: row.fault), _CONFIG.devices, _CONFIG.rig.name)
    root = ET.fromstring(text.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 our own
    space = "{http://www.w3.org/1999/xhtml}"
    assert len(root.findall(f".//{space}tbody/{space}tr")) == len(found)
    assert len(root.findall(".//{http://www.w3.org/2000/svg}svg")) == len(found)
    assert "script" not in text
    assert "http" not in text.replace("http://www.w3.org/", "")
    parser = _Strict()
    parser.feed(text)
    assert parser.open == []


def test_the_page_escapes_what_devices_and_policies_are_called() -> None:
    row = msgspec.structs.replace(_rows("idle")[0], sees=('<script>alert("1")</script> & more',))
    text = page([row], _CONFIG.devices, "a<b>")
    ET.fromstring(text.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 our own
    assert "<script>" not in text
    assert "a&lt;b&gt;" in text


def test_the_numbers_of_the_rig_decide() -> None:
    slow = stimulator_of(slew_ma_per_s_max=1.0)
    config = virtual_rig([slow], timing=GateConfig(lease_s=1.0))
    (killed,) = rows(config, faults=WHAT_IF_FAULTS[:1], states=["active"])
    assert killed.at_rest_s == pytest.approx(1.0 + 3.0, abs=0.3)
    assert max(amount for _, amount in killed.amounts["left"]) == 3.0
    assert not math.isnan(killed.drives_again_s or math.nan)


class _Strict(HTMLParser):
    """Collects which elements are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Accept elements that have no content."""
