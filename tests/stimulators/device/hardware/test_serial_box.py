"""A box is a fault where its answers are late or other than told, and only there.

The other end of the port is in memory, so that the time of each line and answer is exact.
"""

import asyncio

import pytest

from replay.virtual_time import run_virtually
from stimulators.device.hardware.serial_box import SerialBox
from tests.stimulators.device.hardware.test_serial_port import wired


class Bench:
    """A box, its port, and what is said on either side."""

    def __init__(self, tolerance: float = 0.003) -> None:
        self.port, self.wire = wired()
        self.box = SerialBox(self.port, tolerance=tolerance, now_s=self.wire.time)

    def give(self, after_s: float, amount: float = 1.25) -> None:
        self.wire.now_s = 100.0 + after_s
        self.box.give(amount, "adbs")

    def answers(self, text: str) -> None:
        self.port.data_received(f"{text}\n".encode())

    @property
    def lines(self) -> list[str]:
        return [each.decode() for each in self.wire.sent]


def test_an_amount_that_stays_is_told_every_50_ms() -> None:
    bench = Bench()
    for after_s in (0.0, 0.049, 0.05):
        bench.give(after_s)
    bench.give(0.051, 1.3)
    assert bench.lines == ["G 1 1250 adbs\n", "G 2 1250 adbs\n", "G 3 1300 adbs\n"]


def test_a_box_is_told_to_give_nothing_at_the_end() -> None:
    bench = Bench()
    bench.give(0.0)
    bench.box.close()
    assert bench.lines == ["G 1 1250 adbs\n", "C 2 0 -\n"]
    assert not bench.wire.is_open


def test_a_pause_in_which_the_box_went_safe_is_a_fault() -> None:
    bench = Bench()
    bench.give(0.0)
    bench.answers("1 1250")
    bench.give(0.24)
    bench.answers("2 1250")
    with pytest.raises(OSError, match=r"it was told nothing for 0\.26 s"):
        bench.give(0.50)


def test_the_box_counts_from_the_last_line_and_not_from_the_last_call() -> None:
    bench = Bench()
    bench.give(0.0)
    bench.answers("1 1250")
    bench.give(0.046875)  # nothing is told, as nothing is new
    with pytest.raises(OSError, match=r"it was told nothing for 0\.25 s"):
        bench.give(0.25)


def test_a_trigger_is_a_line_too() -> None:
    bench = Bench()
    bench.give(0.0)
    bench.answers("1 1250")
    bench.wire.now_s = 100.125
    bench.box.fire(1.0, "adbs")
    bench.answers("2 1250")
    bench.give(0.34375)
    assert len(bench.lines) == 3


def test_one_line_ends_the_pulses_of_a_box_and_says_what_it_gives_from_now_on() -> None:
    bench = Bench()
    bench.give(0.0)
    bench.answers("1 1250")
    bench.wire.now_s = 100.125
    bench.box.cut(0.0, "adbs")
    bench.give(0.125, 0.0)
    assert bench.lines == ["G 1 1250 adbs\n", "C 2 0 adbs\n"]
    bench.answers("2 0")
    bench.give(0.25, 0.0)
    assert bench.lines[2:] == ["G 3 0 adbs\n"]


def test_a_box_that_does_not_know_how_to_end_its_pulses_is_a_fault() -> None:
    bench = Bench()
    bench.give(0.0)
    bench.answers("1 1250")
    bench.wire.now_s = 100.125
    bench.box.cut(1.25, "adbs")
    bench.give(0.1875)
    bench.answers("3 1250")  # as one that answers only what it knows
    with pytest.raises(OSError, match="found no answer to the line C, which ends pulses"):
        bench.give(0.25)
    with pytest.raises(OSError, match="found no answer to the line C"):
        bench.box.cut(1.25, "adbs")
    assert len(bench.lines) == 3


def test_what_a_box_did_wrong_first_is_told_also_after_a_pause_without_answers() -> None:
    bench = Bench()
    bench.give(0.0)
    bench.give(0.05)
    bench.answers("1 900")
    with pytest.raises(OSError, match=r"found 0\.9 where 1\.25 was told"):
        bench.give(0.5)


@pytest.mark.parametrize("what", ["give", "fire", "cut"])
def test_a_box_that_went_safe_in_a_pause_is_told_nothing_that_takes_it_up_again(what: str) -> None:
    bench = Bench()
    bench.give(0.0)
    bench.answers("1 1250")
    bench.wire.now_s = 100.3125
    for _ in range(2):
        with pytest.raises(OSError, match=r"it was told nothing for 0\.31 s"):
            getattr(bench.box, what)(1.25, "adbs")
    assert bench.lines == ["G 1 1250 adbs\n"]


