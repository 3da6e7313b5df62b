"""Times several ways to compute a hop in turns, so that a busy machine disturbs all alike.

What counts is processor time, all threads together: others who run in between take none of it.
"""

import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np


class Contender(Protocol):
    """One way to compute a hop, to be timed."""

    @property
    def name(self) -> str:
        """Name in tables."""
        ...

    def turn_us(self, n_hops: int) -> float:
        """Compute hops 0 to `n_hops` - 1 and return the microseconds each took."""
        ...


class Here(NamedTuple):
    """A way to compute a hop in this process: `run` gets the number of a call."""

    name: str
    run: Callable[[int], object]
    hops_a_call: int = 1

    def turn_us(self, n_hops: int) -> float:
        """Compute hops 0 to `n_hops` - 1 and return the microseconds each took."""
        run = self.run
        start_s = time.process_time()
        for call in range(n_hops // self.hops_a_call):
            run(call)
        return (time.process_time() - start_s) * 1e6 / n_hops


class SpeedTarget(NamedTuple):
    """A target: the first way is to be `times` as fast as the one of this name."""

    name: str
    times: float


def hop_us(contenders: Sequence[Contender], *, n_turns: int, n_hops: int) -> list[float]:
    """Return the median microseconds that a hop takes in each way, over all repetitions.

    A contender that needs more than a tenth of a second for a turn has fewer hops in it, and
    fewer turns: enough to tell a factor of ten from one of nine.
    """
    n_hops_of = [_affordable(each, n_hops) for each in contenders]
    found: list[list[float]] = [[] for _ in contenders]
    for turn in range(n_turns):
        for each, times_us, n_own in zip(contenders, found, n_hops_of, strict=True):
            if n_own == n_hops or turn % 5 == 0:
                times_us.append(each.turn_us(n_own))
    return [statistics.median(times_us) for times_us in found]


def table(
    contenders: Sequence[Contender], times_us: Sequence[float], targets: Sequence[SpeedTarget] = ()
) -> Iterator[str]:
    """Yield the lines of a comparison; the first way is stimloop's."""
    width = max(28, *(len(each.name) for each in contenders))
    yield f"  {'':{width}} {'µs a hop':>12} {'beside ours':>12}"
    by_name = {each.name: each_us for each, each_us in zip(contenders, times_us, strict=True)}
    for name, each_us in by_name.items():
        yield f"  {name:{width}} {each_us:12.2f} {each_us / times_us[0]:11.1f}x"
    for target in targets:
        if target.name not in by_name:
            yield f"  not measured: {target.name} is not installed, target {target.times:g}"
            continue
        ratio = by_name[target.name] / times_us[0]
        told = f"{ratio:.1f} times {target.name}, target {target.times:g}"
        yield f"  {verdict(ratio >= target.times)}: {told}"


def slope(sizes: Sequence[float], times_us: Sequence[float]) -> float:
    """Return the exponent of time against size: 1 is proportional, 0 is independent of size."""
    return float(np.polyfit(np.log(sizes), np.log(times_us), 1)[0])


def verdict(is_reached: bool) -> str:
    """Return the word with which the line about a target begins."""
    return "PASS" if is_reached else "below target"


def processor() -> str:
    """Return the number and the name of this machine's processors."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.machine()


def _affordable(contender: Contender, n_hops: int) -> int:
    contender.turn_us(1)
    each_us = contender.turn_us(1)
    return n_hops if each_us * n_hops < 1e5 else max(1, round(1e5 / each_us))
