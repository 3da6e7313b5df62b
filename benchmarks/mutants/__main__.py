"""Puts small faults into the safety code, one at a time, and checks that a test fails.

``python -m benchmarks.mutants [--jobs N] [--fresh] [--survivors] [ROOM ...]``. A run that is ended
goes on where it was. Exits 1 where a mutant survives without a reason in `equivalent.toml`, where a
reason is given for one that does not survive, or where not all were judged of all rooms; writes
`docs/mutants.md`.
"""

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.mutants import reasons, results, rooms, table
from benchmarks.mutants.baselines import Baselines
from benchmarks.mutants.inside import Work, judge_inside
from benchmarks.mutants.judge import BaselineError, Judgement, Test, Trial, prepare
from benchmarks.mutants.operators import Mutant, mutants_of
from benchmarks.mutants.order import Order

#: Slower tests judge no mutants: what only they notice should have a faster test.
_CPU_S_MAX = 1.0
#: A mutant with a reason gets tests of this many seconds, the most promising: enough to notice that
#: it is killed after all. One without gets all tests.
_CPU_S_WITH_REASON = 10.0


def main() -> int:
    """Judge all mutants of the files that are named, or of all files."""
    parser = argparse.ArgumentParser(prog="make mutants", description="Test the tests.")
    parser.add_argument("room", nargs="*", type=Path, help="a file; all without")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--fresh", action="store_true", help="judge anew what is judged already")
    parser.add_argument(
        "--survivors",
        action="store_true",
        help="judge only what survived before, while tests are written; writes no page",
    )
    parser.add_argument(
        "--quick",
        type=float,
        default=math.inf,
        metavar="S",
        help="use the most promising tests of S seconds: what they do not kill is not judged",
    )
    chosen = parser.parse_args()
    unknown = [each for each in chosen.room if each not in rooms.rooms()]
    if unknown:
        parser.error(f"{unknown[0]}: expected one of {', '.join(map(str, rooms.rooms()))}")
    with tempfile.TemporaryDirectory(prefix="stimloop-mutants-") as folder:
        tempfile.tempdir = folder
        prepare()
        kept = results.Results()
        baselines = Baselines(kept, chosen.jobs)
        try:
            for room in chosen.room or rooms.rooms():
                _judge(room, kept, chosen, baselines)
        except BaselineError as error:
            print(error, file=sys.stderr)
            return 1
    holding = [_holds(room, kept, chosen) for room in chosen.room or rooms.rooms()]
    is_well = all(holding)
    if not chosen.survivors:
        rows = [_row(room, kept) for room in rooms.rooms()]
        n_left = sum(row.n_left for row in rows)
        if n_left and not chosen.room:
            print(f"{n_left} mutants are not judged as files and tests are now")
            is_well = False
        table.PATH.write_text(table.page(rows, reasons.reasons()), encoding="utf-8")
        print(f"{table.PATH} is written")
    return 0 if is_well else 1


def _judge(
    room: Path,
    kept: results.Results,
    chosen: argparse.Namespace,
    baselines: Baselines,
) -> None:
    left: list[Mutant] = []
    for mutant in mutants_of(room.read_text("utf-8")):
        known = kept.of(room, mutant, any_state=chosen.survivors)
        is_survivor = known is not None and known.outcome == "survived"
        if chosen.fresh or known is None or (chosen.survivors and is_survivor):
            left.append(mutant)
    if not left:
        return
    start_s = time.monotonic()
    tests = [each for each in baselines.of(rooms.judges(room)) if each.cpu_s < _CPU_S_MAX]
    took_s = sum(each.cpu_s for each in tests)
    print(f"{room}: {len(left)} mutants, {len(tests)} tests of {took_s:.0f} s", flush=True)
    order = Order(kept.killers(room))
    told = [each for each in reasons.reasons() if each.room == room.as_posix()]

    def choose(mutant: Mutant) -> list[Test]:
        ran = (room.as_posix(), mutant.function)
        fitting = [test for test in tests if mutant.is_at_import or ran in test.ran]
        has_reason = any(each.is_of(room, mutant) for each in told)
        cpu_s_max = min(chosen.quick, _CPU_S_WITH_REASON) if has_reason else chosen.quick
        return order.of(mutant.function, fitting, cpu_s_max)

    def hear(mutant: Mutant, judged: Judgement) -> None:
        order.note(mutant.function, judged.by)

    work = Work(room, [each for each in left if not each.is_at_import], choose, hear, chosen.jobs)
    for mutant, judged in _all_judged(work, [each for each in left if each.is_at_import]):
        hear(mutant, judged)
        if judged.outcome != "survived" or chosen.quick == math.inf:
            kept.keep(room, mutant, judged)
        if judged.outcome == "survived":
            where = f"{room}:{mutant.line} in {mutant.function}"
            print(f"  {where} survived ({judged.took_s:.1f} s): {mutant.mutated}", flush=True)
    print(f"{room}: {time.monotonic() - start_s:.0f} s", flush=True)


