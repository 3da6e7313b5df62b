"""The service for ten minutes at a hop a sample: its memory does not grow."""

import shutil
import statistics
import subprocess
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pylsl
import pytest

from benchmarks.bench_device import BenchDevice
from benchmarks.end_to_end import Outlet, ended, start
from benchmarks.rig import RIG, config_toml, device_config
from streamer.journal.reader import JournalReader
from tests.support.mosquitto import Mosquitto

_GROWTH_MB_MAX = 2.0
_RSS_MB_MAX = 300.0


def _rss_mb(child: subprocess.Popen[str]) -> float:
    return float(psutil.Process(child.pid).memory_info().rss) / 1e6


@pytest.mark.slow
@pytest.mark.lsl
@pytest.mark.broker
@pytest.mark.timeout(3600)
def test_the_memory_of_the_service_is_flat(
    tmp_path: Path, mosquitto: Mosquitto, request: pytest.FixtureRequest
) -> None:
    soak_s = float(request.config.getoption("--soak-s"))
    outlet = Outlet(tmp_path, 20.0, soak_s + 120.0, seed=3)
    config_file = tmp_path / "config.toml"
    config_file.write_bytes(config_toml(outlet.source_id, mosquitto.port))
    session = tmp_path / "session"
    device = BenchDevice(mosquitto.port, RIG, device_config())
    rss_mb: list[float] = []
    n_triggers = 0
    with (
        ended(outlet.child),
        ended(start("stimloop", "run", config_file, "--session", session)) as child,
    ):
        while not device.is_live:
            device.receive(0.1)
            assert child.poll() is None
        end_s = pylsl.local_clock() + soak_s  # noqa: TID251 a soak is a length of time
        while pylsl.local_clock() < end_s:  # noqa: TID251 as above
            n_triggers += device.receive(0.1) is not None
            if len(rss_mb) < n_triggers // 20:
                rss_mb.append(_rss_mb(child))
        assert device.is_live
    device.close()
    assert n_triggers > 15.0 * soak_s
    part = len(rss_mb) // 5
    before, after = rss_mb[part : 2 * part], rss_mb[-part:]
    growth_mb = statistics.median(after) - statistics.median(before)
    assert growth_mb < _GROWTH_MB_MAX
    assert max(rss_mb) < _RSS_MB_MAX
    with JournalReader(session / "journal.sqlite") as reader:
        assert sum(1 for _ in reader.records()) > 900.0 * soak_s
    log = session / "journal.sqlite-wal"
    assert not log.exists()
    shutil.rmtree(session)
