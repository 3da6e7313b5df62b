"""The verdict on each message of a device."""

from typing import Any

import pytest

from stimulators.operator.device_words import DeviceWords
from stimulators.operator.known_rig import KnownDevice, KnownRig
from stimulators.operator.verdict import DeviceVerdict, at_safe, stopped
from stimulators.wire.messages import Ack, DeviceInfo, DeviceStatus
from stimulators.wire.mqtt import BrokerConfig
from tests.stimulators.operator.scripted import known_device

_DEVICE = known_device(safe_amount=0.5, stop_amount=1.5, amount_tolerance=0.05)


class _Talk:
    """Messages of one device, in the order of arrival."""

    def __init__(self) -> None:
        self.words = DeviceWords()
        self._n_heard = 0

    def status(self, word: int, state: str, amount: float | None, **keys: Any) -> "_Talk":
        said = DeviceStatus(
            instance=keys.get("instance", "boot-1"),
            word=word,
            session=None,
            state=state,  # type: ignore[arg-type]
            last_seq=0,
            applied_ma=amount,
            applied_level=keys.get("level"),
        )
        self._n_heard += 1
        self.words.hear_status(said, order=self._n_heard, heard_s=0.0)
        return self

    def info(self, word: int, state: str, amount: float | None, **keys: Any) -> "_Talk":
        said = DeviceInfo(
            device="stn",
            instance=keys.get("instance", "boot-1"),
            word=word,
            state=state,  # type: ignore[arg-type]
            applied_ma=amount,
            amount_tolerance=keys.get("tolerance"),
        )
        self._n_heard += 1
        retained = bool(keys.get("retained"))
        self.words.hear_info(said, retained=retained, order=self._n_heard, heard_s=0.0)
        return self

    def ack(self, word: int, amount: float | None, **keys: Any) -> "_Talk":
        said = Ack(
            session="",
            instance=keys.get("instance", "boot-1"),
            word=word,
            last_seq=0,
            received_us=0,
            applied_us=0,
            request_id=keys.get("request_id", "mine"),
            applied_ma=amount,
            refused=keys.get("refused"),
            verified=keys.get("verified", True),
        )
        self._n_heard += 1
        self.words.hear_ack(said, order=self._n_heard, heard_s=0.0)
        return self

    def stopped(self, device: KnownDevice = _DEVICE) -> DeviceVerdict:
        return stopped(device, self.words, "mine", is_configured=True)

    def at_safe(self, *, is_leased: bool = False, since: int = 0) -> DeviceVerdict:
        return at_safe(_DEVICE, self.words, since=since, is_configured=True, is_leased=is_leased)


@pytest.mark.parametrize(
    ("talk", "kind"),
    [
        (_Talk().status(1, "live", 3.0).ack(2, 1.5), "so"),
        (_Talk().status(1, "live", 3.0).ack(2, 1.55), "so"),
        (_Talk().status(1, "live", 3.0).ack(2, 1.56), "not so"),
        # A stop never raises: what it gave at rest is the most it may give.
        (_Talk().status(1, "safe", 0.5).ack(2, 1.5), "not so"),
        (_Talk().info(1, "stopped", 0.0, retained=True).ack(2, 0.5), "not so"),
        (_Talk().status(1, "safe", 0.2).ack(2, 0.5), "so"),
        (_Talk().status(1, "stopped", 0.0).ack(2, 0.0), "so"),
        # The newest word counts, in whichever order words are heard.
        (_Talk().status(1, "live", 3.0).ack(2, 0.0).status(3, "stopped", 2.0), "not so"),
        (_Talk().ack(2, 0.0).status(1, "live", 3.0), "so"),
        (_Talk().ack(2, 3.0).status(3, "stopped", 0.0), "so"),
        (_Talk().ack(2, 0.0).status(3, "live", 0.0), "not so"),
        (_Talk().ack(2, -3.0), "not so"),
        (_Talk().ack(2, None), "not known"),
        (_Talk().ack(2, 0.0, refused="session"), "not so"),
        (_Talk().status(1, "stopped", 0.0), "no answer"),
        (_Talk().ack(2, 0.0, request_id="another"), "no answer"),
        (_Talk().ack(2, 0.0).status(1, "safe", 0.0, instance="boot-2"), "two devices"),
        (_Talk().info(9, "safe", 0.0, instance="boot-0", retained=True).ack(2, 0.0), "so"),
        (_Talk().ack(2, 0.0).info(0, "offline", None), "offline"),
        (_Talk().ack(2, 0.0).info(0, "offline", None, instance="boot-0"), "so"),
    ],
)
def test_a_stop_is_judged_by_the_newest_word_after_its_answer(talk: _Talk, kind: str) -> None:
    assert talk.stopped().kind == kind


