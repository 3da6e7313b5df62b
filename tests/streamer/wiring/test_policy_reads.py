"""Measures that a policy reads are found by detector, channel and name, or refused."""

import re
from typing import Any

import pytest

from detectors.outputs import Output
from stimulators.policies.policy import EventRead, MeasureRead, PolicyConfig
from streamer.closed_loop import ClosedLoop
from streamer.wiring.policy_reads import channel_key, declared, resolve
from tests.streamer.rigs import CONFIG, INFOS, SESSION


class _Detector:
    def __init__(self, id_: str, *outputs: Output, detects: tuple[str, ...] = ()) -> None:
        self.id = id_
        self.detects = detects
        self.outputs = outputs
        self.channels = tuple(dict.fromkeys(each.channel for each in outputs))


_POWER = _Detector("power", Output("L", "power", "µV²"), Output("R", "power", "µV²"))
_LOG = _Detector("log", Output("L", "power", "dB", signed=True))
_BURST = _Detector(
    "burst",
    Output("L", "value", "µV²"),
    Output("L", "threshold", "µV²"),
    Output("L", "is_calibrating", ""),
    detects=("onset", "offset"),
)
_UNEVEN = _Detector("uneven", Output("L", "power", "µV²"), Output("R", "phase", "rad"))
_ALL: dict[str, Any] = {each.id: each for each in (_POWER, _LOG, _BURST, _UNEVEN)}


def test_a_measure_is_a_column_with_its_unit_and_sign() -> None:
    found = resolve(
        (
            MeasureRead("of", "power", "R", "power"),
            MeasureRead("ceiling", "log", "", "power", unit="dB"),
            MeasureRead("of", "burst", "", "threshold"),
            EventRead("of", "burst", "L", ("onset",)),
        ),
        _ALL,
    )
    assert [each.column for each in found] == [1, 0, 1, -1]
    assert [each.needed for each in found] == [(1,), (0,), (1,), (0, 1, 2)]
    assert [each.calibrating for each in found] == [-1, -1, 2, 2]
    assert [each.read.channel for each in found] == ["R", "L", "L", "L"]
    assert [each.read.unit for each in found] == ["µV²", "dB", "µV²", ""]
    assert [each.read.is_signed for each in found] == [False, True, False, False]
    assert found[3].kinds == ("onset",)


@pytest.mark.parametrize(
    ("reads", "text"),
    [
        (
            (MeasureRead("of", "x", "", "power"),),
            "of: expected a detector (power, log, burst, uneven), found 'x'",
        ),
        (
            (MeasureRead("of", "Power", "", "power"),),
            "of: expected a detector (power, log, burst, uneven), found 'Power' (there is 'power'",
        ),
        (
            (MeasureRead("of", "power", "L", "exponent"),),
            "of: expected a detector that gives 'exponent', found 'power', which gives power",
        ),
        (
            (MeasureRead("of", "power", "L", "value"),),
            "of: expected a detector that gives 'value' (burst), found 'power', which gives power",
        ),
        (
            (MeasureRead("of", "uneven", "R", "power"),),
            "of: expected a detector that gives 'power' of R, found 'uneven', which gives phase",
        ),
        (
            (EventRead("of", "power", "L", ("onset",)),),
            "of: expected a detector that detects onset (burst), found 'power', which detects n",
        ),
        (
            (EventRead("of", "burst", "L", ("moment",)),),
            "of: expected a detector that detects moment, found 'burst', which detects onset, off",
        ),
        (
            (MeasureRead("of", "power", "C", "power"),),
            "channel: expected one of L, R, found 'C'",
        ),
        ((MeasureRead("of", "power", "", "power"),), "channel: expected one of L, R, found none"),
        (
            (MeasureRead("ceiling", "power", "", "power"),),
            "ceiling_channel: expected one of L, R, found none",
        ),
        (
            (MeasureRead("of", "log", "", "power", unit="µV²"),),
            "of: expected power of 'log' in µV², found it in dB",
        ),
        (
            (
                MeasureRead("of", "power", "L", "power", compared="level"),
                MeasureRead("of", "power", "R", "power", compared="level"),
                MeasureRead("ceiling", "log", "", "power", compared="level"),
            ),
            "ceiling: expected one unit for what is compared, found power of 'power' in µV²",
        ),
    ],
)
def test_what_is_not_there_or_does_not_go_together_is_one_line(
    reads: tuple[MeasureRead, ...], text: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}") as told:
        resolve(reads, _ALL)
    assert "\n" not in str(told.value)


def test_units_of_what_is_not_compared_may_differ() -> None:
    reads = (
        MeasureRead("of", "power", "L", "power", compared="level"),
        MeasureRead("ceiling", "log", "", "power", compared="other"),
        MeasureRead("ceiling", "log", "", "power"),
    )
    assert len(resolve(reads, _ALL)) == 3


def test_the_key_of_a_channel_follows_from_that_of_its_detector() -> None:
    assert channel_key("of") == "channel"
    assert channel_key("ceiling") == "ceiling_channel"


def test_a_rig_resolves_what_its_policy_reads() -> None:
    (wiring,) = ClosedLoop(CONFIG, INFOS, SESSION).wirings
    assert [each.read.measure for each in wiring.reads] == ["is_on", "value", "threshold"]
    assert wiring.detectors == ("burst",)
    assert wiring.streams == ("LFP",)
    assert wiring.channels_of("LFP") == {"STN"}
    assert wiring.channels_of("EMG") == set()


class _Said(PolicyConfig, frozen=True, kw_only=True):
    said: tuple[Any, ...] = (MeasureRead("of", "power", "", "power"),)
    driven: tuple[str, ...] = ("stn",)

    @property
    def reads(self) -> tuple[Any, ...]:
        return self.said

    @property
    def drives(self) -> tuple[str, ...]:
        return self.driven


class _Unsaid(_Said, frozen=True, kw_only=True):
    @property
    def drives(self) -> tuple[str, ...]:
        found: tuple[str, ...] = self.devices  # type: ignore[attr-defined]
        return found


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (_Said(id="p", said=()), "kind: expected a policy that reads something, found none"),
        (_Said(id="p", said=("power",)), "kind: expected a policy that reads MeasureRead or Event"),
        (_Said(id="p", driven=()), "kind: expected a policy that drives each device once, found n"),
        (_Said(id="p", driven=("a", "a")), "kind: expected a policy that drives each device once"),
        (
            _Unsaid(id="p"),
            "kind: the policy does not declare what it reads and drives: AttributeError: ",
        ),
        (
            PolicyConfig(id="p"),
            "kind: the policy does not declare what it reads and drives: NotImplemented",
        ),
    ],
)
def test_a_struct_of_another_form_is_one_line(config: PolicyConfig, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}") as told:
        declared(config)
    assert "\n" not in str(told.value)
    assert declared(_Said(id="p")).drives == ("stn",)
