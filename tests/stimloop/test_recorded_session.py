"""A real recording through LSL, the service, mosquitto and the device; then verified."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stimloop.library.session import session as open_session
from streamer import clock
from tests.support.mosquitto import Mosquitto
from tests.support.programs import Program, ask
from tests.support.rig_toml import changed_file

pytestmark = [pytest.mark.lsl, pytest.mark.broker, pytest.mark.timeout(180)]

_EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "stn-ecog.toml"
_RECORDING = Path("xdf-derived") / "stn_ecog_3streams_drift_reset_gap.xdf"
_OTHER_CHUNKS = (1, 2, 5, 7, 16, 25, 33, 40, 50, 64)


def _rig(tmp_path: Path, broker: Mosquitto) -> Path:
    def change(rig: dict[str, Any]) -> None:
        del rig["lsl"]
        rig["broker"] = {"host": broker.host, "port": broker.port}

    return changed_file(tmp_path / "rig.toml", _EXAMPLE, change)


def _plays_and_verifies(
    tmp_path: Path, broker: Mosquitto, recording: Path, chunk_samples: int
) -> None:
    config, session = _rig(tmp_path, broker), tmp_path / "session"
    commands = "stimloop/bench/device/stn_right/command"
    heard_file = tmp_path / "heard"
    began_us = clock.unix_us()
    with (
        heard_file.open("w", encoding="utf-8") as heard,
        Program("device", config) as device,
        subprocess.Popen(
            ["stdbuf", "-oL", "mosquitto_sub", "-q", "1", *broker.options, "-t", commands],
            stdout=heard,
        ) as listener,
        Program("play", recording, "--config", config, "--chunk-samples", chunk_samples) as player,
        Program("run", config, "--session", session, "--duration", 21) as service,
    ):
        player.until("playing")
        service.until("armed -> active")
        device.until("live")
        player.until("played 23005 samples and markers")
        assert service.ended() == 0, service.text
        listener.terminate()
    summary = json.loads((session / "summary.json").read_text("utf-8"))
    assert summary["samples"] == 18_251
    assert summary["quality"]["gaps"] == 1
    assert summary["quality"]["gap_samples"] == 750
    assert summary["detections"]["beta_burst"] > 10
    issued = summary["commands"]["issued"]
    assert issued > 10
    # On a busy machine a command may come too late, is refused as expired, and is said again:
    # the session ends when the newest is answered, and so all are.
    refused = summary["commands"]["refused"]
    late = sum(n for reason, n in refused.items() if reason.startswith("device:"))
    assert summary["commands"]["acked"] + late == issued
    told = [json.loads(line) for line in heard_file.read_text("utf-8").splitlines()]
    assert [each["seq"] for each in told] == list(range(1, issued + 1))
    verdict = ask("verify", session)
    assert verdict.returncode == 0, verdict.stderr
    _has_tables(session, tmp_path / "again", began_us)


def _has_tables(session: Path, again: Path, began_us: int) -> None:
    """Compare tables written during the session with those of its journal, byte for byte."""
    exported = ask("export", session, "--out", again)
    assert exported.returncode == 0, exported.stderr
    for name in ("estimates.parquet", "events.parquet"):
        assert (session / name).read_bytes() == (again / name).read_bytes()
    found = open_session(session)
    for table in ("estimates", "events"):
        utc_us = found.arrays(table)["time_utc"].astype("M8[us]").astype(int)
        assert began_us < utc_us.min() < utc_us.max() < clock.unix_us()
    assert len(found.commands) == (found.events.event == "ack").sum() > 10
    assert len(found.gaps) == 1


def test_a_real_recording_drives_the_device_and_verifies(
    tmp_path: Path, mosquitto: Mosquitto, data_dir: Path
) -> None:
    _plays_and_verifies(tmp_path, mosquitto, data_dir / _RECORDING, 10)


@pytest.mark.slow
@pytest.mark.parametrize("chunk_samples", _OTHER_CHUNKS)
def test_ten_more_sessions_with_other_chunks_verify(
    tmp_path: Path, mosquitto: Mosquitto, data_dir: Path, chunk_samples: int
) -> None:
    _plays_and_verifies(tmp_path, mosquitto, data_dir / _RECORDING, chunk_samples)


def test_the_detections_of_a_file_are_the_same_whatever_the_chunks(
    tmp_path: Path, data_dir: Path
) -> None:
    digests = set()
    for name, options in (
        ("usual", ()),
        ("single", ("--chunk-samples", 1)),
        ("long", ("--chunk-samples", 5000)),
        ("random", ("--chunk-samples", 300, "--seed", 4)),
    ):
        done = ask(
            "replay", data_dir / _RECORDING, _EXAMPLE, "--out", tmp_path / name, *options, "--json"
        )
        assert done.returncode == 0, done.stderr
        summary = json.loads(done.stdout)
        digests.add((summary["digest"]["estimates"], summary["digest"]["detections"]))
        assert summary["detections"]["beta_burst"] > 10
        assert ask("verify", tmp_path / name).returncode == 0
    assert len(digests) == 1


def test_without_a_configuration_every_signal_is_looked_at(tmp_path: Path, data_dir: Path) -> None:
    done = ask("replay", data_dir / _RECORDING, "--out", tmp_path / "session", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["detections"]["STN_ECOG_beta_burst"] > 0


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("corrupt_zero_bytes.xdf", 2, "expected an XDF file"),
        ("corrupt_bad_magic.xdf", 2, "expected an XDF file"),
        ("corrupt_header_only.xdf", 2, "expected a recording of at least one stream"),
        ("corrupt_truncated_mid_chunk.xdf", 0, "of an unknown number of samples"),
        ("no_such.xdf", 2, "expected a file that can be read"),
    ],
)
def test_a_broken_recording_is_an_error_or_says_what_was_read(
    tmp_path: Path, data_dir: Path, name: str, code: int, words: str
) -> None:
    done = ask("replay", data_dir / "xdf-derived" / name, "--out", tmp_path / "session")
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
