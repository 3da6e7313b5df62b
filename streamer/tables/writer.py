"""Tables written beside the loop: it hands steps over, a thread makes rows of them and writes."""

import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from streamer.closed_loop import ClosedLoop, Outcome
from streamer.events import Chunk, Event
from streamer.journal.records import Header

if TYPE_CHECKING:
    from streamer.tables.session_tables import SessionTables

#: The thread looks for steps this often. It is not woken by them: a thread that wakes at each step
#: would take the interpreter from the loop at each step.
_PERIOD_S: Final = 0.25
#: ... and pauses so long after each step, so that a loop that waits for the interpreter gets it: a
#: thread that goes on without a pause gives it up only when Python's switch interval is over.
_PAUSE_S: Final = 5e-5
#: Values that may wait, over all detectors (nine bytes each), and steps.
_N_VALUES_MAX: Final = 1 << 22
_N_STEPS_MAX: Final = 1 << 15
#: How long the end of a live session waits for what is still to be written.
_END_S_MAX: Final = 10.0


class TableWriter:
    """Hands steps to a thread that writes the tables of a session.

    Nothing that the disk does reaches the loop: where tables cannot be written, or steps wait for
    longer than memory allows, they are given up, once and whole, and `problem` says why. Then no
    table is in the folder; the journal has all that is needed to make them again.

    Parameters
    ----------
    folder : Path
        The session's folder.
    loop : ClosedLoop
        Whose steps they are.
    header : Header
        Of its journal.
    waits : bool
        Whether the loop waits where much is still to be written, as that of a recording may.
    n_values_max : int
        Values that may wait.

    Attributes
    ----------
    problem : str or None
        Why there are no tables.
    n_steps : int
        Steps handed over.
    """

    def __init__(
        self,
        folder: Path,
        loop: ClosedLoop,
        header: Header,
        *,
        waits: bool = False,
        n_values_max: int = _N_VALUES_MAX,
    ) -> None:
        self.problem: str | None = None
        self.n_steps = 0
        self._folder = folder
        self._loop = loop
        self._header = header
        self._waits = waits
        self._n_values_max = n_values_max
        self._tables: SessionTables | None = None
        self._steps: deque[tuple[Event | None, float, Outcome]] = deque()
        # Counted by one thread each, so that neither needs a lock.
        self._n_values_given = 0
        self._n_values_done = 0
        self._has_room = threading.Event()
        self._wanted = threading.Event()
        self._is_over = False
        # Never released: to wait for it is to let others run.
        self._pause = threading.Lock()
        self._pause.acquire()
        self._thread = threading.Thread(target=self._run, name="tables", daemon=True)

    def __enter__(self) -> Self:
        try:
            # Loaded here, before samples come, and not where tables are never written.
            from streamer.tables.session_tables import SessionTables  # noqa: PLC0415

            self._tables = SessionTables(self._folder, self._loop, self._header)
        except Exception as error:  # noqa: BLE001 whatever it is, the session begins
            self.problem = _described(error)
            return self
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the tables up unless `end` was called: the session did not end as it should."""
        if self._tables is not None and not self._is_over:
            self._give_up("the session was ended by its journal")
            self._join()

    def watch(self, event: Event, now_s: float, outcome: Outcome) -> None:
        """Hand one step over; never waits for the disk, unless samples wait."""
        self.n_steps += 1
        if self.problem is not None:
            return
        # Samples are kept only where something was noted on them, to know its time.
        kept = event if outcome.notes or not isinstance(event, Chunk) else None
        n_values = 0
        for seen in outcome.seen:
            n_values += seen.estimates.values.size
        if kept is None and not n_values and not outcome.seen and not outcome.decisions:
            return
        self._n_values_given += n_values
        self._steps.append((kept, now_s, outcome))
        if self._is_full:
            self._wait_or_give_up()

    def end(self, n_steps: int) -> str | None:
        """Write what is left and put the tables in place; return why that failed, or None.

        Parameters
        ----------
        n_steps : int
            Steps in the journal, all of which have to be in the tables.
        """
        if self._tables is not None and self.problem is None and n_steps != self.n_steps:
            self._give_up(f"expected {n_steps} steps, found {self.n_steps}: one failed half way")
        self._join()
        return self.problem

    @property
    def _is_full(self) -> bool:
        n_waiting = self._n_values_given - self._n_values_done
        return n_waiting > self._n_values_max or len(self._steps) > _N_STEPS_MAX

    def _wait_or_give_up(self) -> None:
        if not self._waits:
            self._give_up("the disk was too slow: more waited to be written than memory allows")
            return
        while self._is_full and self.problem is None:
            self._has_room.clear()
            self._wanted.set()
            if self.problem is None:
                self._has_room.wait()

    def _give_up(self, why: str) -> None:
        self.problem = why
        self._wanted.set()

    def _join(self) -> None:
        self._is_over = True
        self._wanted.set()
        if self._tables is None:
            return
        self._thread.join(None if self._waits else _END_S_MAX)
        if self._thread.is_alive():  # it hangs in the disk, and ends with the process
            self.problem = self.problem or f"the disk did not answer within {_END_S_MAX:g} s"

    def _run(self) -> None:
        tables = self._tables
        assert tables is not None  # noqa: S101 the thread is started with them
        try:
            while self.problem is None:
                is_over = self._is_over
                self._drain(tables)
                if is_over:
                    break
                self._wanted.wait(_PERIOD_S)
                self._wanted.clear()
            if self.problem is None:
                tables.finish()
        except Exception as error:  # noqa: BLE001 whatever it is, the loop goes on
            self.problem = _described(error)
        if self.problem is not None:
            self._steps.clear()
            tables.abandon()
        self._has_room.set()

    def _drain(self, tables: "SessionTables") -> None:
        while self._steps and self.problem is None:
            event, now_s, outcome = self._steps.popleft()
            tables.add(event, now_s, outcome)
            for seen in outcome.seen:
                self._n_values_done += seen.estimates.values.size
            if not self._waits and not self._is_over:
                self._pause.acquire(timeout=_PAUSE_S)
        self._has_room.set()


def _described(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"{type(error).__name__}: {error}"
