"""Times another package in its own process."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.environments import python_of

_ROOT = Path(__file__).parents[2]
_ONE_THREAD = {
    f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "NUMEXPR")
}


class PeerProcess:
    """A package behind two pipes: it gets a number of hops and returns microseconds a hop."""

    def __init__(self, name: str, asked: IO[str], answers: IO[str]) -> None:
        self.name = name
        self._asked = asked
        self._answers = answers
        self.version = self._answer()

    def turn_us(self, n_hops: int) -> float:
        """Compute hops 0 to `n_hops` - 1 and return the microseconds each took."""
        self._asked.write(f"{n_hops}\n")
        self._asked.flush()
        return float(self._answer())

    def _answer(self) -> str:
        answer = self._answers.readline().strip()
        if not answer:
            raise RuntimeError(f"{self.name}: ended without an answer")
        return answer


@contextmanager
def peers(
    names: Mapping[str, str], samples_uv: NDArray[np.float64], case: Mapping[str, Any]
) -> Iterator[list[PeerProcess]]:
    """Start each installed package on one case, and end them when the context ends.

    Parameters
    ----------
    names : mapping of str to str
        For each peer how it is called in tables.
    samples_uv : ndarray of float64, shape (n_samples, n_channels)
        What all contenders are given.
    case : mapping
        ``case`` (which function of the peer's module) and the numbers it takes.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        np.save(folder / "samples.npy", samples_uv)
        (folder / "case.json").write_text(json.dumps(dict(case)), "utf-8")
        started = []
        for peer, name in names.items():
            python = python_of(peer)
            if python is None:
                continue
            process = stack.enter_context(
                subprocess.Popen(
                    [str(python), "-W", "ignore", "-m", "benchmarks.peers.worker", peer, folder],
                    cwd=_ROOT,
                    env=os.environ | _ONE_THREAD,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
            )
            stack.callback(process.kill)
            assert process.stdin is not None  # noqa: S101 for the type checker
            assert process.stdout is not None  # noqa: S101
            started.append(PeerProcess(name, process.stdin, process.stdout))
        yield started
