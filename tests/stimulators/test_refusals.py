"""Every refusal has its reason of one closed type, which is described and tried."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest
import yaml  # type: ignore[import-untyped]

import stimulators.device
from stimulators.decisions import Refusal, State
from stimulators.gate.remedies import REMEDIES
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Ack

_ROOT = Path(__file__).parents[2]
_ROOMS = ("gate", "device")
#: Functions that make a refusal with a reason that they are given.
_MAKERS = frozenset(
    {
        "Refusal",
        "refusal_of",
        "_refusal",
        "Want",
        "refuse",
        "was_refused",
        "answer",
        "_drop_triggers",
    }
)


def _named(tree: ast.AST) -> Iterator[RefusalReason]:
    """Yield the reasons that a piece of code names by their type."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "RefusalReason":
            yield RefusalReason[node.attr]


def _said(tree: ast.AST) -> Iterator[RefusalReason]:
    """Yield the reasons that a piece of code has as words."""
    words = {str(each) for each in RefusalReason}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in words:
            yield RefusalReason(node.value)


def _sources(room: str) -> list[ast.Module]:
    files = sorted((_ROOT / "stimulators" / room).rglob("*.py"))
    return [ast.parse(file.read_text(encoding="utf-8"), str(file)) for file in files]


def _used(room: str) -> set[RefusalReason]:
    return {each for source in _sources(room) for each in _named(source)}


def _tests_of_refusals() -> list[ast.FunctionDef]:
    files = [each for room in _ROOMS for each in (Path(__file__).parent / room).rglob("test_*.py")]
    functions = [
        node
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    return [each for each in functions if re.search("refus|reason|objection", ast.unparse(each))]


@pytest.mark.parametrize("room", _ROOMS)
def test_no_refusal_is_made_of_a_word_that_is_free(room: str) -> None:
    calls = [
        node
        for source in _sources(room)
        for node in ast.walk(source)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in _MAKERS
    ]
    assert len(calls) > 3
    free = [
        ast.unparse(call)
        for call in calls
        for given in call.args[:2]
        if isinstance(given, ast.Constant) and given.value in set(RefusalReason)
    ]
    assert free == []


def test_every_reason_is_given_somewhere_and_all_states_are_reasons() -> None:
    states = {RefusalReason(each) for each in get_args(State)}
    assert states | _used("gate") | _used("device") == set(RefusalReason)


def test_every_reason_is_tried_by_a_test_of_the_gate_or_the_device() -> None:
    tests = _tests_of_refusals()
    tried = {each for test in tests for each in (*_said(test), *_named(test))}
    assert set(RefusalReason) - tried == set()


def test_the_wire_is_described_with_every_reason_and_what_it_means() -> None:
    text = (_ROOT / "docs" / "asyncapi.yaml").read_text(encoding="utf-8")
    described = yaml.safe_load(text)["info"]["description"]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", described, flags=re.MULTILINE))
    assert rows == {str(each): each.meaning for each in RefusalReason}


def test_the_words_of_the_device_are_those_that_it_refuses_with() -> None:
    table = (stimulators.device.__doc__ or "").split("===\n")[1]
    words = re.findall(r"^([a-z_, ]+?)(?:  |$)", table, flags=re.MULTILINE)
    described = {word.strip() for row in words for word in row.split(",") if word.strip()}
    assert described == {str(each) for each in _used("device")}


def test_a_reason_is_its_word_on_the_wire_and_in_the_journal() -> None:
    for reason in RefusalReason:
        assert f"{reason}" == reason.value == str(reason)
        refusal = Refusal(reason, device="stn")
        written = msgspec.json.encode(refusal)
        assert msgspec.json.decode(written)["reason"] == reason.value
        assert msgspec.json.decode(written, type=Refusal) == refusal
        assert reason.meaning
        assert "|" not in reason.meaning
    assert len({each.meaning for each in RefusalReason}) == len(RefusalReason)


def test_a_device_of_somebody_else_may_refuse_with_any_text() -> None:
    ack = Ack(
        session="s",
        instance="1",
        word=1,
        last_seq=0,
        received_us=0,
        applied_us=0,
        refused="impedance too high",
    )
    assert msgspec.json.decode(msgspec.json.encode(ack), type=Ack) == ack


def test_what_is_to_be_done_is_said_of_reasons_alone() -> None:
    assert set(REMEDIES) <= set(RefusalReason)
