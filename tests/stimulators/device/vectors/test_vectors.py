"""The wire vectors are current and true: of the reference device, and of that for MicroPython."""

import copy
import importlib.util
import json
import shutil
import subprocess
from typing import Any

import msgspec
import pytest

import stimulators.device
from stimulators.device_config import DeviceConfig
from stimulators.wire.keys.ring import Key, KeyRing
from tests.stimulators.device.ends import MICROPYTHON, End, ReferenceEnd, micropython
from tests.stimulators.device.vectors import vectors
from tests.stimulators.device.vectors.script import FOLDER

_WRITTEN = vectors.written()


def _player() -> Any:
    spec = importlib.util.spec_from_file_location("vectors_run", FOLDER / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Player


_PLAYER = _player()


def _reference(vector: dict[str, Any]) -> End:
    keys = {name: [msgspec.convert(key, Key)] for name, key in vector["keys"].items()}
    ring = {f"{way}/stn": keys[way] for way in ("to", "from")} | {"stop": keys["stop"]}
    return ReferenceEnd(
        msgspec.convert(vector["device"], DeviceConfig),
        rig=vector["rig"],
        keys=KeyRing(vector["rig"], ring),
        instance=vector["instance"],
        newest_session=vector["newest_session"],
        nonce=vector["nonce"],
    )


def _unsigned(vector: dict[str, Any]) -> End:
    made: End = micropython("run_vectors").make({**vector, "keys": None})
    return made


def test_the_files_are_what_the_command_writes() -> None:
    """To write them anew: `python -m tests.stimulators.device.vectors.vectors`."""
    made = {f"{name}.json": vectors.text(each) for name, each in vectors.vectors().items()}
    assert {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")} == made


def test_every_word_that_a_device_refuses_with_has_its_vector() -> None:
    table = (stimulators.device.__doc__ or "").split("===\n")[1]
    words = {
        word.strip() for row in table.splitlines() for word in row.split("  ")[0].split(",") if word
    } - {"=" * 15}
    named = {name.removeprefix("refused-").replace("-", "_") for name in _WRITTEN}
    assert len(words) > 10
    assert words - named == set()
    for word in words:
        steps = _WRITTEN[f"refused-{word.replace('_', '-')}"]["steps"]
        assert word in {ack["refused"] for step in steps for ack in step["answers"]}


@pytest.mark.parametrize("name", _WRITTEN)
def test_a_vector_is_true_of_both_devices(name: str) -> None:
    vector = _WRITTEN[name]
    assert _PLAYER(vector, _reference(vector), json.loads).play() == []
    example = micropython("run_vectors").make(vector)
    assert _PLAYER(vector, example, json.loads).play() == []
    if not vector["needs_keys"]:
        assert _PLAYER(vector, _unsigned(vector), json.loads, signed=False).play() == []


@pytest.mark.parametrize("name", _WRITTEN)
def test_a_device_that_does_otherwise_is_found(name: str) -> None:
    vector = _WRITTEN[name]
    assert _PLAYER(vector, _unsigned(vector), json.loads).play() != []
    other = copy.deepcopy(vector)
    other["steps"][-1]["gives"] += 0.1
    assert len(_PLAYER(other, _reference(vector), json.loads).play()) == 1


@pytest.mark.skipif(shutil.which("micropython") is None, reason="there is no micropython here")
def test_the_vectors_are_true_in_micropython_itself() -> None:
    command = ["micropython", "run_vectors.py", str(FOLDER), *_WRITTEN]
    done = subprocess.run(command, cwd=MICROPYTHON, capture_output=True, text=True, check=False)
    assert done.stdout == f"{len(_WRITTEN)} vectors, 0 wrong\n", done.stdout + done.stderr
