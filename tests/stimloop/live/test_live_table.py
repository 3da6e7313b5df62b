"""The screen of a running session, on a real terminal."""

import os
import pty
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.mosquitto import free_port
from tests.support.programs import COMMAND
from tests.support.rig_toml import rig_file

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Screen:
    """A terminal, and everything that was drawn on it."""

    def __init__(self, *arguments: object) -> None:
        self._ours, theirs = pty.openpty()
        self.child = subprocess.Popen(
            [*COMMAND, *(str(each) for each in arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
        )
        os.close(theirs)
        self.text = ""

    def until(self, pattern: str) -> re.Match[str]:
        """Read until a pattern has been drawn; fail where the program ends before."""
        while (found := re.search(pattern, self.text)) is None:
            try:
                drawn = os.read(self._ours, 65536)
            except OSError:  # how Linux says that nobody writes any more
                drawn = b""
            assert drawn, f"never drew {pattern!r}; drew: {self.text[-2000:]}"
            self.text += _ESCAPES.sub("", drawn.decode("utf-8", errors="replace"))
        return found

    def press(self, key: bytes) -> None:
        """Press a key, without a line end."""
        os.write(self._ours, key)

    def close(self) -> None:
        self.child.kill()
        self.child.wait()
        os.close(self._ours)


@pytest.mark.slow
@pytest.mark.lsl
def test_the_screen_shows_state_measure_device_and_news(tmp_path: Path) -> None:
    port = free_port()
    config = rig_file(tmp_path / "rig.toml", lambda rig: rig["broker"].update(port=port))
    screen = Screen("run", config, "--session", tmp_path / "session")
    try:
        screen.until(r"IDLE +0:00:0\d +\d+ samples, newest -?\d+ ms old")
        screen.until(r"idle -> armed: armed by itself")
        screen.until(r"ACTIVE ")
        screen.until(
            r"beta_burst +STN_L_13 +value +[\d.]+ µV² +[\d.]+ +- +[\d.]+ +[\d.]+ +[+-]\d+ %"
        )
        screen.until(r"stn_left +[\d.-]*[1-3]\.\d\d mA +live +adbs +\d\.\d s ago")
        screen.child.send_signal(signal.SIGINT)
        screen.until(r"session folder: ")
        assert screen.child.wait(timeout=20.0) == 0
    finally:
        screen.close()


@pytest.mark.lsl
def test_the_key_s_stops_at_once_and_the_screen_shows_what_the_device_then_gives(
    tmp_path: Path,
) -> None:
    port = free_port()
    config = rig_file(tmp_path / "rig.toml", lambda rig: rig["broker"].update(port=port))
    screen = Screen("run", config, "--session", tmp_path / "session")
    try:
        screen.until(r"s: stop")
        screen.until(r"stn_left +[\d.-]*[1-3]\.\d\d mA +live")
        screen.press(b"x\n")
        screen.press(b"s")
        screen.until(r"-> safe: stop by the service's terminal")
        # In SAFE nothing is shown but what the device gives.
        screen.text = ""
        screen.until(r"SAFE ")
        screen.until(r"stn_left +0\.00 mA +stopped")
        screen.text = ""
        screen.until(r"stn_left +0\.00 mA +stopped")
        assert not re.search(r"stn_left +[\d.-]*[1-9]\.\d\d mA", screen.text)
        screen.child.send_signal(signal.SIGINT)
        screen.until(r"session folder: ")
        assert screen.child.wait(timeout=20.0) == 0
    finally:
        screen.close()
