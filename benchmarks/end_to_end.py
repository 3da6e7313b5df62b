"""Latency from `push_sample` at an amplifier to a command at a device, beside two bare programs.

``python -m benchmarks.end_to_end``. Three paths take turns over the same outlet (8 channels,
1 kHz, one sample a chunk) and the same mosquitto:

raw       one thread that pulls from LSL and publishes on a bare socket
aiomqtt   a thread that pulls, asyncio, aiomqtt: stimloop's path without stimloop
stimloop  `stimloop run`: the same with quality, band power and burst detection each sample,
          policy, safety gate, journal, and a device that answers

Each turn starts its path anew. A message names the sample that caused it, so its latency is the
time from that sample's `push_sample` to the last byte of the message at the receiving socket.
Triggers are QoS 0 and come at random, so many a second; rare ones find the processor asleep and
take longer, so the rate stands beside every figure. Trust ratios of one run, not microseconds.
"""

import argparse
import contextlib
import itertools
import platform
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import psutil  # type: ignore[import-untyped]
import pylsl

from benchmarks.bare import TOPIC
from benchmarks.bench_device import Arrival, BenchDevice
from benchmarks.figures.pulses import RATE_HZ, triggers
from benchmarks.raw_mqtt import RawMqtt
from benchmarks.rig import DEVICE, RIG, config_toml, device_config
from tests.support.mosquitto import Mosquitto, mosquitto_program
from tests.support.private_lsl import use_private_lsl

PATHS = ("raw", "aiomqtt", "stimloop")
P50_RATIO_MAX = 1.5
P99_RATIO_MAX = 2.0
RSS_MB_MAX = 300.0
#: The next pulse comes only after a pulse has left the detector's window.
RATE_MAX_HZ = 30.0
#: The first moments of a path are not measured.
SETTLE_S = 1.0
_READY_S_MAX = 120.0

Receive = Callable[[float], Arrival | None]


class Outlet:
    """The amplifier in a process of its own, with the time at which it pushed each sample."""

    def __init__(self, folder: Path, triggers_per_s: float, length_s: float, seed: int) -> None:
        self.source_id = f"bench-{seed}"
        self._n_samples = round(length_s * RATE_HZ)
        pushed_file = folder / "pushed"
        with pushed_file.open("wb") as file:
            file.truncate(8 * self._n_samples)
        self._pushed_s = np.memmap(pushed_file, np.float64, "r")
        self._pulses = frozenset(
            itertools.takewhile(lambda at: at < self._n_samples, triggers(triggers_per_s, seed))
        )
        self.child = start("benchmarks.outlet", self.source_id, pushed_file, triggers_per_s, seed)
        self._start_s = float(ready_line(self.child))

    def latency_s(self, arrival: Arrival) -> float | None:
        """Return the latency of an arrived trigger; None where it belongs to no pulse."""
        index = round((arrival.onset_s - self._start_s) * RATE_HZ)
        return arrival.received_s - self._pushed_s[index] if index in self._pulses else None

    def n_pulses(self, begin_s: float, end_s: float) -> int:
        """Return the number of pulses that were pushed between two times."""
        pushed = (self._pushed_s[index] for index in self._pulses)
        return sum(begin_s <= at < end_s for at in pushed)


class Turn(NamedTuple):
    """The measurements of one path in one repetition."""

    latencies_s: list[float]
    n_pulses: int
    n_strange: int
    rss_mb: float


