"""A box at a serial port that gives the amount, and answers each line with what it gives."""

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from stimulators.device.hardware.serial_port import SerialPort

#: A line goes out at each change, and this often: the box goes to its safe amount by its own timer
#: where none came for `BOX_SILENCE_S`.
AGAIN_S = 0.05
BOX_SILENCE_S = 0.25
_ANSWER_S_MAX = 0.25
#: Many boards start anew when their port is opened, and hear nothing for so long.
_MEET_S_MAX = 5.0


class _Line(NamedTuple):
    """A line that the box has not answered: when it went, and the amount to be answered."""

    number: int
    kind: str
    told_s: float
    given: float


class SerialBox:
    """`Hardware` that is a box of one's own: a microcontroller with a current source behind it.

    Lines are ASCII, ended by a line feed, amounts in thousandths of the device's unit:

    ======================  ================================================================
    to the box              meaning
    ======================  ================================================================
    ``G 17 1250 adbs``      line 17: give 1250 in program `adbs` (``-`` for no program)
    ``F 18 1000 adbs``      line 18: fire one trigger of 1000
    ``C 19 1250 adbs``      line 19: end what triggers still give, at once, and give 1250
    ======================  ================================================================

    The box answers each with its number and the amount that it gives, ``17 1250``. It gives
    nothing before its first line, which is a ``C``, and goes to its safe amount by its own timer
    0.25 s after its last: that is all that holds where the cable is pulled, or this program is
    gone.

    Parameters
    ----------
    port : SerialPort
        The port.
    tolerance : float
        How far what the box gives may be from what it was told, in the device's unit.
    now_s : callable
        The device's clock.

    Notes
    -----
    A box that answers nothing for 0.25 s, with another amount than it was told, or a later line
    than one that ends pulses, which it may not know, is a fault of the device: it says so and ends,
    so that the service goes SAFE and nobody believes its words.
    So is a pause of this program in which the box has gone safe by itself.
    """

    def __init__(self, port: SerialPort, *, tolerance: float, now_s: Callable[[], float]) -> None:
        self._port = port
        self._tolerance = tolerance
        self._now_s = now_s
        self._told: tuple[float, str] | None = None
        self._given = 0.0
        self._due_s = self._written_s = -math.inf
        self._number = 0
        self._open: deque[_Line] = deque()
        self._fault = ""
        self._has_answered = asyncio.Event()
        port.hear = self._hear

    async def meet(self, amount: float, program: str) -> None:
        """Tell the box to end its pulses and give an amount until it has answered that it does.

        Raises
        ------
        OSError
            Where it has not within 5 s of opening its port, or gives another amount.
        """
        try:
            async with asyncio.timeout(_MEET_S_MAX):
                while not self._has_answered.is_set():
                    self._write("C", amount, amount, program, self._now_s())
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(AGAIN_S):
                            await self._has_answered.wait()
        except TimeoutError:
            self._fault = f"no answer to the line C within {_MEET_S_MAX:g} s of opening its port"
        self._require()
        self._open.clear()
        self._given = amount

    def give(self, amount: float, program: str) -> None:
        """Tell the box, where the amount is new or was told 50 ms ago."""
        now_s = self._now_s()
        self._look(now_s)
        if (amount, program) == self._told and now_s < self._due_s:
            return
        self._set("G", amount, program, now_s)

    def fire(self, amount: float, program: str) -> None:
        """Tell the box to fire a trigger."""
        now_s = self._now_s()
        self._look(now_s)
        self._write("F", amount, self._given, program, now_s)

    def cut(self, amount: float, program: str) -> None:
        """Tell the box to end its pulses and give an amount; one that does not answer is a fault.

        One line says both: what it gave before must not be said again beside a stop.
        """
        now_s = self._now_s()
        self._look(now_s)
        self._set("C", amount, program, now_s)

    def close(self) -> None:
        """Tell the box to end its pulses and give nothing, or nothing any more; close the port."""
        self._port.close(self._line("C", 0.0, ""))

    def _look(self, now_s: float) -> None:
        """Raise where the box did other than it was told, or may have gone safe by itself."""
        silent_s = now_s - self._written_s
        if self._told is not None and silent_s >= BOX_SILENCE_S:
            # It went safe by its own timer: it must not be taken back in one step.
            self._fault = self._fault or f"that it was told nothing for {silent_s:.2f} s"
        if self._open and now_s - self._open[0].told_s > _ANSWER_S_MAX:
            self._fault = self._fault or "no answer for 0.25 s"
        self._require()

    def _set(self, kind: str, amount: float, program: str, now_s: float) -> None:
        self._write(kind, amount, amount, program, now_s)
        self._told, self._given = (amount, program), amount
        self._due_s = now_s + AGAIN_S

    def _write(self, kind: str, amount: float, given: float, program: str, now_s: float) -> None:
        self._port.write(self._line(kind, amount, program))
        self._open.append(_Line(self._number, kind, now_s, given))
        self._written_s = now_s

    def _line(self, kind: str, amount: float, program: str) -> bytes:
        self._number += 1
        return f"{kind} {self._number} {round(1000.0 * amount)} {program or '-'}\n".encode("ascii")

    def _require(self) -> None:
        if self._fault:
            raise OSError(f"box at {self._port.name}: expected it to give what it is told, "
                          f"found {self._fault}")  # fmt: skip

    def _hear(self, line: bytes) -> None:
        try:
            number, thousandths = map(int, line.split())
        except ValueError:
            return  # a board says all sorts of things when it starts
        answered = next((each for each in self._open if each.number == number), None)
        if answered is None:
            return  # no number that is open answers nothing
        self._has_answered.set()
        while (passed := self._open.popleft()) is not answered:
            # Before it was met it may have slept, and heard nothing.
            if passed.kind == "C" and self._told is not None:
                self._fault = "no answer to the line C, which ends pulses"
        given, told = thousandths / 1000.0, answered.given
        if abs(given - told) > self._tolerance + 0.001:
            self._fault = f"{given:g} where {told:g} was told"
