"""A device's own count bounds the charge after a sleep of the machine and in the next service."""

from typing import Any

import pytest

from stimulators.device.counts.counts import Counts
from stimulators.device.device import ReferenceDevice
from stimulators.gate.belief import Belief
from stimulators.gate.usage.account import Account
from stimulators.gate.usage.charge import ChargeCount
from stimulators.gate.usage.past import DevicePast
from stimulators.gate.usage.stamp import earliest_said_s
from stimulators.gate.word import word_of
from stimulators.wire.messages import ClockReply, ClockRequest, DeviceStatus
from tests.stimulators.gate.gate_rig import device_of, limits_of

SESSION = "00000000000000000002-0000000b"
_TICK_US = 5_000
_SLEPT_FROM_US = 10_000_000
#: 60 us at 130 Hz.
_UC_PER_MA_S = 7.8


class Night:
    """A real device at 1.2 mA, and an account on a machine that sleeps: its clock stands still."""

    def __init__(self, *, slept_us: int) -> None:
        self.config = device_of(safe_ma=1.2)
        self.device = ReferenceDevice(self.config, counts=Counts(counted_us=700_000_000))
        self.belief = Belief(self.config, 0.5)
        self.account = Account(self.config, lease_s=0.25, tick_s=_TICK_US / 1e6)
        self.late_us = 1_000
        self.given_uc, self.now_us = 0.0, 1_000_000
        self.until_us, self.slept_us = _SLEPT_FROM_US + slept_us, slept_us
        self._up: list[tuple[int, Any]] = []
        self._down: list[tuple[int, ClockReply]] = []

    @property
    def is_suspended(self) -> bool:
        return _SLEPT_FROM_US < self.now_us < self.until_us

    @property
    def service_us(self) -> int:
        """The service's clock, where it is awake."""
        return self.now_us - (self.slept_us if self.now_us >= self.until_us else 0)

    @property
    def counted_uc(self) -> float:
        return self.account.charge_uc(self.service_us / 1e6)

    def pass_tick(self) -> None:
        self.now_us += _TICK_US
        applied_ma = self.device.applied_ma
        self.given_uc += (applied_ma or 0.0) * _UC_PER_MA_S * _TICK_US / 1e6
        said = list(self.device.tick(self.now_us))
        for reply in self._due(self._down):
            said += self.device.hear(reply, self.now_us)
        for each in said:
            self._up.append((self.now_us + self.late_us, each))
        if self.is_suspended:
            return
        now_s = self.service_us / 1e6
        if self.now_us == self.until_us:
            wake = self.account.sleep
            wake(self.slept_us / 1e6, self.belief, now_s)
        self.account.count(self.belief, now_s)
        for each in self._due(self._up):
            self._hear(each)

    def _due(self, queue: list[tuple[int, Any]]) -> list[Any]:
        due = [each for at_us, each in queue if at_us <= self.now_us]
        queue[:] = [(at_us, each) for at_us, each in queue if at_us > self.now_us]
        return due

    def _hear(self, said: Any) -> None:
        if isinstance(said, ClockRequest):
            reply = ClockReply(
                request_seq=said.request_seq,
                sent_us=said.sent_us,
                nonce=said.nonce,
                session=SESSION,
                received_us=self.service_us,
                replied_us=self.service_us,
            )
            self._down.append((self.now_us + self.late_us, reply))
        elif isinstance(said, DeviceStatus):
            word, now_s = word_of(said, SESSION, "ma"), self.service_us / 1e6
            if word is None or not self.belief.is_news(word):
                return
            self.belief.take(word, now_s)
            said_s = earliest_said_s(said, SESSION, done_s=self.belief.done_s, now_s=now_s)
            self.account.settle(
                said, self.belief, now_s, said_s=said_s, reaches_power_on=True, is_driven=False
            )


@pytest.mark.parametrize("slept_us", [100_000, 3_000_000, 40_000_000])
@pytest.mark.parametrize("late_us", [1_000, 500_000, 5_000_000])
def test_through_a_sleep_the_count_is_never_below_what_was_given(
    slept_us: int, late_us: int
) -> None:
    night = Night(slept_us=slept_us)
    while night.now_us < night.until_us + 10_000_000:
        if night.now_us >= _SLEPT_FROM_US - 1_000_000:
            # What was said in the night is heard later in the morning.
            night.late_us = late_us
        night.pass_tick()
        if not night.is_suspended:
            assert night.counted_uc >= night.given_uc * (1.0 - 1e-3) - 0.5


def test_after_a_sleep_the_devices_own_count_is_all_that_counts_within_three_seconds() -> None:
    night = Night(slept_us=300_000_000)
    while night.now_us < night.until_us:
        night.pass_tick()
    # For all that is known it may have been at its safe amount, and a tick is no second.
    assert night.counted_uc >= night.given_uc * (1.0 - 1e-3)
    while night.now_us < night.until_us + 3_000_000:
        night.pass_tick()
    assert night.given_uc <= night.counted_uc + 0.5 <= night.given_uc * 1.01 + 12.0


def _account(past: DevicePast | None, now_s: float) -> tuple[Account, Belief]:
    limits = limits_of(charge_uc_per_10_min_max=12_000.0)
    config = device_of(simulated=False, safe_ma=1.2, limits=limits)
    account = Account(config, lease_s=0.25, tick_s=0.02)
    account.learn(past, now_s)
    return account, Belief(config, 0.5)


