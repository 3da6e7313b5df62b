"""`docs/asyncapi.yaml` says what the code does: every topic, how it is sent, every field."""

from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

import stimulators.device
from stimulators.wire import topics
from stimulators.wire.payload import from_payload, to_payload
from stimulators.wire.topics import Topic
from tests.stimulators.wire import asyncapi_examples
from tests.stimulators.wire.asyncapi_schemas import message_types, schemas

_PATH = Path(__file__).parents[3] / "docs" / "asyncapi.yaml"


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_PATH.read_text(encoding="utf-8"))
    return loaded


def _name(reference: dict[str, str]) -> str:
    return reference["$ref"].rsplit("/", 1)[1]


def _followed(contract: dict[str, Any], reference: str) -> Any:
    found: Any = contract
    for key in reference.removeprefix("#/").split("/"):
        found = found[key]
    return found


def test_every_topic_is_described_and_none_that_is_not_there(contract: dict[str, Any]) -> None:
    ours = {each.address for each in vars(topics).values() if isinstance(each, Topic)}
    assert {channel["address"] for channel in contract["channels"].values()} == ours


def test_every_topic_is_sent_as_described(contract: dict[str, Any]) -> None:
    ours = {
        (each.address, each.qos, each.retain)
        for each in vars(topics).values()
        if isinstance(each, Topic)
    }
    described = set()
    for operation in contract["operations"].values():
        how = operation["bindings"]["mqtt"]
        channel = contract["channels"][_name(operation["channel"])]
        described.add((channel["address"], how["qos"], how["retain"]))
    assert described == ours


def test_the_names_in_a_topic_are_its_parameters(contract: dict[str, Any]) -> None:
    for channel in contract["channels"].values():
        address = channel["address"]
        names = {each[1:-1] for each in address.split("/") if each.startswith("{")}
        assert set(channel["parameters"]) == names, address


def test_every_message_has_its_channel(contract: dict[str, Any]) -> None:
    carried = [name for channel in contract["channels"].values() for name in channel["messages"]]
    assert sorted(carried) == sorted(message_types())
    assert sorted(contract["components"]["messages"]) == sorted(message_types())


def test_every_schema_is_that_of_the_code(contract: dict[str, Any]) -> None:
    assert contract["components"]["schemas"] == schemas()


def test_every_message_has_examples_which_are_current_and_fit_its_schema() -> None:
    """To write them anew: `python -m tests.stimulators.wire.asyncapi_examples`."""
    document = _PATH.read_text(encoding="utf-8")
    assert asyncapi_examples.written(document) == document
    for name, kind in message_types().items():
        each = asyncapi_examples.examples()[name]
        assert each, name
        for _, payload in each:
            assert to_payload(from_payload(payload, kind)) == payload


def test_every_reference_leads_somewhere(contract: dict[str, Any]) -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            inner = [each for value in part.values() for each in references(value)]
            return [part["$ref"], *inner] if "$ref" in part else inner
        return (
            [each for value in part for each in references(value)] if isinstance(part, list) else []
        )

    found = references(contract)
    assert len(found) > 50
    for reference in found:
        assert _followed(contract, reference)


def test_every_word_a_device_refuses_with_is_named(contract: dict[str, Any]) -> None:
    lines = [line.strip() for line in (stimulators.device.__doc__ or "").splitlines()]
    first, last = (index for index, line in enumerate(lines) if line.startswith("====="))
    rows = [line.split("  ")[0] for line in lines[first + 1 : last]]
    words = {word.strip() for row in rows for word in row.split(",")}
    assert {"session", "lease", "expired", "refractory", "unit", "limit"} <= words
    text = contract["info"]["description"]
    assert [word for word in words if word not in text] == []
