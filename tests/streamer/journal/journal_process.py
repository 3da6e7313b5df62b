"""A process that writes a journal until it is killed or its disk is full; run as a module.

Arguments: the journal's path, how many steps to a commit, and the largest file it may write in
bytes (0: no bound). After each commit it prints how many records are committed, flushed; after
the first failure it prints what each further call says, and ends. A journal that cannot even be
begun prints why.
"""

import itertools
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from streamer.errors import JournalError
from streamer.journal.journal import Journal
from tests.streamer.journal.journal_examples import EVENTS, HEADER, outcome


def start(path: Path, *, n_steps: int, n_bytes_max: int = 0) -> subprocess.Popen[str]:
    """Start it; its standard output is a pipe."""
    arguments = [str(path), str(n_steps), str(n_bytes_max)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.streamer.journal.journal_process", *arguments],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    )


def _say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _write(journal: Journal, n_steps: int) -> None:
    for number in itertools.count():
        journal.write(EVENTS[number % len(EVENTS)], float(number), outcome(number))
        if number % n_steps == n_steps - 1:
            journal.commit()
            _say(journal.n_records)


def later_calls(journal: Journal) -> Iterator[Callable[[], None]]:
    """Yield every call that a failed journal must refuse."""
    yield lambda: journal.write(EVENTS[0], 0.0, outcome())
    yield journal.commit
    yield lambda: journal.fail("one more failure", 0.0)
    yield lambda: journal.end("over", 0.0)


def _go_on(journal: Journal) -> None:
    for call in later_calls(journal):
        try:
            call()
        except JournalError as error:
            _say(f"again: {error}")


def _main() -> None:
    path, n_steps, n_bytes_max = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    if n_bytes_max:
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes_max, n_bytes_max))
    try:
        with Journal(path, HEADER, 0.0) as journal:
            try:
                _write(journal, n_steps)
            except JournalError as error:
                _say(f"first: {error}")
            _go_on(journal)
    except JournalError as error:
        _say(f"never: {error}")


if __name__ == "__main__":
    _main()
