"""`stimloop device --forget-session`: for a device that remembers a session of the future."""

from pathlib import Path

from stimloop import config as configuration
from stimulators.device.counts.memory import DeviceMemory
from streamer.clock import unix_us
from tests.support.programs import call

_SESSION = "00001900000000000000-0000000a"


def test_the_devices_of_a_rig_forget_their_session_and_say_which(tmp_path: Path) -> None:
    (device,) = configuration.load(None).devices
    memory = DeviceMemory(tmp_path, device, unix_us)
    memory.keep_session(_SESSION)
    done = call("device", "--forget-session", "--id", device.id, "--memory", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{device.id}: forgot the session of 2030-03-17 17:46:40 UTC\n"
    assert memory.session() == ""
    again = call("device", "--forget-session", "--memory", tmp_path)
    assert again.stdout == f"{device.id}: remembered no session\n"


def test_without_a_memory_there_is_nothing_to_forget() -> None:
    done = call("device", "--forget-session")
    assert done.returncode == 2
    assert "--memory DIR" in done.stderr
