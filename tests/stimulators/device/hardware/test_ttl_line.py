"""The lines of a trigger box: each byte, to the microsecond it is due."""

import pytest

from stimulators.device.hardware.ttl_line import TtlLine
from tests.stimulators.device.hardware.test_serial_port import Wire, wired


def _line(**keys: float) -> tuple[TtlLine, Wire]:
    port, wire = wired()
    return TtlLine(port, now_s=wire.time, **keys), wire


@pytest.mark.parametrize("now_s", [0.0, 100.0])
def test_all_lines_are_low_at_first(now_s: float) -> None:
    line, wire = _line()
    wire.now_s = now_s
    line.give(0.0, "")
    assert wire.sent == [b"\x00"]


def test_line_1_is_high_with_an_amount_and_line_2_with_a_trigger() -> None:
    line, wire = _line()
    line.fire(0.4, "")
    line.give(0.4, "")
    line.give(0.0, "")
    line.close()
    assert wire.sent == [b"\x02", b"\x03", b"\x02", b"\x00"]
    assert not wire.is_open


def test_a_pulse_lasts_5_ms_where_nobody_said_otherwise() -> None:
    line, wire = _line()
    line.fire(0.4, "")
    wire.now_s += 0.0049
    line.give(0.4, "")
    wire.now_s = 100.005
    line.give(0.4, "")
    assert wire.sent == [b"\x02", b"\x03", b"\x01"]


def test_a_pulse_is_over_when_it_has_lasted_its_time() -> None:
    line, wire = _line(pulse_s=0.25)
    line.fire(0.4, "")
    wire.now_s += 0.2499
    line.give(0.4, "")
    wire.now_s = 100.25
    line.give(0.4, "")
    assert wire.sent[0] == b"\x02"
    assert wire.sent[-2:] == [b"\x03", b"\x01"]


def test_a_pulse_that_is_ended_is_low_at_once() -> None:
    line, wire = _line(pulse_s=0.25)
    line.give(0.4, "")
    line.fire(0.4, "")
    line.cut(0.0, "")
    assert wire.sent == [b"\x01", b"\x03", b"\x00"]


def test_a_byte_that_stays_goes_out_every_50_ms() -> None:
    line, wire = _line()
    line.give(0.4, "")
    wire.now_s = 100.0 + 0.049
    line.give(0.4, "")
    assert wire.sent == [b"\x01"]
    wire.now_s = 100.0 + 0.05
    line.give(0.4, "")
    assert wire.sent == [b"\x01", b"\x01"]
