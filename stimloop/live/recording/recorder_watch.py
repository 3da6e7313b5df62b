"""Whether a recording is being written, from what the recorder says and what is due in its file."""

from typing import Final, Literal, NamedTuple, TypeAlias

#: The recorder keeps 8 KiB until it writes them: so much more must be due before the file grows.
_N_KEPT_BYTES: Final = 3 * 8192
#: ... and so long it has for it.
_GROWTH_S_MAX: Final = 3.0
#: The recorder says twice a second how large the file is.
_SILENCE_S_MAX: Final = 3.0
#: So that what is found and what to do fit into one line.
_N_DEATH_MAX: Final = 200
_BYTES_PER_MB: Final = 1e6
_AGAIN: Final = "end this session and begin another"

Fault: TypeAlias = Literal["dead", "silent", "growth", "disk", "streams"]


class Problem(NamedTuple):
    """Why a recording is not written: in one word, in a line, and what to do about it."""

    fault: Fault
    found: str
    remedy: str


class RecorderWatch:
    """Judges the recorder by its words; a pure function of its calls.

    Parameters
    ----------
    free_bytes_min : float
        What has to be left on the disk.
    began_s : float
        When the recorder was ready, by the service's clock.
    """

    def __init__(self, free_bytes_min: float, began_s: float) -> None:
        self._free_bytes_min = free_bytes_min
        self._heard_s = self._grown_s = began_s
        self._size_bytes = 0
        self._free_bytes: int | None = None
        self._n_due_at_growth = 0
        self._death = ""
        self._lost_streams = ""

    def hear(self, size_bytes: int, free_bytes: int, *, n_due_bytes: int, now_s: float) -> None:
        """Take the recorder's word.

        Parameters
        ----------
        size_bytes : int
            Of the file.
        free_bytes : int
            Left on its disk.
        n_due_bytes : int
            The least that what was sent so far needs in the file.
        now_s : float
            The service's clock.
        """
        self._heard_s = now_s
        self._free_bytes = free_bytes
        if size_bytes > self._size_bytes:
            self._size_bytes = size_bytes
            self._n_due_at_growth, self._grown_s = n_due_bytes, now_s

    def die(self, death: str) -> None:
        """Take it that the recorder did not start, or has ended; nothing where `death` is empty."""
        self._death = self._death or death[:_N_DEATH_MAX]

    def lose_streams(self, why: str) -> None:
        """Take it that our own streams are not sent any more; nothing where `why` is empty."""
        self._lost_streams = self._lost_streams or why

    def problem(self, n_due_bytes: int, now_s: float) -> Problem | None:
        """Return why the recording is not written, or None where it is."""
        if self._death:
            return Problem("dead", f"the recorder does not run ({self._death})", _AGAIN)
        if self._lost_streams:
            return Problem("streams", f"own streams are not sent ({self._lost_streams})", _AGAIN)
        if now_s - self._heard_s > _SILENCE_S_MAX:
            found = f"the recorder has said nothing for {now_s - self._heard_s:.1f} s"
            return Problem("silent", found, "look whether the disk of the recording answers")
        if self._free_bytes is not None and self._free_bytes < self._free_bytes_min:
            found = (
                f"{self._free_bytes / _BYTES_PER_MB:.0f} MB left on the disk of the recording, "
                f"less than free_mb_min, {self._free_bytes_min / _BYTES_PER_MB:g}"
            )
            return Problem("disk", found, "make room, or write another file under [recording]")
        is_due = n_due_bytes - self._n_due_at_growth > _N_KEPT_BYTES
        if is_due and now_s - self._grown_s > _GROWTH_S_MAX:
            found = f"the file of the recording has not grown for {now_s - self._grown_s:.1f} s"
            return Problem("growth", found, f"look whether its disk is full; else {_AGAIN}")
        return None
