"""What a device has given, counted from what it may give and from its own counts.

The device is safe at 0.5 mA; program a gives 10 µC a second and milliampere, b gives 5. A lease and
a tick hold an amount for half a second.
"""

import math
from typing import Any

import pytest

from stimulators.gate.belief import Belief
from stimulators.gate.usage.account import Account
from stimulators.gate.usage.past import DevicePast
from stimulators.gate.word import Word
from stimulators.limits import ProgramConfig
from stimulators.wire.messages import DeviceStatus
from tests.stimulators.gate.gate_rig import device_of, feedback_of, info_of, limits_of

_UNITS_UC = 1e-4


def pulses(frequency_hz: float) -> ProgramConfig:
    return ProgramConfig(frequency_hz=frequency_hz, pulse_width_us=100.0, contact_area_cm2=0.0598)


class Bench:
    """An account and a belief of one device, and time."""

    def __init__(self, *, simulated: bool = True, **limits: Any) -> None:
        its = limits_of(**({"on_time_s_max": 20.0, "off_time_s_min": 2.0} | limits))
        programs = {"a": pulses(100.0), "b": pulses(50.0)}
        self.config = device_of(
            safe_ma=0.5, programs=programs, safe_program="a", limits=its, simulated=simulated
        )
        self.belief = Belief(self.config, command_valid_s=0.125)
        self.belief.learn(info_of(self.config, amount_tolerance=0.0))
        self.account = Account(self.config, lease_s=0.4375, tick_s=0.0625)
        self.now_s = 1000.0
        self._n_words = 0

    def say(self, amount: float, program: str = "a", state: Any = "live", **keys: Any) -> "Bench":
        self._n_words += 1
        word = Word("boot", self._n_words, 0, amount, program, state, None)
        self.belief.take(word._replace(**keys), self.now_s)
        return self

    def count(self, after_s: float = 0.0) -> "Bench":
        self.now_s += after_s
        self.account.count(self.belief, self.now_s)
        return self

    def stand_still(self, lasted_s: float) -> None:
        """Let the machine sleep, while the service's clock stands still."""
        count = self.account.sleep
        count(lasted_s, self.belief, self.now_s)

    @property
    def sure_uc(self) -> float:
        """The charge that was given for sure."""
        return self.account._charge._low.charge_uc(self.now_s)

    @property
    def counted(self) -> tuple[float, float]:
        return self.account.charge_uc(self.now_s), self.account.on_s

    def settle(self, **keys: Any) -> "Bench":
        status: dict[str, Any] = {
            "instance": "boot",
            "word": self._n_words,
            "session": "s",
            "state": "live",
            "last_seq": 0,
            "applied_ma": self.belief.lowest,
            "charge_uc": 0.0,
            "on_s": 0.0,
            "counted_since_s": 1000.0,
            "said_us": None,
            "clock_asked_us": 0,
        }
        settings: dict[str, Any] = {
            "said_s": None,
            "reaches_power_on": True,
            "is_driven": True,
        }
        said = status | {key: keys.pop(key) for key in list(keys) if key in status}
        self.account.settle(DeviceStatus(**said), self.belief, self.now_s, **(settings | keys))
        return self


def near(charge_uc: float, on_s: float) -> Any:
    return (pytest.approx(charge_uc, abs=_UNITS_UC), pytest.approx(on_s, abs=1e-9))


# By the belief.


def test_charge_and_time_run_from_the_first_count_on() -> None:
    bench = Bench().say(2.0).count()
    assert bench.counted == near(0.0, 0.0)
    assert bench.count(0.25).counted == near(5.0, 0.25)
    assert bench.count().counted == near(5.0, 0.25)
    assert bench.count(1.0).counted == near(25.0, 1.25)
    # Backwards nothing runs, and what ran is not counted twice.
    bench.count(-0.5)
    assert bench.count(0.25).counted == near(30.0, 1.5)


