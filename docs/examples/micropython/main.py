"""Puts the device on a network: on a board, or for a try on a computer.

`device.json` beside it has rig, host, port, the device's table, its keys, user and password. A
board is on its network before this starts (`boot.py`); the broker's address is a number.
"""

import binascii
import json
import os
import socket
import sys
import time

from stim_device import Device
from stim_mqtt import Mqtt

try:
    import machine
except ImportError:
    machine = None

_AGAIN_MS = 500


class Clock:
    """Microseconds since the start, of a counter that wraps around."""

    def __init__(self) -> None:
        self._passed_us = 1
        self._last = self._read()

    def now_us(self) -> int:
        """Return the time."""
        now = self._read()
        diff = time.ticks_diff(now, self._last) if hasattr(time, "ticks_diff") else now - self._last
        self._passed_us += diff
        self._last = now
        return self._passed_us

    @staticmethod
    def _read() -> int:
        if hasattr(time, "ticks_us"):
            return time.ticks_us()
        return time.monotonic_ns() // 1000  # on a computer with another Python


class Board:
    """The pins: the amount as a share of the highest on one, a pulse for each trigger on another.

    The watchdog starts the board anew where this program hangs: then the pins are low.
    """

    def __init__(self) -> None:
        self._pwm = self._pulse = self._watchdog = None
        self._n_looks_on = 0
        if hasattr(machine, "PWM"):
            self._pwm = machine.PWM(machine.Pin(15), freq=20_000)
            self._pulse = machine.Pin(14, machine.Pin.OUT)
            self._watchdog = machine.WDT(timeout=1_000)

    def give(self, share: float) -> None:
        """Give a share of the highest amount."""
        if self._pwm is not None:
            self._pwm.duty_u16(int(share * 65535))
            self._n_looks_on -= 1
            if self._n_looks_on <= 0:
                self._pulse.off()
            self._watchdog.feed()

    def cut(self) -> None:
        """End the pulse."""
        if self._pulse is not None:
            self._n_looks_on = 0
            self._pulse.off()

    def fire(self, amount: float, program: str) -> None:
        """Begin a pulse, which lasts for two calls of `give`: two to four milliseconds."""
        if self._pulse is not None:
            self._n_looks_on = 3
            self._pulse.on()


def random_hex() -> str:
    """Return sixteen random bytes as text."""
    return binascii.hexlify(os.urandom(16)).decode()


def load_session(path: str) -> str:
    """Return the newest session that was stored, or an empty text."""
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def store_session(path: str, session: str) -> None:
    """Store a session in one step."""
    with open(path + ".new", "w") as file:
        file.write(session)
    os.rename(path + ".new", path)


def main(path: str) -> None:
    """Run the device for ever."""
    with open(path) as file:
        settings = json.load(file)
    memory = path + ".session"
    board, clock = Board(), Clock()
    device = Device(
        settings["device"],
        settings["rig"],
        random_hex()[:16],
        random_hex,
        keys=settings.get("keys"),
        newest_session=load_session(memory),
        store=lambda session: store_session(memory, session),
        fire=board.fire,
        cut=board.cut,
    )
    address = socket.getaddrinfo(settings["host"], settings["port"])[0][-1]
    login = (settings["user"], settings["password"]) if "user" in settings else None
    link, again_ms = None, 0
    while True:
        now_us = clock.now_us()
        now_ms = now_us // 1000
        said = device.tick(now_us)
        board.give(device.given / device.highest)
        try:
            if link is None and now_ms >= again_ms:
                again_ms = now_ms + _AGAIN_MS
                link = Mqtt(
                    address, device.client_id, device.will(), device.subscriptions(), now_ms, login
                )
            if link is not None:
                _exchange(link, device, board, said, now_ms, clock)
        except OSError:
            if link is not None:
                link.close()
                device.lose_link()
            link = None
        time.sleep(0.002)


def _exchange(link, device, board, said, now_ms, clock) -> None:
    """Publish what was said, and act on what came."""
    was_up = link.is_up
    messages = link.take(now_ms)
    if link.is_up and not was_up:
        said = said + device.describe()
    _publish(link, said, now_ms)
    for topic, payload, retained in messages:
        said = device.hear(topic, payload, retained, clock.now_us())
        # First the amount is set, then it is reported.
        board.give(device.given / device.highest)
        _publish(link, said, now_ms)


def _publish(link, said, now_ms) -> None:
    for topic, payload, qos, retain in said:
        link.publish(topic, payload, qos, retain, now_ms)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "device.json")