def test_a_stop_that_the_device_could_not_verify_is_done_and_told() -> None:
    found = _Talk().ack(2, 0.0, verified=False).stopped()
    assert (found.is_so, "could not verify" in found.text) == (True, True)


def test_a_level_is_no_current() -> None:
    talk = _Talk().ack(1, 0.0).status(2, "stopped", None, level=0.0)
    assert talk.stopped().kind == "not known"


def test_a_device_cannot_talk_its_tolerance_up_beyond_a_tenth_of_its_maximum() -> None:
    device = known_device()
    assert _Talk().info(1, "live", 3.0, tolerance=3.0).ack(2, 0.31).stopped(device).kind == "not so"
    assert _Talk().info(1, "live", 3.0, tolerance=3.0).ack(2, 0.30).stopped(device).kind == "so"
    assert _Talk().ack(2, 0.004).stopped(device).kind == "not so"
    assert _Talk().ack(2, 0.003).stopped(device).kind == "so"


@pytest.mark.parametrize(
    ("talk", "kind", "kind_leased"),
    [
        (_Talk().status(1, "safe", 0.5), "so", "so"),
        (_Talk().status(1, "live", 0.5), "not so", "so"),
        (_Talk().status(1, "safe", 0.2), "so", "not so"),
        (_Talk().status(1, "safe", 0.6), "not so", "not so"),
        (_Talk().status(1, "stopped", 1.5), "so", "so"),
        (_Talk().status(1, "safe", None), "not known", "not known"),
        (_Talk().info(1, "safe", 0.5, retained=True), "no answer", "no answer"),
        (_Talk().ack(1, 0.5), "not known", "not known"),
        (_Talk().status(1, "safe", 0.5).info(0, "offline", None), "offline", "offline"),
        (
            _Talk().status(1, "safe", 0.5).status(1, "safe", 0.5, instance="boot-2"),
            "two devices",
            "two devices",
        ),
    ],
)
def test_at_its_safe_amount_is_what_the_device_says(
    talk: _Talk, kind: str, kind_leased: str
) -> None:
    assert (talk.at_safe().kind, talk.at_safe(is_leased=True).kind) == (kind, kind_leased)


def test_a_word_from_before_the_answer_shows_nothing() -> None:
    talk = _Talk().status(1, "safe", 0.5)
    assert talk.at_safe(since=2).kind == "no answer"
    assert talk.status(2, "safe", 0.5).at_safe(since=2).is_so


def test_a_device_that_was_never_heard_is_silent() -> None:
    assert stopped(_DEVICE, None, "mine", is_configured=True).kind == "no answer"
    assert at_safe(_DEVICE, None, since=0, is_configured=True, is_leased=False).kind == "no answer"


def test_boots_without_end_are_not_all_remembered() -> None:
    talk = _Talk()
    for number in range(1000):
        talk.status(1, "safe", 0.0, instance=f"boot-{number}")
    assert len(talk.words.instances) == 8
    assert talk.stopped().kind == "two devices"


def test_the_wait_is_the_lease_the_slowest_way_down_and_two_seconds() -> None:
    def wait_s(*devices: KnownDevice) -> float:
        rig = KnownRig(name="rig-1", broker=BrokerConfig(), devices=devices, lease_s=0.25)
        return rig.wait_s

    assert wait_s(known_device()) == pytest.approx(2.5)
    assert wait_s(known_device(), known_device("gpi", slew_per_s=0.5)) == pytest.approx(8.25)
    assert wait_s(known_device(slew_per_s=None)) == pytest.approx(12.25)
