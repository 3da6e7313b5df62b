"""Compile the kernels that the laws need, a family of detectors a process, before the tests run.

``python -m tests.compile_kernels``. Two test processes that find no kernels would each compile all
of them. Where all are kept already it takes some seconds.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from detectors.testing.subject import result_of, stream_samples
from tests.detectors.examples import EXAMPLES

#: What takes longest begins first.
_LONGEST = ("Coherence", "BurstStatistics", "PhaseAmplitudeCoupling")
_N_SAMPLES = 200


def main() -> None:
    """Compile with one process for each processor."""
    names = sorted((each.__name__ for each in EXAMPLES), key=_turn)
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        list(pool.map(compile_family, names))


def compile_family(name: str) -> None:
    """Run every example of one detector class on some samples, which compiles its kernels."""
    for detector, examples in EXAMPLES.items():
        if detector.__name__ == name:
            for example in examples:
                result_of(example, stream_samples(example.layout, 1, _N_SAMPLES, ()))


def _turn(name: str) -> tuple[bool, str]:
    return name not in _LONGEST, name


if __name__ == "__main__":
    main()
