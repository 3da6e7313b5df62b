"""Triggers of a minute where one is allowed, or none: what is kept of those that were fired."""

from typing import Any

import msgspec

from stimulators.device.trigger_output import TriggerOutput
from tests.stimulators.device.device_bench import Bench, stimulator


def _triggers(**changes: Any) -> TriggerOutput:
    return TriggerOutput(msgspec.structs.replace(stimulator().limits, **changes))


def test_one_trigger_a_minute_is_one() -> None:
    triggers = _triggers(refractory_s=0.0, triggers_per_min_max=1)
    triggers.give(Bench().command(1.0, kind="trigger"), 0)
    assert triggers.refusal(59_999_999) == "triggers"
    assert triggers.refusal(60_000_000) is None


def test_the_refractory_time_begins_at_the_last_trigger_whatever_a_minute_allows() -> None:
    triggers = _triggers(refractory_s=0.05, triggers_per_min_max=0)
    triggers.give(Bench().command(1.0, kind="trigger"), 0)
    assert triggers.refusal(49_999) == "refractory"


def test_no_more_triggers_are_kept_than_are_looked_at() -> None:
    triggers = _triggers(refractory_s=0.0, triggers_per_min_max=1)
    for minute in range(10):
        triggers.give(Bench().command(1.0, kind="trigger"), minute * 60_000_000)
    assert len(triggers._given_us) == 1