def _all_judged(work: Work, at_import: list[Mutant]) -> Iterator[tuple[Mutant, Judgement]]:
    """Judge mutants in functions, then mutants of code that runs when a file is imported."""
    if work.mutants:
        for mutant, judged in judge_inside(work, rooms.judges(work.room)):
            if judged is None:
                at_import.append(mutant)
            else:
                yield mutant, judged
    yield from _judged(work, at_import)


def _judged(work: Work, left: list[Mutant]) -> Iterator[tuple[Mutant, Judgement]]:
    """Judge mutants in new processes that import everything again, several at a time."""
    running: dict[int, tuple[Mutant, Trial]] = {}
    waiting = iter(left)
    while True:
        while len(running) < work.n_jobs and (mutant := next(waiting, None)) is not None:
            trial = Trial(work.room, mutant.source, work.choose(mutant))
            running[trial.pid] = (mutant, trial)
        if not running:
            return
        pid, status = os.wait()
        mutant, trial = running.pop(pid)
        yield mutant, trial.end(status)


def _holds(room: Path, kept: results.Results, chosen: argparse.Namespace) -> bool:
    """Print survivors without a reason, and reasons without a survivor."""
    told = [each for each in reasons.reasons() if each.room == room.as_posix()]
    is_well = True
    for mutant in mutants_of(room.read_text("utf-8")):
        judged = kept.of(room, mutant, any_state=chosen.survivors)
        reason = next((each for each in told if each.is_of(room, mutant)), None)
        if reason is not None:
            told.remove(reason)
        if judged is None or (judged.outcome == "survived") == (reason is not None):
            continue
        is_well = False
        if reason is not None:
            print(f"{room}:{mutant.line}: it has a reason and is killed by {judged.by}: {reason}")
            continue
        print(f"\n# {room}:{mutant.line} survived without a reason\n[[equivalent]]")
        fields = {"room": room.as_posix(), **mutant._asdict()}
        for key in ("room", "function", "original", "mutated"):
            print(f"{key} = {_quoted(str(fields[key]))}")
        print(f'nth = {mutant.nth}\nwhy = ""')
    for reason in told:
        is_well = False
        print(f"{room}: no such mutant: {reason}")
    return is_well


def _quoted(text: str) -> str:
    return f"'{text}'" if "'" not in text else '"""' + text.replace("\\", "\\\\") + '"""'


def _row(room: Path, kept: results.Results) -> table.RoomCounts:
    """Return the numbers of a file for the table."""
    mutants = mutants_of(room.read_text("utf-8"))
    judged = [found for each in mutants if (found := kept.of(room, each)) is not None]
    outcomes = [each.outcome for each in judged]
    n_killed = len(outcomes) - outcomes.count("survived")
    n_left = len(mutants) - len(judged)
    return table.RoomCounts(room, len(mutants), n_killed, outcomes.count("hangs"), n_left)


if __name__ == "__main__":
    sys.exit(main())
