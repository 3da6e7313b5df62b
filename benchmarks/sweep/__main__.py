"""The time of a sweep of 64 runs on two workers of this machine, beside one.

``python -m benchmarks.sweep``. Four made recordings, 16 sets of parameters. Both have their workers
ready, with everything loaded, and take turns of 16 runs, so that a busy machine disturbs both
alike: trust the ratio, not seconds.
"""

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.contenders import processor
from replay.sweeping.kept_runs import KeptRuns
from replay.sweeping.points import Parameter
from replay.sweeping.sweep import sweep
from replay.sweeping.workers import WorkerOptions, Workers, workers
from tests.replay.sweeping import sweeping_lab as lab

RATIO_MIN: Final = 1.5
_N_RECORDINGS: Final = 4
_LENGTH_S: Final = 240.0
_PERCENTILES: Final = (50.0, 60.0, 70.0, 80.0)
#: A window a turn: of a turn, four percentiles on four recordings are 16 runs.
_WINDOWS_S: Final = (0.25, 0.3, 0.35, 0.4)
_WARM_UP_S: Final = 0.5


class Contender(NamedTuple):
    """Some workers, and where what they do is kept."""

    n_workers: int
    done_by: Workers
    kept: KeptRuns

    def turn_s(self, files: Sequence[Path], window_s: float) -> float:
        """Return how long all recordings with one window take."""
        parameters = [
            Parameter(path="percentile", values=_PERCENTILES),
            Parameter(path="window_s", values=(window_s,)),
        ]
        inputs = lab.inputs(files, parameters)
        start_s = time.perf_counter()
        found = sweep(inputs, self.done_by, self.kept)
        passed_s = time.perf_counter() - start_s
        if found.failures:
            raise RuntimeError(found.failures[0].reason)
        return passed_s


def main() -> int:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        files = [
            lab.write(Path(folder) / f"{seed}.xdf", lab.bursts_uv(seed, _LENGTH_S))
            for seed in range(_N_RECORDINGS)
        ]
        contenders = [
            Contender(
                n_workers,
                stack.enter_context(workers(WorkerOptions(n_workers=n_workers))),
                KeptRuns(Path(folder) / str(n_workers)),
            )
            for n_workers in (1, 2)
        ]
        for each in contenders:
            each.turn_s(files, _WARM_UP_S)
        times_s = [[each.turn_s(files, window_s) for each in contenders] for window_s in _WINDOWS_S]
    one_s, two_s = (sum(column) for column in zip(*times_s, strict=True))
    n_runs = _N_RECORDINGS * len(_PERCENTILES) * len(_WINDOWS_S)
    print(f"{processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{n_runs} runs of {_LENGTH_S:g} s: one worker {one_s:.1f} s, two workers {two_s:.1f} s")
    ratio = one_s / two_s
    verdict = "PASS" if ratio >= RATIO_MIN else "below target"
    print(f"two workers are {ratio:.2f} times as fast (target {RATIO_MIN:g}): {verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
