"""The time of a detector's call through the chain: with one hop a call, and with fifty.

``python -m benchmarks.calls``; with ``--beside ../other-tree`` the same calls of another tree of
this repository too, in a process of its own. The trees take turns, and of each the median and the
least count: trust ratios, not microseconds.
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.contenders import processor

_HERE: Final = Path(__file__).parents[1]
_KINDS: Final = ("band power", "recursive power", "coherence", "coupling")
_SIZES: Final = (1, 8)
_HOPS_A_CALL: Final = (1, 50)
_N_TURNS: Final = 41
#: About how many hops one repetition has.
_N_HOPS: Final = 1000


class _Tree:
    """A process that times the detectors of one source tree."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self._root = root
        self._process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-P", _HERE / "benchmarks" / "call_turns.py"],
                env={**os.environ, "PYTHONPATH": str(root)},
                cwd=root,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        # Closed before the process is waited for.
        stack.callback(self._process.communicate)

    def turn_us(self, kind: str, size: int, hops_a_call: int) -> float:
        """Return the microseconds of a hop in one repetition."""
        assert self._process.stdin is not None  # noqa: S101 for the type checker
        assert self._process.stdout is not None  # noqa: S101
        n_calls = max(1, _N_HOPS // hops_a_call)
        self._process.stdin.write(f"{kind}\t{size}\t{hops_a_call}\t{n_calls}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"calls: the process in {self._root} ended before its turn was over")
        return float(answer)


def report(beside: Path | None = None, kinds: tuple[str, ...] = _KINDS) -> Iterator[str]:
    """Yield the lines of the table.

    Parameters
    ----------
    beside : Path, optional
        Root of another tree of this repository.
    kinds : tuple of str
        Rows.
    """
    yield "microseconds a hop through the chain, median (least) of the turns"
    heads = ["this tree", *(["other tree", "this/other"] if beside else [])]
    yield f"  {'':18}{'channels':>9}{'hops a call':>12}" + "".join(f"{each:>17}" for each in heads)
    with ExitStack() as stack:
        trees = [_Tree(root, stack) for root in (_HERE, beside) if root is not None]
        for kind in kinds:
            for size in _SIZES:
                for hops_a_call in _HOPS_A_CALL:
                    what = (kind, size, hops_a_call)
                    turns = [[tree.turn_us(*what) for tree in trees] for _ in range(_N_TURNS)]
                    yield f"  {kind:18}{size:>9}{hops_a_call:>12}" + _columns(turns)
    yield "  coherence: of 1 pair, and of the 28 pairs of 8 channels"


def _columns(turns: list[list[float]]) -> str:
    """Return the columns of a row: the median time of each tree, and their ratio."""
    by_tree = list(zip(*turns, strict=True))
    text = "".join(
        f"{f'{statistics.median(times_us):.2f} ({min(times_us):.2f})':>17}" for times_us in by_tree
    )
    if len(by_tree) == 2:
        ratio = statistics.median(one / other for one, other in turns)
        least = min(by_tree[0]) / min(by_tree[1])
        text += f"{f'{ratio:.2f} ({least:.2f})':>17}"
    return text


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", type=Path, metavar="TREE", help="root of another tree")
    parser.add_argument("--kind", action="append", choices=_KINDS, help="only this row")
    given = parser.parse_args()
    sys.stdout.write(f"{processor()}\n")
    beside = None if given.beside is None else given.beside.resolve()
    for line in report(beside, tuple(given.kind or _KINDS)):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
