"""A policy of another package, with several detectors and devices, through the whole loop."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec
import pytest

from replay.verification.rechunk import Rechunked
from stimulators.policies.policy import (
    Clip,
    EventRead,
    MeasureRead,
    PolicyConfig,
    PolicyInputs,
)
from stimulators.policies.registry import POLICIES
from stimulators.targets import DeviceEvent, Observation, Target
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.journal.digests import Digests
from streamer.journal.records import encode_outcome
from tests.streamer.rigs import CONFIG, INFOS, RATE_HZ, SESSION, chunk


class _BothConfig(PolicyConfig, frozen=True, kw_only=True, tag_field="kind", tag="both"):
    beside: str = "slow"

    @property
    def reads(self) -> tuple[MeasureRead | EventRead, ...]:
        return (
            MeasureRead("of", "burst", "", "value", compared="power"),
            MeasureRead("beside", self.beside, "", "power", compared="power"),
            EventRead("of", "burst", "", ("onset", "offset")),
        )

    @property
    def drives(self) -> tuple[str, ...]:
        return ("stn", "right")


class _Both:
    """A policy that gives more after more onsets, on the side of higher power."""

    config_type: ClassVar[type[PolicyConfig]] = _BothConfig

    def __init__(self, config: _BothConfig, inputs: PolicyInputs) -> None:
        self.config = config
        self.clips = tuple(Clip(each.id, "amplitude", 0.0, 2.0) for each in inputs.devices)
        self.reset()

    def reset(self) -> None:
        self.n_events = 0
        self.heard: list[tuple[str, str, int]] = []

    def note(self, event: DeviceEvent) -> None:
        self.heard.append((event.device, event.change, event.sample))

    def decide(self, observation: Observation) -> Sequence[Target]:
        self.n_events += len(observation.moments)
        if not observation.valid:
            return ()
        fast, slow = observation.values
        share = 0.1 * (self.n_events % 4) + 0.01 * (len(self.heard) % 7)
        amounts = (share, 0.5) if fast > slow else (0.5, share)
        return [
            Target(
                policy=self.config.id,
                device=clip.device,
                detector="burst",
                channel="STN",
                program="adbs",
                kind="amplitude",
                amount=amount,
                sample=observation.sample,
                time_s=observation.time_s,
                onset_s=observation.time_s,
                value=fast,
                threshold=slow,
            )
            for clip, amount in zip(self.clips, amounts, strict=True)
        ]


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(POLICIES.policies, _BothConfig, _Both)  # type: ignore[misc]


def _config(**keys: str) -> LoopConfig:
    slow = msgspec.structs.replace(CONFIG.detectors[0], id="slow", window_s=1.0, hop_s=0.1)
    return msgspec.structs.replace(
        CONFIG,
        detectors=(*CONFIG.detectors, slow),
        devices=(*CONFIG.devices, msgspec.structs.replace(CONFIG.devices[0], id="right")),
        policies=(_BothConfig(id="both", **keys),),
    )


def _event(change: str, sample: int, device: str = "stn") -> DeviceEvent:
    event = DeviceEvent(
        policy="both",
        device=device,
        change="held",
        sample=sample,
        lowest=0.0,
        highest=0.0,
        certain=True,
    )
    return msgspec.structs.replace(event, change=change)


def test_each_hop_has_a_target_for_each_device() -> None:
    loop = ClosedLoop(_config(), INFOS, SESSION)
    (wiring,) = loop.wirings
    assert (wiring.detectors, wiring.devices) == (("burst", "slow"), ("stn", "right"))
    outcome = loop.step(chunk(0, 1000), 4.0)
    assert len(outcome.targets) > 200
    assert [each.device for each in outcome.targets[:4]] == ["stn", "right"] * 2
    # The slower of the two has its first hop at the end of its window.
    assert outcome.targets[0].sample >= 249
    assert any(each.amount > 0.0 for each in outcome.targets if each.device == "stn")


@pytest.mark.parametrize("n_samples_max", [1, 3, 16, 700])
def test_targets_are_the_same_in_any_chunks_for_equal_events(n_samples_max: int) -> None:
    events = [_event("engaged", 260), _event("held", 501, "right"), _event("safe", 777)]
    found = []
    for size in (1000, n_samples_max):
        loop = ClosedLoop(_config(), INFOS, SESSION, hears_gate=False)
        rechunked = Rechunked(loop, n_samples_max=size, seed=3)
        for first in range(0, 2000, 50):
            due = [each for each in events if first <= each.sample < first + 50]
            for each in due:
                loop.bind(each)
            rechunked.take(chunk(first, 50), (first + 50) / RATE_HZ)
        rechunked.finish(9.0)
        found.append(rechunked.digests.by_name()["targets"])
    assert found[0] == found[1]
    assert found[0]["both"]


def test_the_step_is_the_same_again() -> None:
    outcomes = [ClosedLoop(_config(), INFOS, SESSION).step(chunk(0, 900), 3.7) for _ in range(2)]
    assert encode_outcome(outcomes[0]) == encode_outcome(outcomes[1])
    digests = Digests()
    digests.add(outcomes[0])
    assert set(digests.by_name()["targets"]) == {"both"}


def test_two_units_in_one_comparison_are_refused() -> None:
    config = _config()
    log = msgspec.structs.replace(config.detectors[-1], id="log", scale="log10")
    config = msgspec.structs.replace(
        config,
        detectors=(*config.detectors, log),
        policies=(_BothConfig(id="both", beside="log"),),
    )
    text = r"^policies\[0\]\.beside: expected one unit for what is compared, found value of 'burst'"
    with pytest.raises(ValueError, match=text):
        ClosedLoop(config, INFOS, SESSION)


def test_detectors_of_several_streams_are_refused() -> None:
    other = msgspec.structs.replace(CONFIG.streams[0], name="EMG")
    config = _config()
    elsewhere = msgspec.structs.replace(config.detectors[-1], id="elsewhere", stream="EMG")
    config = msgspec.structs.replace(
        config,
        streams=(*config.streams, other),
        detectors=(*config.detectors, elsewhere),
        policies=(_BothConfig(id="both", beside="elsewhere"),),
    )
    infos = (*INFOS, msgspec.structs.replace(INFOS[0], name="EMG"))
    text = r"^policies\[0\]\.beside: expected a detector of one stream with 'burst', found"
    with pytest.raises(ValueError, match=text):
        ClosedLoop(config, infos, SESSION)


def test_a_class_that_makes_no_policy_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare(_Both):
        def __init__(self, config: _BothConfig, inputs: PolicyInputs) -> None:
            pass

    class Broken(_Both):
        def reset(self) -> None:
            raise KeyError("amplitude")

    for broken, text in (
        (Bare, "kind: expected a policy that has clips, found none"),
        (Broken, "kind: the policy cannot be made: KeyError: 'amplitude'"),
    ):
        monkeypatch.setitem(POLICIES.policies, _BothConfig, broken)  # type: ignore[misc]
        with pytest.raises(ValueError, match=rf"^policies\[0\]\.{text}$"):
            ClosedLoop(_config(), INFOS, SESSION)
