"""The gate against its oracle, the size of its memory, and that nothing else can send commands."""

import ast
from collections.abc import Collection
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

import stimulators
from stimulators.wire.received import LinkChanged, Unreadable
from tests.stimulators.gate.gate_machine import GateMachine
from tests.stimulators.gate.gate_rig import GateRig, device_of, feedback_of, limits_of
from tests.support.searching import search

TestGate = GateMachine.TestCase
TestGate.settings = settings(
    search(60),
    stateful_step_count=40,
    suppress_health_check=[HealthCheck.too_slow],
)


def _n_kept(value: Any, seen: set[int]) -> int:
    """Return how many items all containers that can be reached hold together."""
    if id(value) in seen or isinstance(value, str | bytes | count):
        return 0
    seen.add(id(value))
    held = list(getattr(value, "__dict__", {}).values())
    n_items = 0
    if isinstance(value, Collection):
        n_items = len(value)
        held += list(value.values()) if hasattr(value, "values") else list(value)
    return n_items + sum(_n_kept(each, seen) for each in held)


def test_what_the_gate_keeps_does_not_grow() -> None:
    limits = limits_of(refractory_s=0.0, triggers_per_min_max=100, charge_uc_per_10_min_max=1e6)
    rig = GateRig(device_of(limits=limits), feedback_of())
    rig.be_ready()
    kept: list[int] = []
    for round_ in range(24):  # the longest window, of charge, is full after 15
        for part in range(40):
            rig.answers = part % 2 == 0
            rig.control("arm")
            rig.run(1.0, amount=float(part % 3))
            for _ in range(30):
                rig.now_s += 0.001
                rig.trigger()
            rig.hear(Unreadable(f"{round_} {part}", "not JSON"))
            if part == 20:
                rig.hear(LinkChanged(is_up=False))
                rig.connect()
        kept.append(_n_kept(rig.gate, set()))
        rig.log.clear()
    assert max(kept[20:]) <= max(kept[16:20])


def test_commands_and_leases_are_made_in_one_file_only() -> None:
    folder = Path(stimulators.__file__).parent
    makers = {
        path.name
        for path in sorted(folder.parent.glob("st*r*/**/*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"Command", "Lease"}
    }
    # The examiner tries a device to which nobody is connected; no rig has it.
    assert makers == {"maker.py", "examiner.py"}
