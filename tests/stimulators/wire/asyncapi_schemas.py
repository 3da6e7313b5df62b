"""The schemas of `docs/asyncapi.yaml`; run as a module, it prints them."""

import inspect
import sys
from typing import Any

import msgspec
import yaml  # type: ignore[import-untyped]

from stimulators.wire import display_messages, messages
from stimulators.wire.messages import Wire


def message_types() -> dict[str, type[Wire]]:
    """Every message that is sent by itself, by name."""
    parts = {
        messages.Wire,
        messages.Reason,
        messages.DeviceLimits,
        messages.DeviceBelief,
        messages.RiseOffer,
        display_messages.EstimateColumn,
        display_messages.LimitShare,
    }
    return {
        name: each
        for name, each in {**vars(messages), **vars(display_messages)}.items()
        if isinstance(each, type) and issubclass(each, Wire) and each not in parts
    }


def schemas() -> dict[str, Any]:
    """JSON Schemas of the messages and their parts, as the code has them."""
    kinds = message_types().values()
    _, components = msgspec.json.schema_components(
        kinds, ref_template="#/components/schemas/{name}"
    )
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(components))
    for component in plain.values():
        component["description"] = inspect.cleandoc(component["description"])
    return plain


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # untyped
    """Writes texts of several lines as such."""


def _text(dumper: _Dumper, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


if __name__ == "__main__":
    written = yaml.dump({"schemas": schemas()}, Dumper=_Dumper, width=98, allow_unicode=True)
    sys.stdout.write("".join(f"  {line}\n" if line else "\n" for line in written.splitlines()))
