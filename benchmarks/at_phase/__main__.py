"""Measures when a reference device gives phase-locked triggers, over a real mosquitto.

``python -m benchmarks.at_phase``. A rhythm of 20 Hz that loses its phase at 2/s, 10 dB over its
noise, is pushed into LSL a sample at a time; `stimloop run` foretells its peaks and sends triggers
with their times; the reference device, on the same broker and with a clock of its own, which it
has to compare with the service's, waits and gives them. How far off each is, by the one clock of
the machine, and at which phase of the rhythm, is printed as a distribution.
"""

import argparse
import asyncio
import platform
import random
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pylsl

from benchmarks.end_to_end import ended, ready_line, start
from benchmarks.figures.phase_lock import given_in, resultant
from benchmarks.figures.rhythms import CALIBRATE_S, DEVICE, noisy, rig
from benchmarks.figures.statements import RATE_HZ
from stimulators.device.device_link import DeviceLink
from stimulators.device_config import DeviceConfig
from stimulators.wire.mqtt import BrokerConfig
from tests.support.mosquitto import Mosquitto, mosquitto_program
from tests.support.private_lsl import use_private_lsl

LOST_PER_S = 2.0
SNR_DB = 10.0
#: Where the device's clock begins, which is another time at every start.
_AHEAD_S = 12_345.678
#: Time for loading, calibration and arming.
_BEFORE_S = CALIBRATE_S + 25.0
#: With fewer triggers the percentiles say nothing.
_N_SHOTS_MIN = 10
_PERCENTILES = (1.0, 50.0, 90.0, 99.0, 99.9, 100.0)


class Shot(NamedTuple):
    """A trigger: when it was to fire and when it did, by the one clock of the machine."""

    fire_at_s: float
    fired_s: float


class DeviceClock:
    """A device's own clock, which began at another time than the service's.

    Attributes
    ----------
    read_s : float
        The one clock of the machine when this was read last.
    """

    def __init__(self) -> None:
        self.read_s = 0.0

    def __call__(self) -> float:
        """Return the time by the device's clock."""
        self.read_s = pylsl.local_clock()
        return self.read_s + _AHEAD_S


async def drive(port: int, seconds: float, service: subprocess.Popen[str]) -> list[Shot]:
    """Run the device for a while, and until the service has brought it to safety."""
    clock, shots = DeviceClock(), list[Shot]()

    def watch(link: DeviceLink) -> None:
        triggers = link.device.triggers
        if triggers.last is not None and triggers.n_given > len(shots):
            # A trigger is given at the time that the device has just read.
            shots.append(Shot((triggers.last.fire_at_us or 0) / 1e6, clock.read_s))

    link = DeviceLink(
        msgspec.convert(DEVICE, DeviceConfig),
        broker=BrokerConfig(port=port),
        rig="phase",
        now_s=clock,
        watch=watch,
    )
    task = asyncio.create_task(link.run())
    await asyncio.wait([task], timeout=seconds)
    service.terminate()
    while service.poll() is None:
        await asyncio.wait([task], timeout=0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return shots


def row(name: str, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    """Return one row of the table: percentiles."""
    cells = [f"{each:.0f}" for each in np.percentile(values, _PERCENTILES)]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Run the rig and print the distributions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="after the arming")
    parser.add_argument("--lead-ms", type=float, default=10.0, help="how far ahead")
    given = parser.parse_args()
    if mosquitto_program() is None:
        raise SystemExit("mosquitto is not installed: nothing is measured")
    use_private_lsl()
    seed = random.SystemRandom().randrange(2**31)
    seconds = _BEFORE_S + given.seconds
    truth, _ = noisy(LOST_PER_S, SNR_DB, seconds + 60.0, seed)
    source_id = f"rhythm-{seed}"
    with tempfile.TemporaryDirectory() as name, Mosquitto() as broker:
        outlet = start(
            "benchmarks.at_phase.outlet", source_id, LOST_PER_S, SNR_DB, len(truth) / RATE_HZ, seed
        )
        with ended(outlet):
            start_s = float(ready_line(outlet))
            config_file, session = Path(name) / "config.toml", Path(name) / "session"
            tables = {"broker": {"port": broker.port}}
            lead_s = given.lead_ms / 1e3
            config_file.write_bytes(
                rig(lead_s=lead_s, match={"source_id": source_id}, tables=tables)
            )
            with (
                (Path(name) / "said").open("wb") as said,
                ended(
                    start("stimloop", "run", config_file, "--session", session, stdout=said)
                ) as service,
            ):
                shots = asyncio.run(drive(broker.port, seconds, service))
            words = (Path(name) / "said").read_text(encoding="utf-8")
            refused = given_in(session).refused if len(shots) >= _N_SHOTS_MIN else {}
    if len(shots) < _N_SHOTS_MIN:
        raise SystemExit(f"{len(shots)} triggers were given; stimloop run said:\n{words}")
    fire_at_s, fired_s = np.array(shots).T
    at = (fired_s - start_s) * RATE_HZ
    true_rad = np.interp(at, np.arange(truth.size), np.unwrap(np.angle(truth)))
    print(f"{platform.machine()}, Python {platform.python_version()}, seed {seed}")
    print(
        f"{fired_s.size} triggers, {given.lead_ms:g} ms ahead, of a rhythm {SNR_DB:g} dB over noise"
    )
    print(f"\n| percentile | {' | '.join(f'{each:g}' for each in _PERCENTILES)} |")
    print(f"|---|{'---|' * len(_PERCENTILES)}")
    print(row("fired after its time, µs", 1e6 * (fired_s - fire_at_s)))
    print(f"\nnot given: {dict(refused)}")
    print(f"mean resultant of the true phase {resultant(true_rad):.3f}")


if __name__ == "__main__":
    main()
