"""Each breach of the contract is found, and nothing in devices that keep it."""

import asyncio
import re
from typing import Any

import msgspec
import pytest
import yaml  # type: ignore[import-untyped]

from stimulators.conformance.examiner import Examiner
from stimulators.conformance.report import ConformanceReport
from stimulators.conformance.run import CHECKS, OtherServiceError, try_device
from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys, NoKeys
from stimulators.wire.keys.ring import Key, KeyRing
from stimulators.wire.messages import Status
from stimulators.wire.payload import to_payload
from tests.stimulators.conformance import naive
from tests.stimulators.conformance.naive import BREACHES, UNSIGNED_BREACHES, Breach
from tests.stimulators.conformance.virtual_line import VirtualLine
from tests.stimulators.device.device_bench import feedback_device, stimulator
from tests.stimulators.device.ends import End, ReferenceEnd, Said, micropython
from tests.stimulators.wire.test_asyncapi import _PATH

_SESSION = "00000000000000000002-0000000b"
_KEYS = {way: Key(f"{number:08x}", f"{number:064x}") for number, way in enumerate(("to", "from"))}
_STOP = Key("9f3c1a7e", "2" * 64)
_RING = {f"{way}/stn": [key] for way, key in _KEYS.items()} | {"stop": [_STOP]}
_SIGNED: Keys = KeyRing("demo", _RING)


def _tried(end: End, keys: Keys = NoKeys(), **how: Any) -> tuple[ConformanceReport, VirtualLine]:  # noqa: B008
    line = VirtualLine(end)
    device = end.client_id.rpartition("-")[2] if "demo" in end.client_id else "stn"
    examiner = Examiner(line, rig="demo", device=device, keys=keys, session=_SESSION)
    report = asyncio.run(try_device(examiner, **{"may_drive": True, **how}))
    return report, line


def _reference(config: Any = None, keys: Keys = NoKeys()) -> ReferenceEnd:  # noqa: B008
    return ReferenceEnd(config or stimulator(), rig="demo", keys=keys)


def _micropython(config: Any, keys: Any = None) -> End:
    table = msgspec.to_builtins(config)
    numbers = iter(range(10**6))
    made: End = micropython("stim_device").Device(
        table, "demo", "1", lambda: f"{next(numbers):032x}", keys=keys
    )
    return made


@pytest.mark.parametrize("config", [stimulator(), feedback_device()], ids=["ma", "level"])
@pytest.mark.parametrize("make", [_reference, _micropython])
def test_nothing_is_missing_in_a_device_that_keeps_the_contract(make: Any, config: Any) -> None:
    report, _ = _tried(make(config))
    assert [str(each) for each in report.breaches] == []
    assert {each.check for each in report.untried} == {"signatures", "stop unsigned", "power"}
    assert len(report.tried) == len(CHECKS) - 3


def test_nothing_is_missing_where_the_rig_signs() -> None:
    plain = {name: msgspec.to_builtins(key) for name, key in {**_KEYS, "stop": _STOP}.items()}
    for end in (_reference(keys=_SIGNED), _micropython(stimulator(), plain)):
        report, _ = _tried(end, _SIGNED)
        assert [str(each) for each in report.breaches] == []
        assert [each.check for each in report.untried] == ["power"]


@pytest.mark.parametrize("breach", BREACHES, ids=lambda each: each.__name__)
def test_each_breach_is_found(breach: Breach) -> None:
    end = _reference()
    breach(end)
    report, _ = _tried(end)
    assert BREACHES[breach] in {each.check for each in report.breaches}, report.breaches


@pytest.mark.parametrize("breach", UNSIGNED_BREACHES, ids=lambda each: each.__name__)
def test_each_breach_of_signing_is_found(breach: Breach) -> None:
    end = _reference(keys=_SIGNED)
    breach(end)
    report, _ = _tried(end, _SIGNED)
    assert UNSIGNED_BREACHES[breach] in {each.check for each in report.breaches}, report.breaches


