"""The wire vectors of `docs/vectors`; run as a module, it writes them anew."""

import inspect
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from tests.stimulators.device.vectors import refusal_cases, rule_cases
from tests.stimulators.device.vectors.script import (
    FOLDER,
    INSTANCE,
    KEYS,
    NONCES,
    RIG,
    Script,
    changed,
)

_CASES = {
    **{f"refused-{each.__name__}": each for each in refusal_cases.REFUSALS},
    **{each.__name__: each for each in rule_cases.RULES},
}


def vectors() -> dict[str, dict[str, Any]]:
    """Every vector by its name, as the reference device is now."""
    return {name.replace("_", "-"): _vector(name) for name in _CASES}


def text(vector: dict[str, Any]) -> str:
    """Return the content of a vector's file: a line for each field and each step."""
    steps = ",\n  ".join(json.dumps(each) for each in vector["steps"])
    fields = [f"{json.dumps(name)}: {json.dumps(vector[name])}" for name in list(vector)[:-1]]
    return "{\n " + ",\n ".join(fields) + f',\n "steps": [\n  {steps}\n ]\n}}\n'


def written() -> dict[str, dict[str, Any]]:
    """Every vector by its name, as its file has it."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}


def _vector(name: str) -> dict[str, Any]:
    case = _CASES[name]
    changes = refusal_cases.CHANGES.get(case) or rule_cases.CHANGES.get(case, {})
    remembered = rule_cases.REMEMBERED.get(case, "")
    device = changed(changes)
    script = Script(device, remembered)
    case(script)
    return {
        "says": " ".join((inspect.getdoc(case) or "").split()),
        "needs_keys": case in rule_cases.NEED_KEYS,
        "rig": RIG,
        "device": device,
        "keys": {way: msgspec.to_builtins(key) for way, key in KEYS.items()},
        "instance": INSTANCE,
        "newest_session": remembered,
        "nonce": NONCES[0],
        "steps": script.steps,
    }


def write(folder: Path) -> None:
    """Write every vector, and remove all other files."""
    made = {f"{name}.json": text(vector) for name, vector in vectors().items()}
    for path in folder.glob("*.json"):
        if path.name not in made:
            path.unlink()
    for name, content in made.items():
        (folder / name).write_text(content, "utf-8")


if __name__ == "__main__":
    write(FOLDER)
    sys.stdout.write(f"{len(_CASES)} vectors in {FOLDER}\n")
