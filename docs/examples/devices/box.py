"""The far end of `--to serial:`: a box with a timer of its own, for a board with MicroPython.

Copy it onto the board as `main.py` and write your output into `Pins`.
"""

import sys
import time

SAFE = 500  # thousandths of the device's unit: `safe_ma` of its table
HIGHEST = 3000  # what no line can raise
SILENCE_MS = 250


class Box:
    """The amount of the box, by the lines that it receives and by its own timer."""

    def __init__(self) -> None:
        self.given = 0
        self._heard_ms = None

    def hear(self, line: str, now_ms: int) -> str:
        """Do what a line says; return the answer, or an empty text for what is no line."""
        try:
            kind, number, amount, _ = line.split()
            number, amount = int(number), min(max(int(amount), 0), HIGHEST)
        except ValueError:
            return ""
        if kind not in ("G", "F", "C"):
            return ""
        self.tick(now_ms)
        self._heard_ms = now_ms
        if kind != "F":
            self.given = amount
        # F: start the pulses here. C: end them here, at once.
        return "%d %d\n" % (number, self.given)

    def tick(self, now_ms: int) -> None:
        """Go to the safe amount where nothing was heard for a quarter of a second."""
        if self._heard_ms is not None and now_ms - self._heard_ms >= SILENCE_MS:
            self.given = min(self.given, SAFE)  # and end all pulses


def main() -> None:
    """Serve the line of the board's USB port, for ever; a hang starts the board anew."""
    import select

    import machine

    box, pwm = Box(), machine.PWM(machine.Pin(15), freq=20_000)
    watchdog, line = machine.WDT(timeout=1_000), ""
    port = select.poll()
    port.register(sys.stdin, select.POLLIN)
    now_ms, last = 0, time.ticks_ms()
    while True:
        ticks = time.ticks_ms()  # which wrap around
        now_ms, last = now_ms + time.ticks_diff(ticks, last), ticks
        while port.poll(0):
            line += sys.stdin.read(1)
            if line.endswith("\n"):
                sys.stdout.write(box.hear(line, now_ms))
                line = ""
        box.tick(now_ms)
        pwm.duty_u16(box.given * 65535 // HIGHEST)
        watchdog.feed()


if __name__ == "__main__":
    main()
