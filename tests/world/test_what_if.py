"""Every fault in every state: the page for an ethics board."""

import math
from functools import cache
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import msgspec
import pytest
from msgspec.structs import replace as _replace

from replay.virtual.rig import STREAM_INFO, virtual_rig
from replay.what_if.onlooker import AFTER_S
from replay.what_if.page import page
from replay.what_if.plain_rig import plain_rig
from replay.what_if.stand_ins import stand_ins
from replay.what_if.what_if import STATES, WHAT_IF_FAULTS, FaultRow, rows
from stimloop import config as configuration
from stimulators.decisions import State
from stimulators.gate_config import GateConfig
from stimulators.policies.arms.sham import ShamConfig
from stimulators.policies.policy import PolicyConfig
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from tests.world.drawn_policies import EXAMPLES, LEVEL_DEVICE, reading_burst, reads_peaks
from tests.world.scenario import feedback_of, stimulator_of

_CONFIG = configuration.load(None)
#: A hold that ends in safe, the lease, the way at the slew, and what a message takes.
_REST_S_MAX = 6.0
#: Faults of each end: service, data, device, limits.
_SOME_FAULTS = tuple(
    fault
    for fault in WHAT_IF_FAULTS
    if fault.name in {"service killed", "data suspect", "device restarted", "limit reached"}
)


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
        "policies",
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


def _rig_of(example: PolicyConfig) -> LoopConfig:
    devices = [
        feedback_of(name, simulated=False)
        if name == LEVEL_DEVICE
        else stimulator_of(name, safe_ma=0.5)
        for name in example.drives
    ]
    table = reading_burst(example)
    rig = virtual_rig(devices, has_rhythm=reads_peaks(table))
    return msgspec.structs.replace(rig, policies=(table,))


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{type(e).__name__}-{e.id}" for e in EXAMPLES])
def test_what_stands_in_for_a_policy_has_its_amounts_and_says_so(example: PolicyConfig) -> None:
    config = _rig_of(example)
    plain = plain_rig(config, WHAT_IF_FAULTS[0], "active")
    real, put = (ClosedLoop(each, [STREAM_INFO], "s").wirings for each in (config, plain))
    real_clips = {name: clip for each in real for name, clip in each.policy.clips.items()}
    assert {name: clip for each in put for name, clip in each.policy.clips.items()} == real_clips
    sends_nothing = isinstance(example, ShamConfig)
    assert all(isinstance(each, ShamConfig) is sends_nothing for each in plain.policies)
    for told in stand_ins(config):
        assert told.text.startswith(f"policy {example.id!r} ({example.__struct_config__.tag}): in")
        assert f"{real_clips[told.device].highest:g}" in told.text
        assert ("one trigger of" in told.text) is (real_clips[told.device].kind == "trigger")
        assert ("nothing of it is sent" in told.text) is sends_nothing


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{type(e).__name__}-{e.id}" for e in EXAMPLES])
def test_faults_end_as_they_must_with_every_policy(example: PolicyConfig) -> None:
    config = _rig_of(example)
    safe = {device.id: device.safe_amount for device in config.devices}
    clips = ClosedLoop(config, [STREAM_INFO], "s").wirings[0].policy.clips
    for row in rows(config, faults=_SOME_FAULTS, states=["active"]):
        where = f"{row.fault} from {row.state}"
        assert not row.must_rest or row.at_rest_s is not None, where
        assert row.drives_again_s is not None, where
        for name, clip in clips.items():
            wanted = {amount for _, amount in row.wishes[name]}
            sends = clip.kind == "amplitude" and not isinstance(example, ShamConfig)
            assert wanted <= ({clip.lowest, clip.highest} if sends else {safe[name]}), where
            (_, first), *_ = row.amounts[name]
            assert first == pytest.approx(clip.highest if sends else safe[name]), where


def test_stages_and_policies_without_amounts_are_told() -> None:
    config = _rig_of(next(each for each in EXAMPLES if each.id == "dual"))
    told = {
        stage: stand_ins(_replace(config, rig=_replace(config.rig, stage=stage)))[0]
        for stage in ("closed", "confirm", "shadow")
    }
    assert told["confirm"].text == f"{told['closed'].text}, as if each rise were confirmed"
    assert told["shadow"].text == f"{told['closed'].text}, and nothing of it is sent"
    assert isinstance(told["shadow"].table, ShamConfig)
    (alone,) = stand_ins(_replace(config, policies=()))
    assert alone.text == "no policy drives it; here one steps between 0.5 and 3 mA"
    unfit = _replace(config.policies[0], highest_ma=9.0)
    (whole,) = stand_ins(_replace(config, policies=(unfit,)))
    assert "cannot be asked for its amounts (highest_ma: expected from 0 to 3 " in whole.text
    assert whole.text.endswith("; here one steps between 0.5 and 3 mA in its place")


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
