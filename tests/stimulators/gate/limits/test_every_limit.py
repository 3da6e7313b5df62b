"""One class a limit: all that reads, checks, compares or describes limits knows each of them."""

import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stimulators.decisions import Bound, Refusal
from stimulators.gate.limits import registry
from stimulators.gate.limits.amount import AmountLimit, ChargeDensityLimit, ShannonLimit
from stimulators.gate.limits.limit import ASKED_KINDS, Asked, AskedKind, Limit, Limited, Told
from stimulators.gate.limits.registry import LIMITS, narrower_limits
from stimulators.gate.limits.slew import SlewLimit
from stimulators.limits import LimitsConfig
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import DeviceLimits
from tests.stimulators.gate.driving.bench import TICK_S, Bench
from tests.stimulators.gate.gate_rig import GateRig, device_of, feedback_of
from tests.world import electrode_oracle, oracle

_ROOT = Path(__file__).parents[4]
_KEYS = {field.name for field in msgspec.structs.fields(LimitsConfig)}


def _rows() -> dict[tuple[str, ...], list[str]]:
    """Return the table of limits in the guide, by the keys of each row."""
    text = (_ROOT / "docs" / "guides" / "your-own-rig.md").read_text(encoding="utf-8")
    _, _, table = text.partition("| limit | what it does | refused with |\n|---|---|---|\n")
    lines = table.partition("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {tuple(re.findall(r"`(\w+)`", keys)): rest for keys, *rest in cells}


def _undescribed(limits: tuple[type[Limit], ...]) -> list[str]:
    rows = _rows()
    return [
        limit.__name__
        for limit in limits
        if rows.get(limit.keys) != [limit.text, f"`{limit.reason}`"]
    ]


def _unjudged(limits: tuple[type[Limit], ...]) -> list[str]:
    oracles = (electrode_oracle.ElectrodeOracle, oracle.Oracle)
    return [
        key
        for limit in limits
        for key in limit.keys
        if not any(
            hasattr(oracle_class, electrode_oracle.JUDGED.get(key, "?")) for oracle_class in oracles
        )
    ]


def _all_of(kind: type[Limit]) -> set[type[Limit]]:
    below = {each for each in kind.__subclasses__() if each.__module__.startswith("stimulators.")}
    return below.union(*(_all_of(each) for each in below))


class MadeUp(Limit):
    """No more than 1 mA, whatever is configured: a limit that only this test knows."""

    place = 1000
    keys = ("made_up_ma_max",)
    reason = RefusalReason.LIMIT
    text = "made up"
    told = Told("made-up amount", "amplitude_ma_max", "level_max")
    n_counted = n_advanced = 0
    limit_ma = 4.0
    reached = False

    def check(self, asked: Asked) -> Refusal | None:
        """Refuse more than 1 mA."""
        return self.refusal("more", "1 mA") if asked.amount > 1.0 else None

    def share(self, asked: Asked) -> float:
        """Return the amount in mA."""
        return asked.amount

    def count(self, asked: Asked) -> None:
        """Count all that goes."""
        del asked
        MadeUp.n_counted += 1

    def advance(self, now_s: float) -> None:
        """Let time pass."""
        del now_s
        MadeUp.n_advanced += 1

    def is_reached(self, now_s: float) -> bool:
        """Return whether the limit is reached, as a test sets it."""
        del now_s
        return MadeUp.reached

    @classmethod
    def key_of(cls, config: Any) -> str:
        """Return a key that no configuration has."""
        del config
        return "made_up_ma_max"

    @classmethod
    def value_of(cls, config: Any) -> float:
        """Return its limit."""
        del config
        return cls.limit_ma


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> tuple[type[Limit], ...]:
    with_made_up = (*LIMITS, MadeUp)
    monkeypatch.setattr(registry, "LIMITS", with_made_up)
    MadeUp.n_counted = MadeUp.n_advanced = 0
    return with_made_up


# Every limit there is.


class _Keyless(Limit):
    """A limit that no key configures."""

    keys = ()


def test_a_limit_is_asked_unless_it_is_optional_and_not_written() -> None:
    bench = Bench()
    limited = Limited(bench.config, bench.drive.belief, bench.drive.account, TICK_S)
    assert _Keyless(limited).is_asked


def test_of_limits_that_bind_as_much_those_asked_first_are_named() -> None:
    limits = Bench().drive.limits
    limits._shares["wish"] = tuple(
        (key, lambda asked: 0.5 * bool(asked)) for key in ("first", "second", "third")
    )
    found = limits.bounds(Asked("wish", 1.0, "a", 64.0))
    assert found == (Bound("first", 0.5), Bound("second", 0.5))


def test_limits_are_told_that_the_machine_slept(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = GateRig().be_active(0.5)
    slept: list[float] = []
    monkeypatch.setattr(rig.gate.drive_of("stn").limits, "sleep", slept.append)
    stand_still = rig.gate.sleep
    rig.take(stand_still(3.0, rig.now_s))
    assert slept == [3.0]


_EVERY = pytest.mark.parametrize("limit", LIMITS, ids=lambda each: each.__name__)


def test_every_limit_is_asked_and_once() -> None:
    assert set(LIMITS) == _all_of(Limit)
    assert len(set(LIMITS)) == len(LIMITS) >= 10


def test_the_order_in_which_limits_are_asked_is_written_down() -> None:
    asked = [each.__name__.removesuffix("Limit") for each in LIMITS if each.place <= 100]
    assert asked == [
        *("Amount", "ChargeDensity", "Shannon", "Slew", "Refractory", "Triggers"),
        *("Commands", "Rises", "OnTime", "Charge"),
    ]
    assert [each.place for each in LIMITS] == [*range(10, 101, 10), 120, 130]
    assert [each.__name__ for each in LIMITS[10:]] == ["ClinicalLimit", "MeanLimit"]


def test_two_limits_of_one_place_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SlewLimit, "place", AmountLimit.place)
    with pytest.raises(ValueError, match="SlewLimit: expected a place of its own, found that of "):
        registry.find()


def test_every_key_of_the_configuration_is_of_one_limit() -> None:
    read = Counter(key for limit in LIMITS for key in limit.keys)
    assert read == Counter(_KEYS)


def test_every_limit_that_a_device_may_say_is_compared() -> None:
    told = [name for each in LIMITS if each.told for name in {each.told.ma, each.told.level}]
    assert sorted(told) == sorted(field.name for field in msgspec.structs.fields(DeviceLimits))


@_EVERY
def test_a_limit_is_described_in_the_guide(limit: type[Limit]) -> None:
    assert _undescribed((limit,)) == []


@_EVERY
def test_a_limit_is_judged_at_the_electrode(limit: type[Limit]) -> None:
    assert _unjudged((limit,)) == []


@_EVERY
def test_a_limit_holds_up_no_way_down_but_by_commands_a_second(limit: type[Limit]) -> None:
    bench = Bench().be_live(2.0)
    asked = Asked("amplitude", 1.0, "a", bench.now_s, moved=-1.0)
    for _ in range(3):
        assert bench.drive.limits[limit].check(asked) is None
        bench.drive.limits[limit].count(asked)


def _asked(kind: AskedKind, amount: float, now_s: float) -> list[Asked]:
    """Return all that may be asked of a kind: only what is an amplitude goes up, or rises."""
    asked = Asked(kind, amount, "a", now_s, fire_at_s=now_s, until_s=now_s)
    up = asked._replace(is_up=True, moved=amount)
    ways = {
        "wish": [up._replace(is_rise=True)],
        "amplitude": [asked, up, up._replace(is_rise=True)],
    }
    return ways.get(kind, [asked])


@_EVERY
def test_a_limit_says_and_counts_nothing_of_a_kind_that_it_is_not_asked_about(
    limit: type[Limit],
) -> None:
    kept = {"triggers_per_min_max": 2, "commands_per_s_max": 2.0, "rises_per_min_max": 2}
    bench = Bench(limits=kept).be_live(1.0)
    one, now_s = bench.drive.limits[limit], bench.now_s
    others = [each for kind in ASKED_KINDS - limit.kinds for each in _asked(kind, 1e6, now_s)]
    own = [each for kind in limit.kinds for each in _asked(kind, 1.0, now_s)]
    before = [one.check(each) for each in own]
    for _ in range(5):
        for each in others:
            assert one.check(each) is None
            if each.kind in {"amplitude", "trigger"}:  # only these ever go
                one.count(each)
    assert [one.check(each) for each in own] == before


@_EVERY
def test_a_limit_refuses_what_would_use_more_than_all_of_it_and_nothing_else(
    limit: type[Limit],
) -> None:
    tight = {"triggers_per_min_max": 3, "commands_per_s_max": 3.0, "rises_per_min_max": 3}
    tight |= {"refractory_s": 0.05, "on_time_s_max": 2.0, "charge_uc_per_10_min_max": 40.0}
    tight |= {"clinical_ma": 1.0, "clinical_share_max": 1.5, "above_mean_ma_max": 1.0}
    bench = Bench(limits=tight, safe_ma=0.0).be_live(0.0)
    bench.say(2.0)
    one, refused = bench.drive.limits[limit], set()
    for step in range(160):
        now_s = bench.now_s + step * TICK_S
        bench.drive.account.count(bench.drive.belief, now_s)
        for kind in limit.kinds:
            for plain in _asked(kind, 0.02 * step, now_s):
                one.advance(now_s)
                asked = plain._replace(moved=0.004 * step)
                share, refusal = one.share(asked), one.check(asked)
                assert math.isfinite(share) or share == math.inf
                if refusal is None:
                    assert share <= 1.0 + 1e-9 or not asked.gives_more
                else:
                    assert share >= 1.0
                refused.add(refusal is not None)
                if refusal is None and kind in {"amplitude", "trigger"} and step % 2 == 0:
                    one.count(asked)
    never_refuses = limit in {ChargeDensityLimit, ShannonLimit}
    never_refuses |= limit.value_of(bench.config) is None
    assert refused == ({False} if never_refuses else {False, True})


def test_the_two_limits_that_bind_most_are_named_the_nearest_first() -> None:
    bench = Bench(limits={"commands_per_s_max": 4.0}).be_live(0.5)
    limits = bench.drive.limits
    limits.advance(bench.now_s)
    asked = Asked("amplitude", 2.25, "a", bench.now_s, is_up=True, moved=0.0625)
    assert limits.bounds(asked) == (
        Bound("amplitude_ma_max", 0.75),
        Bound("commands_per_s_max", 1 / 3),
    )
    too_far = asked._replace(moved=1.0)
    refusal = limits.check(too_far)
    assert refusal is not None
    assert refusal.bounds == limits.bounds(too_far)
    assert refusal.bounds[0].limit == "slew_ma_per_s_max"
    assert refusal.bounds[0].share > 1.0
    assert refusal.bounds[1] == Bound("amplitude_ma_max", 0.75)


def test_a_limit_that_allows_nothing_has_a_share_that_is_a_number() -> None:
    bench = Bench(limits={"triggers_per_min_max": 0}).be_live(0.5)
    refusal = bench.drive.trigger(bench.target(1.0, kind="trigger"), bench.now_s)
    assert isinstance(refusal, Refusal)
    assert refusal.bounds[0] == Bound("triggers_per_min_max", 1000.0)


def test_a_limit_of_which_nothing_is_said_is_asked_about_everything() -> None:
    assert MadeUp.kinds == ASKED_KINDS
    assert {kind for limit in LIMITS for kind in limit.kinds} == ASKED_KINDS


@_EVERY
def test_a_limit_has_words_of_its_own(limit: type[Limit]) -> None:
    assert [each for each in LIMITS if each.text == limit.text] == [limit]
    assert isinstance(limit.reason, RefusalReason)
    assert limit.__doc__


def test_the_guide_and_the_judge_name_no_limit_that_is_not_there() -> None:
    assert len(_rows()) == len(LIMITS)
    assert electrode_oracle.JUDGED.keys() == _KEYS


def test_the_limits_of_amount_read_the_key_of_the_unit() -> None:
    assert AmountLimit.key_of(device_of()) == "amplitude_ma_max"
    assert AmountLimit.key_of(feedback_of()) == "level_max"
    assert SlewLimit.value_of(feedback_of()) == feedback_of().slew_per_s_max


# A limit that only this test has.


def test_a_limit_that_is_made_up_is_missed_in_guide_and_oracle(
    made_up: tuple[type[Limit], ...],
) -> None:
    assert _undescribed(made_up) == ["MadeUp"]
    assert _unjudged(made_up) == ["made_up_ma_max"]


def test_a_limit_that_is_made_up_is_compared(
    made_up: tuple[type[Limit], ...],
) -> None:
    del made_up
    its = DeviceLimits(amplitude_ma_max=3.5, slew_ma_per_s_max=100.0)
    assert list(narrower_limits(device_of(), its)) == [("made-up amount 3.5", "at least 4")]


def test_a_limit_that_is_made_up_keeps_a_target_a_step_and_a_trigger(
    made_up: tuple[type[Limit], ...],
) -> None:
    del made_up
    bench = Bench().be_live(0.875)
    assert bench.objection(bench.target(2.0), bench.now_s) is None
    assert bench.want(2.0).ask() is None
    assert bench.want(1.0).ask() == (1.0, "a")
    assert MadeUp.n_counted == 1
    assert MadeUp.n_advanced == 2
    refused = bench.drive.trigger(bench.target(1.5, kind="trigger"), bench.now_s)
    assert isinstance(refused, Refusal)
    assert refused.found == "more"


def test_a_limit_that_is_made_up_makes_safe_whom_it_stops(
    made_up: tuple[type[Limit], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    del made_up
    monkeypatch.setattr(MadeUp, "limit_ma", 2.0)
    rig = GateRig(device_of()).be_active()
    monkeypatch.setattr(MadeUp, "reached", True)
    rig.tick()
    assert (rig.state, rig.gate.reason) == ("safe", "device stn reached made_up_ma_max")


# Those that never have to refuse, because what goes is made to fit.


def test_a_step_beyond_the_right_to_move_is_refused() -> None:
    limits = Bench().be_live().drive.limits
    slew = limits[SlewLimit].slew
    for moved, is_refused in ((slew.spare, False), (slew.spare + 1e-6, True)):
        asked = Asked("amplitude", 0.5 + moved, "a", 64.0, is_up=True, moved=moved)
        refusal = limits[SlewLimit].check(asked)
        assert (refusal is not None) is is_refused
        if refusal is not None:
            assert refusal.reason == "slew"
        assert limits[SlewLimit].check(asked._replace(is_up=False)) is None


@pytest.mark.parametrize("kind", [ChargeDensityLimit, ShannonLimit])
def test_a_phase_beyond_what_the_configuration_allows_is_refused(kind: type[Limit]) -> None:
    bench = Bench()
    limit = bench.drive.limits[kind]
    for amount in (0.0, bench.drive.config.amount_max):
        assert limit.check(Asked("trigger", amount, "a", 64.0)) is None
    beyond = Asked("trigger", 1e4, "a", 64.0)
    refusal = limit.check(beyond)
    assert refusal is not None
    assert refusal.reason == "limit"
    # A way down is never held up, and of a program that nobody knows no phase is known.
    assert limit.check(beyond._replace(kind="amplitude")) is None
    assert limit.check(beyond._replace(program="other")) is None


def test_a_number_that_is_none_is_no_amount() -> None:
    limit = Bench().drive.limits[AmountLimit]
    for amount in (math.nan, -1e-9, math.inf):
        assert limit.check(Asked("target", amount, "a", 64.0)) is not None