def test_the_highest_in_the_dearest_program_counts_and_the_safe_amount_at_least() -> None:
    assert Bench().say(2.0, "b").count().count(0.25).counted == near(2.5, 0.25)
    # At 0.25 mA it may have gone to 0.5 mA by itself.
    assert Bench().say(0.25).count().count(0.25).counted == near(1.25, 0.0)
    bench = Bench().say(1.0, "b").count()
    bench.belief.send(1, 3.0, "a", bench.now_s)
    assert bench.count(0.25).counted == near(7.5, 0.25)


def test_at_or_below_safe_no_time_above_it_runs() -> None:
    assert Bench().say(0.5).count().count(0.25).counted == near(1.25, 0.0)
    bench = Bench().say(2.0).count().count(1.0).say(0.5)
    assert bench.count(1.0).counted == near(25.0, 1.0)
    assert bench.count(1.0).counted == near(30.0, 0.0)


def test_a_simulated_device_that_said_nothing_is_taken_to_be_at_rest() -> None:
    assert Bench().count().count(1.0).counted == near(5.0, 0.0)


def test_a_sleep_counts_as_the_most_and_perhaps_nothing() -> None:
    bench = Bench().say(2.0).count()
    bench.stand_still(1.5)
    assert bench.counted == near(30.0, 0.0)


# What nobody knows.


def test_of_a_real_device_everything_is_taken_to_be_spent_until_it_is_known() -> None:
    limit_uc = 5000.0
    bench = Bench(simulated=False, charge_uc_per_10_min_max=limit_uc).say(0.5).count()
    assert bench.counted == near(limit_uc, 20.0)
    assert Bench(simulated=True).say(0.5).count().counted == near(0.0, 0.0)


def test_what_an_earlier_service_knew_counts_and_what_came_since_is_unknown() -> None:
    bench = Bench(simulated=False, charge_uc_per_10_min_max=5000.0)
    past = DevicePast(device="stn", known_age_s=3.0, charges=((10.0, 40.0),), on_s=1.0)
    bench.account.learn(past, bench.now_s)
    # For three seconds it may have given 3 mA.
    assert bench.counted == near(40.0 + 90.0, 4.0)
    bench.say(0.5).count()
    assert bench.counted == near(130.0, 4.0)
    bench = Bench(simulated=False, charge_uc_per_10_min_max=5000.0)
    long_ago = DevicePast(device="stn", known_age_s=100.0, on_s=1.0)
    bench.account.learn(long_ago, bench.now_s)
    assert bench.counted == near(3000.0, 20.0)
    future = DevicePast(device="stn", known_age_s=-5.0, on_s=1.0)
    bench = Bench(simulated=False)
    bench.account.learn(future, bench.now_s)
    assert bench.counted == near(0.0, 1.0)


def test_what_is_kept_is_what_was_counted_and_when() -> None:
    bench = Bench(simulated=False)
    assert bench.account.past(bench.now_s) == DevicePast(device="stn", known_age_s=math.inf)
    bench.account.learn(DevicePast(device="stn", known_age_s=0.0), bench.now_s)
    bench.say(2.0).count().count(1.0)
    kept = bench.account.past(bench.now_s + 2.5)
    assert (kept.device, kept.known_age_s, kept.on_s) == ("stn", 2.5, 1.0)
    assert sum(charge_uc for _, charge_uc in kept.charges) == pytest.approx(20.0, abs=_UNITS_UC)
    assert bench.account.past(bench.now_s - 1.0).known_age_s == 0.0


# By the device's own counts.


def test_a_count_that_is_no_number_says_nothing() -> None:
    for keys in ({"charge_uc": math.inf}, {"charge_uc": 500.0, "on_s": math.nan}):
        bench = Bench().say(2.0).count().count(1.0)
        assert bench.settle(**keys).counted == near(20.0, 1.0)


def test_what_a_device_has_beyond_ours_counts() -> None:
    bench = Bench().say(2.0).count().count(1.0)
    bench.settle(charge_uc=50.0, on_s=3.0, counted_since_s=1.0)
    assert bench.counted == near(50.0, 3.0)