def start(
    module: str, *arguments: object, stdout: IO[bytes] | int = subprocess.PIPE
) -> subprocess.Popen[str]:
    """Start a module as a child process."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *(str(each) for each in arguments)],
        stdout=stdout,
        text=True,
    )


def ready_line(child: subprocess.Popen[str]) -> str:
    """Return the first line that a child process prints, which says that it is ready."""
    line = "" if child.stdout is None else child.stdout.readline()
    if not line:
        raise SystemExit(f"{child.args!r} ended and printed nothing")
    return line


@contextlib.contextmanager
def ended(child: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """End a child process when the context ends."""
    try:
        yield child
    finally:
        child.terminate()
        child.communicate()


def measure(receive: Receive, outlet: Outlet, child: subprocess.Popen[str], seconds: float) -> Turn:
    """Collect triggers as they arrive; pulses of the last tenth of a second may be missed."""
    settle_until_s = pylsl.local_clock() + SETTLE_S
    while (left_s := settle_until_s - pylsl.local_clock()) > 0.0:
        receive(left_s)
    begin_s = pylsl.local_clock()
    end_s = begin_s + seconds
    latencies_s: list[float] = []
    n_strange = 0
    while (left_s := end_s - pylsl.local_clock()) > 0.0:
        arrival = receive(left_s)
        if arrival is None:
            continue
        latency_s = outlet.latency_s(arrival)
        if latency_s is None:
            n_strange += 1
        else:
            latencies_s.append(latency_s)
    rss_mb = psutil.Process(child.pid).memory_info().rss / 1e6
    return Turn(latencies_s, outlet.n_pulses(begin_s, end_s), n_strange, rss_mb)


def bare_turn(path: str, outlet: Outlet, port: int, seconds: float) -> Turn:
    """Measure one of the two bare programs for a while."""
    client = RawMqtt(port, "receiver")
    client.subscribe(TOPIC)

    def receive(timeout_s: float) -> Arrival | None:
        message = client.receive(timeout_s)
        received_s = pylsl.local_clock()
        return None if message is None else Arrival(received_s, int(message.payload) * 1e-6)

    with ended(start("benchmarks.bare", path, outlet.source_id, port)) as child:
        ready_line(child)
        turn = measure(receive, outlet, child, seconds)
    client.close()
    return turn


def stimloop_turn(outlet: Outlet, port: int, seconds: float, folder: Path) -> Turn:
    """Measure stimloop for a while, from the time at which its device has a lease."""
    config_file = folder / "config.toml"
    config_file.write_bytes(config_toml(outlet.source_id, port))
    session = Path(tempfile.mkdtemp(dir=folder)) / "session"
    device = BenchDevice(port, RIG, device_config())
    arguments = ("run", config_file, "--session", session)
    with (
        (folder / "said").open("wb") as said,
        ended(start("stimloop", *arguments, stdout=said)) as child,
    ):
        deadline_s = pylsl.local_clock() + _READY_S_MAX
        while not device.is_live:
            device.receive(0.1)
            if pylsl.local_clock() > deadline_s or child.poll() is not None:
                words = (folder / "said").read_text(encoding="utf-8")
                raise SystemExit(f"stimloop run did not arm {DEVICE}; it said:\n{words}")
        turn = measure(device.receive, outlet, child, seconds)
        child.terminate()
        while child.poll() is None:  # it ends once its device says that it is safe
            device.receive(0.1)
    device.close()
    return turn


def report(turns: dict[str, list[Turn]], triggers_per_s: float) -> str:
    """Return the table, and a line for each target."""
    found = {
        path: 1e6 * np.concatenate([turn.latencies_s for turn in turns[path]]) for path in PATHS
    }
    lines = [f"{'path':10} {'p50 us':>8} {'p99 us':>8} {'max us':>8}  triggers"]
    at = {path: np.percentile(latencies, [50.0, 99.0]) for path, latencies in found.items()}
    for path in PATHS:
        n_pulses = sum(turn.n_pulses for turn in turns[path])
        n_strange = sum(turn.n_strange for turn in turns[path])
        lines.append(
            f"{path:10} {at[path][0]:8.0f} {at[path][1]:8.0f} {found[path].max():8.0f}"
            f"  {found[path].size} of {n_pulses}" + f", {n_strange} strange" * (n_strange > 0)
        )
    ratios = at["stimloop"] / at["aiomqtt"]
    rss_mb = max(turn.rss_mb for turn in turns["stimloop"])
    lines += [
        "",
        target_line("p50 of stimloop / aiomqtt", ratios[0], P50_RATIO_MAX),
        target_line("p99 of stimloop / aiomqtt", ratios[1], P99_RATIO_MAX),
        target_line("memory of stimloop run, MB", rss_mb, RSS_MB_MAX),
        f"{triggers_per_s:g} triggers a second, 8 channels, 1 kHz, chunks and hops of 1 sample",
    ]
    return "\n".join(lines)


def target_line(what: str, found: float, at_most: float) -> str:
    """Return a line that says whether a measured figure reaches its target."""
    word = "PASS" if found <= at_most else "above target"
    return f"{what}: {found:.2f}, target at most {at_most:g}: {word}"


def main() -> None:
    """Measure all paths in turns and print the table; the exit code is always 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each path")
    parser.add_argument("--rate-hz", type=float, default=20.0, help="triggers a second")
    given = parser.parse_args()
    if not 0.0 < given.rate_hz <= RATE_MAX_HZ:
        parser.error(f"--rate-hz: expected up to {RATE_MAX_HZ:g}, found {given.rate_hz:g}")
    if mosquitto_program() is None:
        raise SystemExit("mosquitto is not installed: nothing is measured")
    use_private_lsl()
    seed = random.SystemRandom().randrange(2**31)
    length_s = 60.0 + given.rounds * (len(PATHS) * (given.seconds + 5.0) + 60.0)
    turns: dict[str, list[Turn]] = {path: [] for path in PATHS}
    with tempfile.TemporaryDirectory() as name, Mosquitto() as broker:
        folder = Path(name)
        outlet = Outlet(folder, given.rate_hz, length_s, seed)
        with ended(outlet.child):
            for number in range(given.rounds):
                for path in PATHS[number % 3 :] + PATHS[: number % 3]:
                    if path == "stimloop":
                        turn = stimloop_turn(outlet, broker.port, given.seconds, folder)
                    else:
                        turn = bare_turn(path, outlet, broker.port, given.seconds)
                    turns[path].append(turn)
    versions = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("aiomqtt", "pylsl", "numpy", "numba")
    )
    print(f"{platform.machine()}, Python {platform.python_version()}, {versions}, seed {seed}\n")
    print(report(turns, given.rate_hz))


if __name__ == "__main__":
    main()
