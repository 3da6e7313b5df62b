"""Policies from elsewhere: taken where they fit, refused with the reason where they do not."""

import numpy as np
import pytest

from stimulators.policies.policy import MeasureRead, OneDeviceConfig, PolicyConfig
from stimulators.policies.registry import GROUP, POLICIES, find
from stimulators.policies.threshold import Threshold, ThresholdConfig
from tests.support.packages import entry_points


class _Reading(OneDeviceConfig, frozen=True, kw_only=True):
    @property
    def reads(self) -> tuple[MeasureRead, ...]:
        return (MeasureRead("of", self.of, self.channel, "value"),)


class _Other(_Reading, frozen=True, kw_only=True, tag_field="kind", tag="other"):
    pass


class _NoTag(_Reading, frozen=True, kw_only=True):
    pass


class _Unread(OneDeviceConfig, frozen=True, kw_only=True, tag_field="kind", tag="unread"):
    pass


class _Undriven(PolicyConfig, frozen=True, kw_only=True, tag_field="kind", tag="undriven"):
    @property
    def reads(self) -> tuple[MeasureRead, ...]:
        return ()


class _Held(_Reading, frozen=True, kw_only=True, tag_field="kind", tag="held"):
    near: np.ndarray | None = None


class Other(Threshold):
    config_type = _Other


class Untagged(Threshold):
    config_type = _NoTag


class Unread(Threshold):
    config_type = _Unread


class Undriven(Threshold):
    config_type = _Undriven


class Held(Threshold):
    config_type = _Held


class Shadow(Threshold):
    config_type = ThresholdConfig


class NoConfig(Threshold):
    config_type = dict  # type: ignore[assignment]


class Mute:
    config_type = _Other

    def decide(self, observation: object) -> None:
        pass


def test_one_that_fits_is_taken_beside_our_own() -> None:
    found = find(entry_points(GROUP, other=f"{__name__}:Other"))
    assert found.policies[_Other] is Other
    assert found.kinds["other"] is _Other
    assert found.policies[ThresholdConfig] is Threshold
    assert found.refused == {}


def test_our_own_are_found_and_stand_in_the_order_of_their_kinds() -> None:
    found = find([])
    assert {"on_event", "threshold"} <= set(found.kinds)
    assert list(found.kinds) == sorted(found.kinds)
    assert list(found.policies) == list(found.kinds.values())


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_module_here:Policy", "No module named 'no_such_module_here'"),
        (f"{__name__}:Missing", "has no attribute 'Missing'"),
        (f"{__name__}:entry_points", "expected a class with a config_type"),
        (f"{__name__}:NoConfig", "expected a frozen PolicyConfig"),
        (f"{__name__}:Untagged", "expected tag_field='kind' and a tag, found _NoTag"),
        (f"{__name__}:Mute", "expected a policy with a method note, found none"),
        (f"{__name__}:Unread", "expected a config_type with a property reads, found none"),
        (f"{__name__}:Undriven", "expected a config_type with a property drives, found none"),
        (f"{__name__}:Held", "custom types"),
        (f"{__name__}:Shadow", "expected a kind of its own, found 'threshold' again"),
    ],
)
def test_one_that_does_not_fit_is_refused_and_the_rest_stays(value: str, reason: str) -> None:
    found = find(entry_points(GROUP, bad=value, other=f"{__name__}:Other"))
    assert set(found.refused) == {"bad"}
    assert reason in found.refused["bad"]
    assert "\n" not in found.refused["bad"]
    assert value in found.refused["bad"]
    assert set(found.kinds) == {*POLICIES.kinds, "other"}
