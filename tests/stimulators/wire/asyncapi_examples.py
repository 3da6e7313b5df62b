"""The example payloads of `docs/asyncapi.yaml`; run as a module, it writes them there anew.

What devices hear and say is taken from an exchange with the reference device.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stimulators.wire import topics
from stimulators.wire.display_messages import (
    DetectorInfo,
    EstimateColumn,
    EstimateMessage,
    EventMessage,
)
from stimulators.wire.keys.keys import without_signature
from stimulators.wire.messages import Control, DeviceBelief, Status, Wire
from stimulators.wire.payload import to_payload
from tests.stimulators.device.vectors.script import DEVICE, SESSION, Script
from tests.stimulators.wire.asyncapi_schemas import message_types

PATH = Path(__file__).parents[3] / "docs" / "asyncapi.yaml"
_KINDS = {
    "info": "DeviceInfo",
    "state": "DeviceStatus",
    "ack": "Ack",
    "command": "Command",
    "lease": "Lease",
    "clock/request": "ClockRequest",
    "clock/reply": "ClockReply",
    "stop": "Stop",
}
_NOW_US = 7_000_002_000
_BY_HAND: tuple[tuple[str, Wire], ...] = (
    (
        "a service that drives a device",
        Status(
            state="active",
            session=SESSION,
            now_us=_NOW_US,
            config_digest="5f0c" * 16,
            journal_head="9b1d" * 16,
            versions={"stimloop": "0.2.0"},
            drives=("stn",),
            devices={
                "stn": DeviceBelief(
                    lowest=1.0,
                    highest=1.0,
                    certain=True,
                    state="live",
                    instance="0b007ed1",
                    word_age_s=0.2,
                )
            },
        ),
    ),
    (
        "an operator arms",
        Control(
            request_id="c-1",
            session=SESSION,
            operator="anna",
            issued_us=_NOW_US,
            expires_us=_NOW_US + 2_000_000,
            action="arm",
        ),
    ),
    (
        "one detector of one channel",
        DetectorInfo(
            session=SESSION,
            columns=(EstimateColumn(channel="STN_L_13", measure="power", unit="uV2"),),
        ),
    ),
    (
        "one value",
        EstimateMessage(sample=12_000, time_us=_NOW_US, values=(3.25,), valid=(True,)),
    ),
    (
        "a burst begins",
        EventMessage(
            kind="onset", channel="STN_L_13", sample=12_000, onset_us=_NOW_US, strength=1.5
        ),
    ),
)


def examples() -> dict[str, list[tuple[str, bytes]]]:
    """Return the examples of each message: what each is, and its JSON."""
    found: dict[str, list[tuple[str, bytes]]] = {name: [] for name in message_types()}
    for text, topic, payload in _exchange():
        kind = next(kind for end, kind in _KINDS.items() if topic.endswith("/" + end))
        found[kind].append((text, without_signature(payload)))
    for text, message in _BY_HAND:
        found[type(message).__name__].append((text, to_payload(message)))
    return found


def block() -> str:
    """Return the messages of the contract's components, with their examples."""
    lines = ["  messages:\n"]
    for name, each in examples().items():
        lines.append(f"    {name}:\n")
        lines.append(f'      payload: {{ $ref: "#/components/schemas/{name}" }}\n')
        lines.append("      examples:\n")
        for text, payload in each:
            lines.append(f"      - name: {text}\n")
            lines.append(f"        payload: {json.dumps(json.loads(payload))}\n")
    return "".join(lines)


def _exchange() -> Iterator[tuple[str, str, bytes]]:
    """Yield what was heard and said first of each kind: what it is, topic and payload."""
    script = Script(DEVICE)
    script.live()
    script.command(1.0)
    script.refused("limit", 3.5)
    script.hear(
        topics.TRIGGER,
        script.make(1.0, kind="trigger", fire_at_us=50_000, fire_uncertainty_us_max=4_900),
    )
    script.pass_us(1_000_000)
    script.stop()
    script.tick()
    texts = {
        "clock/reply": "the service answers",
        "lease": "for a second",
        "amplitude": "an amplitude",
        "trigger": "a trigger at a time",
        "stop": "an operator stops",
    }
    for step in script.steps:
        if step["hears"] is None:
            continue
        topic, payload = step["hears"]["topic"], step["hears"]["payload"].encode()
        kind = json.loads(without_signature(payload)).get("kind")
        end = kind or next(each for each in texts if topic.endswith("/" + each))
        if end in texts:
            yield texts.pop(end), topic, payload
    yield from _said(script)


def _said(script: Script) -> Iterator[tuple[str, str, bytes]]:
    wanted: list[tuple[str, str, dict[str, Any]]] = [
        ("clock/request", "it does not know the time yet", {}),
        ("info", "its lease ended", {"state": "safe"}),
        ("info", "leased", {"state": "live"}),
        ("state", "what it gives", {"said_clock": SESSION}),
        ("ack", "done", {"refused": None}),
        ("ack", "refused", {"refused": "limit"}),
        ("ack", "stopped", {"request_id": "stop-1"}),
    ]
    for end, text, fields in wanted:
        for address, payload, _, _ in script.published:
            message = json.loads(without_signature(payload))
            if address.endswith("/" + end) and fields.items() <= message.items():
                yield text, address, payload
                break
        else:
            raise AssertionError(f"expected {text} of {end}")


def written(document: str) -> str:
    """Return the contract with its examples as they are now."""
    start = document.index("  messages:\n", document.index("\ncomponents:\n"))
    end = document.index("  schemas:\n", start)
    return document[:start] + block() + document[end:]


if __name__ == "__main__":
    PATH.write_text(written(PATH.read_text("utf-8")), "utf-8")