def _hear(account: Account, belief: Belief, now_s: float, **keys: Any) -> None:
    told: dict[str, Any] = {
        "instance": "boot",
        "word": 1,
        "session": SESSION,
        "state": "safe",
        "last_seq": 0,
        "applied_ma": 1.2,
        "charge_uc": 50.0,
        "counted_since_s": 5.0,
        "said_us": round(now_s * 1e6),
        "said_clock": SESSION,
    }
    said = DeviceStatus(**(told | keys))
    word = word_of(said, SESSION, "ma")
    assert word is not None
    account.count(belief, now_s)
    belief.take(word, now_s)
    account.settle(
        said,
        belief,
        now_s,
        said_s=None if said.said_us is None else now_s,
        reaches_power_on=True,
        is_driven=False,
    )


def test_what_nobody_counted_is_settled_by_the_device_in_the_next_service_too() -> None:
    first, _ = _account(None, 1000.0)
    assert first.charge_uc(1000.0) == pytest.approx(12_000.0, rel=1e-3)
    # It was killed before the device's word came.
    again, belief = _account(first.past(1000.0).aged(3.0), 5000.0)
    assert again.charge_uc(5000.0) > 12_000.0
    _hear(again, belief, 5000.5)
    assert again.charge_uc(5000.5) == pytest.approx(50.0, abs=0.1)


def test_what_may_have_been_given_is_bounded_by_the_device_in_the_next_service_too() -> None:
    first, belief = _account(DevicePast(device="stn", known_age_s=0.0), 1000.0)
    _hear(first, belief, 1001.0, counted_since_s=700.0)
    pass_night = first.sleep
    pass_night(3600.0, belief, 1002.0)
    assert first.charge_uc(1002.0) > 30_000.0
    again, belief = _account(first.past(1002.0).aged(3.0), 5000.0)
    assert again.charge_uc(5000.0) > 30_000.0
    _hear(again, belief, 5001.0, counted_since_s=700.0, charge_uc=5600.0)
    assert again.charge_uc(5001.0) == pytest.approx(5600.0, abs=0.1)


def test_before_its_first_word_a_device_gave_no_more_than_it_counted() -> None:
    account, belief = _account(DevicePast(device="stn", known_age_s=0.0), 1000.0)
    account.count(belief, 1300.0)
    before_uc = account.charge_uc(1300.0)
    assert before_uc == pytest.approx(300.0 * 3.0 * _UC_PER_MA_S, rel=1e-3)
    _hear(account, belief, 1300.0)
    assert account.charge_uc(1300.0) == pytest.approx(50.0, abs=0.1)


def test_of_a_device_without_stamps_what_came_before_its_first_word_and_after_it_counts() -> None:
    account, belief = _account(DevicePast(device="stn", known_age_s=0.0), 1000.0)
    _hear(account, belief, 1300.0, said_us=None)
    # Its word may have been a second on its way.
    assert account.charge_uc(1300.0) == pytest.approx(50.0 + 1.2 * _UC_PER_MA_S, abs=0.1)


def test_time_runs_from_the_moment_at_which_the_past_is_learnt() -> None:
    account, belief = _account(DevicePast(device="stn", known_age_s=0.0), 1000.0)
    account.count(belief, 1008.0)
    assert account.charge_uc(1008.0) == pytest.approx(8.0 * 3.0 * _UC_PER_MA_S, rel=1e-3)


def test_what_is_unknown_and_what_is_sure_are_kept_apart() -> None:
    count, after = ChargeCount(), ChargeCount()
    count.add(1.0, 3.0, 1000.0)
    count.presume(1.0, 10.0, 1000.0)
    unknown, lowest = count.unknown_places(1000.0), count.bins_lowest(1000.0)
    assert sum(count.bins(1000.0)[index][1] for index in unknown) == pytest.approx(10.0)
    assert sum(charge_uc for _, charge_uc in lowest) == pytest.approx(1.0)
    after.learn(count.bins(1000.0), 2000.0, unknown=unknown, lowest=lowest)
    assert after.charge_uc(2000.0) == pytest.approx(13.0)
    assert after.settle_unknown(2000.0)
    assert not after.settle_unknown(2000.0)
    assert after.charge_uc(2000.0) == pytest.approx(3.0)
    after.bound(0.0, 0.0, replaces=True)
    assert after.charge_uc(2000.0) == pytest.approx(1.0)


def test_what_hid_the_charge_that_nobody_counted_is_over_sooner_than_the_devices_count() -> None:
    count = ChargeCount()
    # Counted too high by an earlier service, 585 s ago; then nobody counted for 100 s.
    count.learn([(585.0, 2500.0)], 1000.0, lowest=[(585.0, 1000.0)])
    count.presume(30.0, 100.0, 1000.0)
    assert count.settle_unknown(1000.0)
    count.note_told(2500.0, 0.0, 1000.0)
    count.bound_stamped(2500.0, 0.0, 1000.0)
    # No report comes for half a minute: the 1500 uC of the hundred seconds still count.
    assert count.charge_uc(1030.0) == pytest.approx(2500.0)
    assert count.charge_uc(1602.0) == 0.0


def test_a_count_that_hid_nothing_is_over_when_it_is_old() -> None:
    count = ChargeCount()
    count.learn([(585.0, 2500.0)], 1000.0)
    assert not count.settle_unknown(1000.0)
    count.bound_stamped(2500.0, 0.0, 1000.0)
    assert count.charge_uc(1030.0) == 0.0