def test_a_stamped_count_is_the_charge_with_what_was_given_since() -> None:
    bench = Bench().say(2.0)
    # By a command that is open it may be at nothing, too.
    bench.belief.send(1, 0.0, "a", bench.now_s)
    bench.count().count(1.0)
    stamped_s = bench.now_s
    bench.count(0.25)
    bench.settle(charge_uc=4.0, on_s=0.25, said_s=stamped_s, applied_ma=2.0)
    # After the stamp a quarter second at 2 mA.
    assert bench.counted == near(4.0 + 5.0, 0.5)


def test_after_a_sleep_no_stamp_counts_for_a_while() -> None:
    bench = Bench().say(2.0).count().count(1.0)
    bench.stand_still(1.0)
    before = bench.counted
    bench.settle(charge_uc=4.0, said_s=bench.now_s)
    assert bench.counted[0] == before[0]


def uncertain(amount: float = 2.0, program: str = "a") -> Bench:
    """Return a device that by an open command may be at nothing, too."""
    bench = Bench().say(amount)
    bench.belief.send(1, 0.0, program, bench.now_s)
    return bench.count()


def test_a_stamp_of_the_first_count_is_known_too() -> None:
    bench = uncertain()
    began_s = bench.now_s
    bench.count(1.0).settle(charge_uc=4.0, on_s=0.25, said_s=began_s, applied_ma=2.0)
    assert bench.counted == near(24.0, 1.0)


def test_no_count_of_the_device_lowers_what_it_gave_for_sure() -> None:
    bench = Bench().say(2.0).count().count(1.0)
    assert bench.settle(charge_uc=0.0, said_s=bench.now_s).counted == near(20.0, 1.0)
    # In the cheaper of two programs, and no more by a sleep.
    bench = Bench().say(2.0)
    bench.belief.send(1, 2.0, "b", bench.now_s)
    bench.count().count(1.0)
    bench.stand_still(0.0)
    bench.now_s += 200.0
    bench.say(0.0).settle(charge_uc=0.0, said_s=None)
    assert bench.account._charge._low.charge_uc(bench.now_s) == pytest.approx(10.0, abs=_UNITS_UC)


def test_time_above_safe_is_never_less_than_it_was_for_sure() -> None:
    bench = Bench().say(2.0).count().count(5.0)
    bench.settle(on_s=0.25, said_s=bench.now_s, applied_ma=2.0)
    assert bench.counted[1] == 5.0
    bench = Bench().say(0.5).count().count(5.0)
    bench.settle(on_s=0.0, said_s=bench.now_s)
    assert bench.counted[1] == 0.0


def test_what_a_silent_device_gives_is_not_sure() -> None:
    bench = Bench().say(2.0).count()
    for _ in range(1000):
        bench.count(0.3)
    # For all that is known its lease ended, and its own count alone says what it gave.
    sure_uc = bench.account._charge._low.charge_uc(bench.now_s)
    assert 0.0 < sure_uc <= 2.0 * 10.0 * 2.0
    bench.settle(charge_uc=30.0, on_s=0.0, said_s=bench.now_s)
    assert bench.counted[0] == pytest.approx(max(30.0, sure_uc), abs=_UNITS_UC)
    bench = Bench().say(2.0).count()
    # A word that comes after a stall does not say what was given in it.
    bench.now_s += 1200.0
    bench.say(2.0).count()
    assert bench.account._charge._low.charge_uc(bench.now_s) == 0.0


def test_at_the_safe_amount_itself_no_time_above_it_is_sure() -> None:
    bench = Bench().say(0.5)
    bench.belief.send(1, 2.0, "a", bench.now_s)
    bench.count().count(5.0)
    assert bench.counted[1] == 5.0
    bench.settle(on_s=0.25, said_s=bench.now_s, applied_ma=2.0)
    assert bench.counted[1] == 0.25


def test_a_real_device_that_said_nothing_may_give_the_most() -> None:
    bench = Bench(simulated=False)
    bench.account.learn(DevicePast(device="stn", known_age_s=0.0), bench.now_s)
    assert bench.count().count(1.0).counted == near(30.0, 1.0)


