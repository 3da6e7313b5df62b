"""`stimloop config import SESSION`: a yoked run gives at the device what the session gave."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from replay.recorded_loop import journal_of
from stimloop.__main__ import run_command
from stimloop.importing.fragment import fragment_of
from stimulators.policies.wrapping.ganged import GangedConfig, GangedDevice
from stimulators.wire.received import AckHeard, DeviceStatusHeard
from streamer.journal.reader import JournalReader
from streamer.journal.records import StepRecord
from tests.replay.recordings import markers, recording, signal
from tests.replay.rig import RATE_HZ, derive, make_session, rig, short_recording
from tests.support.rig_toml import small_rig

_LENGTH_S = 9.0
#: What a device that is asked 50 ms later by its slew of 12 mA/s gives less.
_TICK_MA = 12.0 * 0.05


def _bursts(*strong_s: tuple[float, float]) -> Any:
    """Return a recording with a rhythm that is strong in some stretches of seconds."""
    time_s = np.arange(round(_LENGTH_S * RATE_HZ)) / RATE_HZ
    strength = np.full(time_s.size, 1.0)
    for begin, end in strong_s:
        strength[(time_s >= begin) & (time_s < end)] = 20.0
    rhythm = strength * np.sin(2 * np.pi * 20.0 * time_s)
    samples = np.stack([rhythm, -0.3 * rhythm], axis=1).astype(np.float32)
    said: dict[str, Any] = {
        "rate_hz": RATE_HZ,
        "channels": ("STN_1", "STN_3"),
        "units": ("uV", "uV"),
    }
    offsets = [(50.0 + k, 7.0) for k in range(1, 9)]
    lfp = signal(50.0 + time_s, samples=samples, offsets=offsets, **said)
    return recording(lfp, markers([57.5], ["cue"]))


_SIGNAL = _bursts((0.0, 0.5), (4.0, 5.0), (6.5, 7.3))
_OTHER = _bursts((0.0, 0.5), (4.6, 4.8), (5.5, 8.0))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "session"
    make_session(folder, _SIGNAL)
    return folder


def _given(session: Path, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the device said that it gave, by seconds since it was engaged first."""
    said: list[tuple[float, float]] = []
    engaged_s = None
    with JournalReader(journal_of(session)) as reader:
        for record in reader.records():
            if not isinstance(record.payload, StepRecord):
                continue
            event = record.payload.event
            if isinstance(event, AckHeard | DeviceStatusHeard):
                said.append((record.now_s, event.message.applied_ma or 0.0))
            if engaged_s is None and b"engaged" in bytes(record.payload.outcome):
                engaged_s = record.now_s
    assert engaged_s is not None
    time_s, amount = zip(*said, strict=True)
    given: NDArray[np.float64] = np.interp(at_s, np.array(time_s) - engaged_s, np.array(amount))
    return given


def test_a_yoked_run_gives_what_the_session_gave_whatever_the_signal(
    made: Path, tmp_path: Path
) -> None:
    tables = tomllib.loads(fragment_of(made).toml)["policies"]
    yoked = small_rig(lambda rig: _take_policies(rig, tables))
    config = msgspec.toml.decode(yoked, type=type(rig()))
    make_session(tmp_path / "yoked", _OTHER, config, config_toml=yoked)
    make_session(tmp_path / "other", _OTHER)
    at_s = np.arange(0.0, 5.5, 0.01)
    first, again, other = (
        _given(each, at_s) for each in (made, tmp_path / "yoked", tmp_path / "other")
    )
    assert first.max() == 2.0
    np.testing.assert_allclose(again, first, atol=_TICK_MA)
    assert np.abs(again - first).mean() < 0.02
    assert np.abs(other - first).mean() > 0.1
    # What is imported of the yoked session is the same course around the same policy.
    (table,) = tomllib.loads(fragment_of(tmp_path / "yoked").toml)["policies"]
    assert table == tables[0]


def _take_policies(tables: dict[str, Any], policies: list[dict[str, Any]], **sections: Any) -> None:
    derive(tables)
    tables |= {"policies": policies, **sections}


def test_the_fragment_is_written_a_point_a_line_and_checked(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "yoked.toml"
    assert run_command(["config", "import", str(made), "--device", "left", "--out", str(out)]) == 0
    assert f"{out}: made of {made} (recorded session " in capsys.readouterr().out
    text = out.read_text("utf-8")
    assert "    [0.0, 0.0],\n" in text
    file = tmp_path / "rig.toml"
    tables = tomllib.loads(text)["policies"]
    file.write_bytes(small_rig(lambda rig: _take_policies(rig, tables, signing={"mode": "off"})))
    assert run_command(["config", "check", str(file)]) == 0


def test_a_device_without_a_course_is_one_line(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Two seconds are too short to calibrate, and to be armed.
    config, short = rig(), short_recording(2.0)
    triggers = msgspec.structs.replace(config.policies[0], output="trigger")
    make_session(tmp_path / "undriven", short)
    make_session(
        tmp_path / "triggers", short, msgspec.structs.replace(config, policies=(triggers,))
    )
    for session, told in (
        (made, "--device: expected left of "),
        (tmp_path / "undriven", "device left: expected one that was driven in the session, found"),
        (tmp_path / "triggers", "device left: expected one that is given an amount, found"),
    ):
        arguments = ["--device", "right"] if session is made else []
        assert run_command(["config", "import", str(session), *arguments]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert told in line


def test_of_ganged_devices_the_one_whose_policy_is_within_is_imported(tmp_path: Path) -> None:
    config = rig()
    left = config.devices[0]
    others = {"right": GangedDevice(highest_ma=1.0)}
    both = GangedConfig(id="both", wraps=config.policies[0], others=others)
    devices = (left, msgspec.structs.replace(left, id="right"))
    config = msgspec.structs.replace(config, devices=devices, policies=(both,))
    make_session(tmp_path / "session", short_recording(3.0), config)
    fragment = fragment_of(tmp_path / "session")
    (table,) = tomllib.loads(fragment.toml)["policies"]
    assert (table["id"], table["wraps"]["device"]) == ("both_left", "left")
    assert fragment.warnings == (
        "device right: expected a policy of it alone, as yoked wraps, found 'both' of left, right",
    )
    assert fragment.toml.splitlines()[1] == f"# {fragment.warnings[0]}"


def test_what_is_no_session_is_one_line(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = Path(shutil.copytree(made, tmp_path / "damaged")) / "journal.sqlite"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    document = tmp_path / "report.json"
    document.write_text("{}", "utf-8")
    for file, arguments, told in (
        (tmp_path, [], "expected a session folder with a journal, found none"),
        (damaged, [], f"{damaged}: "),
        (document, ["--device", "left"], "--device: expected it with a session alone, found"),
    ):
        assert run_command(["config", "import", str(file), *arguments]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert told in line