def test_a_first_device_with_five_breaches_is_told_each_as_the_guide_shows() -> None:
    end = _reference()
    for breach in naive.FIRST_DEVICE:
        breach(end)
    line = VirtualLine(end)
    examiner = Examiner(line, rig="demo", device="stn", keys=NoKeys(), session=_SESSION)
    examiner.operator = lambda asked: (
        line.switch(ReferenceEnd(stimulator(), rig="demo", instance="2", newest_session=_SESSION))
        if "power" in asked
        else line.interrupt()
    )
    told: list[str] = []
    asyncio.run(try_device(examiner, may_drive=True, told=told.append))
    guide = (_PATH.parent / "guides" / "devices.md").read_text("utf-8")
    (shown,) = re.findall(r"```text\n(.*?)```", guide, re.DOTALL)
    assert shown.splitlines() == [f"missing: {each}" for each in told]
    for words in ("had kept", "client id", "the first of", "came again", "came twice"):
        assert any(words in each for each in told)


@pytest.mark.parametrize(("remembered", "instance", "expected"), naive.SWITCHED)
def test_a_device_that_is_switched_off_and_on_is_another_boot_that_remembers(
    remembered: str, instance: str, expected: list[str]
) -> None:
    line = VirtualLine(_reference())
    examiner = Examiner(line, rig="demo", device="stn", keys=NoKeys(), session=_SESSION)
    config = stimulator()
    examiner.operator = lambda _: line.switch(
        ReferenceEnd(config, rig="demo", instance=instance, newest_session=remembered)
    )
    report = asyncio.run(try_device(examiner, may_drive=True))
    found = [each for each in report.breaches if each.check == "power"]
    assert len(found) == len(expected)
    for each, words in zip(found, expected, strict=True):
        assert each.expected.startswith(words)


def test_without_the_word_nothing_is_sent_that_could_drive() -> None:
    end = _reference()
    heard: list[str] = []
    right = end.hear

    def hear(topic: str, payload: bytes, retained: bool, now_us: int) -> Said:
        heard.append(topic)
        return right(topic, payload, retained, now_us)

    end.hear = hear  # type: ignore[method-assign]
    report, line = _tried(end, may_drive=False)
    assert report.breaches == []
    assert {topic.rpartition("/")[2] for topic in heard} == {"reply"}
    assert line.greatest == end.device.config.safe_ma
    drives = {each.name for each in CHECKS if each.drives}
    assert {each.check for each in report.untried} == drives


def test_another_service_ends_the_trial_before_it_begins() -> None:
    line = VirtualLine(_reference())
    examiner = Examiner(line, rig="demo", device="stn", keys=NoKeys(), session=_SESSION)
    other = Status(state="active", session="00000000000000000009-0000000b")
    line._say_on(topics.STATUS.at(rig="demo"), to_payload(other), 1, retain=False)
    with pytest.raises(OtherServiceError, match="00009-0000000b"):
        asyncio.run(try_device(examiner, may_drive=True))
    assert line.n_published == 0


def test_a_device_that_is_not_there_is_told() -> None:
    line = VirtualLine(_reference())
    examiner = Examiner(line, rig="demo", device="other", keys=NoKeys(), session=_SESSION)
    report = asyncio.run(try_device(examiner, may_drive=True))
    assert [str(each) for each in report.breaches] == [
        "info: expected an info of device other, found none in 5.5 s [Words]"
    ]


def test_the_device_is_left_at_its_safe_amount_and_nothing_above_its_limit_was_given() -> None:
    end = _reference()
    _, line = _tried(end)
    assert (end.device.state, end.given) == ("safe", 0.5)
    assert 0.5 < line.greatest <= 3.0


def test_every_check_names_a_section_of_the_contract() -> None:
    text = yaml.safe_load(_PATH.read_text("utf-8"))["info"]["description"]
    assert len({each.name for each in CHECKS}) == len(CHECKS)
    assert [each.name for each in CHECKS if f"**{each.section}.**" not in text] == []