def test_stamps_are_doubted_for_two_minutes_after_it_slept() -> None:
    for after_s, is_doubted in ((122.5, True), (123.0, False)):
        bench = uncertain()
        bench.stand_still(3.0)
        bench.count(after_s)
        before_uc, _ = bench.counted
        bench.settle(charge_uc=1.0, on_s=0.0, said_s=bench.now_s, said_us=1, applied_ma=2.0)
        assert (bench.counted[0] == before_uc) is is_doubted


def test_a_stamp_that_rests_on_an_answer_of_since_the_sleep_is_not_doubted() -> None:
    for asked_us, is_doubted in ((1_000_000_000, True), (1_000_000_001, False)):
        bench = uncertain()
        bench.stand_still(3.0)
        bench.count(1.0)
        before_uc, _ = bench.counted
        bench.settle(charge_uc=1.0, said_s=bench.now_s, said_us=1, clock_asked_us=asked_us)
        assert bench.counted[0] == (before_uc if is_doubted else pytest.approx(1.0, abs=_UNITS_UC))


def test_what_a_device_gives_is_sure_for_a_report_a_lease_and_a_tick_after_its_word() -> None:
    for unheard_s, found_uc in ((1.5 + 0.5, 2.0 * 10.0 * 2.0), (1.5 + 0.5 + 1 / 64, 0.0)):
        bench = Bench().say(2.0).count().count(unheard_s)
        assert bench.sure_uc == pytest.approx(found_uc, abs=_UNITS_UC)


def test_what_a_device_gives_is_unknown_until_it_says_it_but_for_one_that_is_simulated() -> None:
    bench = Bench().count().count(1.0)
    assert (bench.counted[0], bench.account.past(bench.now_s).unknown) == (5.0, ())
    for is_said in (False, True):
        bench = Bench(simulated=False)
        bench.account.learn(DevicePast(device="stn", known_age_s=0.0), bench.now_s)
        if is_said:
            bench.say(2.0)
        kept = bench.count().count(1.0).account.past(bench.now_s)
        assert kept.unknown == (() if is_said else (0,))


def test_a_device_that_says_the_time_above_safe_that_we_count_does_not_begin_its_break_anew() -> (
    None
):
    bench = Bench().say(2.0).count().count(1.0).say(0.5).count(1.0)
    bench.settle(on_s=1.0, said_us=1)
    assert bench.counted[1] == 1.0
    assert bench.count(1.0).counted[1] == 0.0


def test_what_was_given_before_a_stamped_count_began_is_added_to_it() -> None:
    # 20 uC in the first second, eight seconds before the count begins.
    bench = uncertain().count(1.0).count(9.0)
    bench.settle(charge_uc=30.0, said_s=bench.now_s, said_us=1, counted_since_s=3.0)
    assert bench.counted[0] == pytest.approx(20.0 + 30.0, abs=_UNITS_UC)


def test_a_device_below_safe_that_let_its_lease_end_unheard_may_have_given_it() -> None:
    for unstamped, given, found in (
        (True, 0.25, 0.25 * 10.0 * (0.5 + 1.0 + 0.5)),
        (False, 0.25, 0.0),
        (True, 0.5, 0.0),
        (True, 0.75, 0.0),
    ):
        bench = Bench().say(given).count()
        bench.settle(said_us=None if unstamped else 1, applied_ma=given)
        bench.count(0.5)
        before_uc, _ = bench.counted
        bench.account.note_lapse(bench.belief, bench.now_s)
        assert bench.counted[0] - before_uc == pytest.approx(found, abs=_UNITS_UC)
        # Perhaps: for sure nothing more was given.
        low = bench.account._charge._low.charge_uc(bench.now_s)
        assert low == pytest.approx(given * 10.0 * 0.5, abs=_UNITS_UC)
    silent = Bench().count()
    silent.account.note_lapse(silent.belief, silent.now_s)
    assert silent.counted == near(0.0, 0.0)


def test_a_feedback_device_gives_no_charge_whatever_is_known_of_it() -> None:
    config = feedback_of(simulated=False)
    account, belief = Account(config, lease_s=0.5, tick_s=0.0), Belief(config, 0.125)
    account.learn(None, 1000.0)
    for index in range(3):
        account.count(belief, 1000.0 + index)
    assert account.charge_uc(1002.0) == 0.0