def test_an_answer_is_in_time_within_a_quarter_of_a_second() -> None:
    bench = Bench()
    for after_s in (0.0, 0.1, 0.2, 0.25):
        bench.give(after_s)
    with pytest.raises(OSError, match=r"no answer for 0\.25 s"):
        bench.give(0.26)


def test_an_answer_answers_all_lines_up_to_its_own_and_none_behind_it() -> None:
    bench = Bench()
    for after_s in (0.0, 0.05, 0.1):
        bench.give(after_s)
    bench.answers("2 1250")
    for after_s in (0.2, 0.34):
        bench.give(after_s)
    with pytest.raises(OSError, match="no answer"):
        bench.give(0.36)


def test_what_is_no_answer_is_not_heard() -> None:
    bench = Bench()
    for text in ("bootloader 1.0", "", "1", "1 2 3", "-1 7"):
        bench.answers(text)
    bench.give(0.0)
    bench.answers("ready")
    bench.answers("7 0")
    bench.give(0.05)
    assert len(bench.lines) == 2


@pytest.mark.parametrize("given", [875, 1125])
def test_an_amount_may_be_off_by_the_tolerance_and_the_thousandth_that_is_rounded(
    given: int,
) -> None:
    bench = Bench(tolerance=0.124)
    bench.give(0.0, 1.0)
    bench.answers(f"1 {given}")
    bench.give(0.05, 1.0)
    bench.answers(f"2 {given + (1 if given > 1000 else -1)}")
    with pytest.raises(OSError, match="where 1 was told"):
        bench.give(0.1, 1.0)
    with pytest.raises(OSError, match="where 1 was told"):
        bench.box.fire(1.0, "adbs")
    assert len(bench.lines) == 2


def test_a_trigger_is_answered_with_the_amount_that_is_given_beside_it() -> None:
    bench = Bench()
    bench.box.fire(2.0, "adbs")
    bench.answers("1 0")
    bench.give(0.0)
    bench.answers("2 1250")
    bench.box.fire(2.0, "adbs")
    bench.answers("3 1250")
    bench.give(0.05)
    bench.box.fire(2.0, "adbs")
    bench.answers("5 2000")
    with pytest.raises(OSError, match=r"found 2 where 1\.25 was told"):
        bench.give(0.1)
    assert bench.lines[2] == "F 3 2000 adbs\n"


async def _met(bench: Bench, answer: str, after_s: float) -> float:
    """Let a box answer its first line so long after its port was opened; return when it is met."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    loop.call_later(after_s, bench.answers, answer)
    await bench.box.meet(0.5, "adbs")
    return loop.time() - began_s


def test_a_box_is_met_when_it_answers_within_5_s() -> None:
    bench = Bench()
    met_s = run_virtually(_met(bench, "1 500", 4.99))
    assert met_s == pytest.approx(4.99)
    assert set(bench.lines) == {f"C {n} 500 adbs\n" for n in range(1, 101)}


def test_a_box_that_slept_through_its_first_lines_is_met_by_a_later_one() -> None:
    bench = Bench()
    assert run_virtually(_met(bench, "20 500", 1.0)) == pytest.approx(1.0)
    bench.give(0.0, 0.5)
    assert bench.lines[-1].startswith("G ")


def test_a_trigger_before_the_first_amount_is_answered_with_the_one_that_it_was_met_with() -> None:
    bench = Bench()
    run_virtually(_met(bench, "1 500", 0.01))
    bench.box.fire(1.0, "adbs")
    bench.answers("2 500")
    bench.give(0.0, 0.5)
    assert bench.lines[1:] == ["F 2 1000 adbs\n", "G 3 500 adbs\n"]


def test_a_box_that_answers_later_than_5_s_is_none() -> None:
    bench = Bench()
    with pytest.raises(
        OSError, match="found no answer to the line C within 5 s of opening its port"
    ):
        run_virtually(_met(bench, "1 500", 5.01))


def test_a_box_that_gives_another_amount_is_not_met() -> None:
    bench = Bench()
    with pytest.raises(OSError, match=r"found 0 where 0\.5 was told"):
        run_virtually(_met(bench, "1 0", 0.01))


def test_lines_to_a_box_that_was_not_awake_need_no_answer() -> None:
    bench = Bench()
    run_virtually(_met(bench, "1 500", 0.12))
    bench.wire.now_s += 1.0
    bench.box.give(0.5, "adbs")
    assert bench.lines[-1] == "G 4 500 adbs\n"