def test_what_a_command_makes_old_is_what_was_given_before_it() -> None:
    bench = uncertain().count(1.0)
    bench.account.note_sent(bench.belief, bench.now_s)
    bench.belief.send(2, 0.0, "a", bench.now_s)
    bench.count(0.5)
    bench.say(0.0, last_seq=2)
    bench.settle(charge_uc=3.0, on_s=0.25, said_us=1, applied_ma=2.0, is_driven=True)
    # Unstamped: since the command half a second at 2 mA at most.
    assert bench.counted == near(13.0, 0.75)


# Reports without a stamp.


def unstamped(*, is_driven: bool, sent_ago_s: float = 3.0, program: str = "a") -> Bench:
    """Return a device that was told 2 mA some seconds ago, and by its word is there.

    By a command that it did, and may not have reached, it may be at nothing, too.
    """
    bench = Bench().say(2.0).count().settle(applied_ma=2.0, is_driven=is_driven).count(5.0)
    bench.account.note_sent(bench.belief, bench.now_s)
    bench.belief.send(1, 0.0, program, bench.now_s)
    bench.count(sent_ago_s)
    return bench.say(2.0, last_seq=1)


def test_an_unstamped_count_is_as_old_as_the_newest_command_it_knows_of() -> None:
    # 5 s at 2 mA for sure, then 3 s of it perhaps.
    bench = unstamped(is_driven=True)
    bench.settle(charge_uc=110.0, on_s=4.0, applied_ma=2.0)
    assert bench.counted == near(160.0, 7.0)
    bench.settle(charge_uc=90.0, on_s=4.0, applied_ma=2.0)
    assert bench.counted == near(150.0, 7.0)
    # What it was bound to before is not raised by a later word.
    bench.settle(charge_uc=120.0, on_s=4.0, applied_ma=2.0)
    assert bench.counted == near(150.0, 7.0)


def test_at_rest_an_unstamped_count_is_a_second_old_at_most() -> None:
    bench = unstamped(is_driven=False)
    bench.settle(charge_uc=110.0, on_s=4.0, applied_ma=2.0, is_driven=False)
    assert bench.counted == near(130.0, 5.0)
    bench.settle(charge_uc=120.0, on_s=4.0, applied_ma=2.0, is_driven=False)
    assert bench.counted == near(140.0, 5.0)
    bench = unstamped(is_driven=False, sent_ago_s=0.5)
    bench.settle(charge_uc=105.0, on_s=4.0, applied_ma=2.0, is_driven=False)
    assert bench.counted == near(110.0, 5.0)


def test_a_command_without_a_word_leaves_the_count_as_it_is() -> None:
    bench = unstamped(is_driven=True)
    bench.account.note_sent(bench.belief, bench.now_s)
    bench.belief.send(2, 2.0, "a", bench.now_s)
    bench.settle(charge_uc=10.0, on_s=0.25, applied_ma=2.0)
    assert bench.counted == near(160.0, 8.0)
    # But for what it has beyond ours, whenever that was.
    bench.settle(charge_uc=500.0, on_s=9.0, applied_ma=2.0)
    assert bench.counted == near(500.0, 9.0)


def test_a_count_that_does_not_reach_back_binds_nothing_but_what_began_with_it() -> None:
    for counted_since_s, reaches, found_uc in (
        (600.0, False, 110.0),
        (599.0, False, 160.0),
        (599.0, True, 110.0),
        (3.0, True, 160.0),
    ):
        bench = unstamped(is_driven=True)
        bench.settle(
            charge_uc=50.0,
            on_s=60.0,
            applied_ma=2.0,
            counted_since_s=counted_since_s,
            reaches_power_on=reaches,
        )
        assert bench.counted[0] == pytest.approx(found_uc, abs=_UNITS_UC)


def test_a_break_that_is_too_short_counts_with_what_came_since() -> None:
    for on_s, applied_ma, found_s in (
        (1.0, 2.0, 1.0 + 0.5),
        (1.0, 0.5, 1.0 + 0.5 + 2.0),
        (0.0, 0.5, 0.5),
    ):
        bench = uncertain().count(5.0)
        stamped_s = bench.now_s
        bench.count(0.5)
        bench.settle(on_s=on_s, said_s=stamped_s, said_us=1, applied_ma=applied_ma)
        assert bench.counted[1] == found_s
    # A count that is younger than the time above safe says nothing of it.
    bench = uncertain().count(5.0)
    bench.settle(on_s=1.0, said_s=bench.now_s, said_us=1, applied_ma=2.0, counted_since_s=4.5)
    assert bench.counted[1] == 5.0
    bench.settle(on_s=1.0, said_s=bench.now_s, said_us=1, applied_ma=2.0, counted_since_s=5.0)
    assert bench.counted[1] == 1.0


def test_a_device_at_rest_that_was_never_above_safe_begins_anew() -> None:
    bench = Bench().say(2.0).count().count(1.0).say(0.5).count(0.5)
    assert bench.counted[1] == 1.0
    bench.settle(on_s=0.0, said_s=bench.now_s, said_us=1, applied_ma=0.5)
    assert bench.counted[1] == 0.0
    bench.say(2.0).count(1.0)
    assert bench.counted[1] == 1.0


def test_what_nobody_knew_is_settled_by_a_count_from_power_on() -> None:
    for keys, is_settled in (
        ({"said_us": None}, True),
        ({"said_us": 1, "said_s": 1000.0}, True),
        ({"said_us": 1, "said_s": None}, False),
        ({"said_us": None, "reaches_power_on": False}, False),
    ):
        bench = Bench(simulated=False).say(0.5).count()
        bench.settle(charge_uc=7.0, counted_since_s=10.0, applied_ma=0.5, **keys)
        assert (bench.counted[0] < 100.0) is is_settled


def test_a_device_without_stamps_keeps_to_its_word_until_a_lease_is_over() -> None:
    for passed_s, found_uc in ((0.5, 0.25 * 10.0 * 0.5), (0.625, 0.5 * 10.0 * 0.625)):
        bench = Bench().say(0.25).count().settle(applied_ma=0.25)
        before_uc, _ = bench.counted
        bench.count(passed_s)
        assert bench.counted[0] - before_uc == pytest.approx(found_uc, abs=_UNITS_UC)


def test_without_an_amount_a_count_is_taken_to_be_of_a_break() -> None:
    bench = uncertain().count(5.0)
    bench.settle(on_s=1.0, said_s=bench.now_s, said_us=1, applied_ma=None)
    assert bench.counted[1] == 3.0


def test_a_little_time_that_nobody_knows_counts_as_well() -> None:
    for age_s, found_uc in ((0.5, 15.0), (0.0, 0.0)):
        bench = Bench(simulated=False)
        past = DevicePast(device="stn", known_age_s=age_s)
        bench.account.learn(past, bench.now_s)
        assert bench.counted[0] == pytest.approx(found_uc, abs=_UNITS_UC)


def test_a_device_above_safe_that_let_its_lease_end_gave_no_less() -> None:
    bench = Bench().say(0.75)
    bench.belief.send(1, 0.625, "a", bench.now_s)
    bench.count()
    bench.settle(said_us=None, applied_ma=0.75)
    bench.count(0.5)
    before = bench.counted
    bench.account.note_lapse(bench.belief, bench.now_s)
    assert bench.counted == before


def test_a_count_is_a_second_old_in_the_dearest_program_that_may_run() -> None:
    bench = unstamped(is_driven=False, program="b")
    bench.settle(charge_uc=110.0, on_s=4.0, applied_ma=2.0, is_driven=False)
    assert bench.counted == near(130.0, 5.0)


def test_a_device_that_stamps_and_did_not_this_time_says_nothing_of_before() -> None:
    bench = uncertain().count(5.0).say(2.0, last_seq=1)
    bench.settle(charge_uc=10.0, on_s=0.25, said_us=1, applied_ma=2.0, is_driven=False)
    assert bench.counted == near(100.0, 5.0)


def test_what_nobody_knew_is_kept_until_a_word_of_since_then_settles_it() -> None:
    keys: dict[str, Any]
    for keys, is_settled in (
        ({"said_us": None}, True),
        ({"said_us": 1, "said_s": 1000.0}, True),
        ({"said_us": 1, "said_s": None}, False),
        ({"said_us": None, "reaches_power_on": False}, False),
    ):
        bench = Bench(simulated=False).say(0.5).count()
        bench.account.note_sent(bench.belief, bench.now_s)
        bench.settle(charge_uc=7.0, counted_since_s=10.0, applied_ma=0.5, **keys)
        kept_uc = sum(charge_uc for _, charge_uc in bench.account.past(bench.now_s).charges)
        assert (kept_uc < 100.0) is is_settled
        if is_settled:
            assert kept_uc == pytest.approx(7.0, abs=_UNITS_UC)


def test_at_the_safe_amount_and_its_margin_a_device_is_in_a_break() -> None:
    bench = uncertain().count(5.0)
    safe_level = bench.belief.safe_level
    bench.settle(on_s=1.0, said_s=bench.now_s, said_us=1, applied_ma=safe_level)
    assert bench.counted[1] == 3.0


def test_a_weak_device_of_which_nothing_is_known_gave_the_most_it_can() -> None:
    programs = {"a": pulses(100.0)}
    config = device_of(simulated=False, programs=programs, limits=limits_of(amplitude_ma_max=0.05))
    account = Account(config, lease_s=0.5, tick_s=0.0)
    account.learn(None, 1000.0)
    assert account.charge_uc(1000.0) == pytest.approx(0.05 * 10.0 * 600.0, abs=0.01)


def test_a_feedback_device_of_which_nothing_is_known_may_report() -> None:
    config = feedback_of()
    account, belief = Account(config, lease_s=0.5, tick_s=0.0), Belief(config, 0.125)
    account.count(belief, 1000.0)
    said = DeviceStatus(
        instance="boot",
        word=1,
        session=None,
        state="safe",
        last_seq=0,
        charge_uc=0.0,
        on_s=0.0,
        counted_since_s=1.0,
        said_us=None,
    )
    keys: dict[str, Any] = {"said_s": None, "reaches_power_on": True, "is_driven": False}
    account.settle(said, belief, 1001.0, **keys)
    assert (account.charge_uc(1001.0), account.on_s) == (0.0, 0.0)


def _a_little_above() -> Bench:
    """Return a device that gives its safe amount and a little less more than its tolerance."""
    bench = Bench()
    bench.belief.learn(info_of(bench.config, amount_tolerance=0.25))
    return bench.say(0.625).count()


def test_within_its_tolerance_a_device_is_above_safe_until_it_says_that_it_is_not() -> None:
    bench = _a_little_above()
    assert bench.count(5.0).counted[1] == 5.0
    bench.settle(on_s=5.0, said_s=bench.now_s)
    assert bench.count(1.0).counted[1] == 6.0
    bench.settle(on_s=0.0, said_s=bench.now_s)
    assert bench.count(1.0).counted[1] == 0.0


def test_a_device_that_was_at_rest_and_left_it_has_to_say_so_again() -> None:
    bench = _a_little_above().settle(on_s=0.0)
    assert bench.count(1.0).counted[1] == 0.0
    bench.say(2.0).count(1.0)
    bench.say(0.625).count(3.0)
    assert bench.counted[1] == 4.0


def test_a_device_that_counts_nothing_above_its_tolerance_is_above_safe_all_the_same() -> None:
    bench = Bench().say(2.0).count()
    bench.settle(on_s=0.0, said_s=bench.now_s)
    assert bench.count(3.0).counted[1] == 3.0


def test_only_at_its_safe_amount_does_a_device_that_was_never_on_rest_within_its_margin() -> None:
    for given, on_s in ((2.0, 1.0), (0.53, 0.0)):
        bench = Bench()
        bench.belief.learn(info_of(bench.config, amount_tolerance=0.0625))
        bench.say(given).count().settle(on_s=0.0)
        bench.say(0.53).count(1.0)
        assert bench.account.on_s == on_s
