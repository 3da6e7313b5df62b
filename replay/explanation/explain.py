"""Why a command of a session was sent, or what happened at a moment of it: from the journal."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Final

from replay.explanation.entries import entries_of
from replay.explanation.explained import Explanation
from replay.explanation.looked import Focus, Looked
from replay.explanation.scan import Scan, scan
from replay.explanation.session_times import TimeError
from replay.explanation.witness import Witness, config_of
from streamer.journal.reader import JournalReader

#: How much of the time before and after is shown by default, in seconds.
WINDOW_S: Final = 4.0
#: Warnings where the recomputation differs from what was recorded.
_OTHER_HERE: Final = (
    "from there on data, features and limits are what is computed here, not what was acted on"
)

Progress = Callable[[int, int], None]


class NoSuchCommandError(ValueError):
    """There is no command of this number, or no device of this name; its text is one line."""


def explain_command(
    session: Path,
    seq: int,
    *,
    window_s: float = WINDOW_S,
    progress: Progress = lambda _done, _total: None,
) -> Explanation:
    """Say why one command was sent, and what came of it.

    Parameters
    ----------
    session : Path
        The session folder, or its journal.
    seq : int
        The number of the command.
    window_s : float
        How much is told of the time before and after.
    progress : callable, optional
        Called with the number of records computed again and the number in all.

    Raises
    ------
    JournalError
        Where there is no journal, or it cannot be read or computed here.
    NoSuchCommandError
        Where no command has this number.
    """
    found = scan(session)
    command = found.commands.get(seq)
    if command is None:
        raise NoSuchCommandError(f"{session}: {_which_commands(found, seq)}")
    focused = Focus(
        device=command.device,
        record=command.record,
        since_s=command.since_s,
        until_s=command.since_s,
        seq=seq,
    )
    (explanation,) = _explain(found, [focused], window_s=window_s, progress=progress)
    return explanation


def explain_moment(
    session: Path,
    at: str,
    *,
    device: str | None = None,
    zone: tzinfo | None = None,
    window_s: float = WINDOW_S,
    progress: Progress = lambda _done, _total: None,
) -> tuple[Explanation, ...]:
    """Say what happened to each device at a moment, and why, also where that is nothing.

    Parameters
    ----------
    session : Path
        The session folder, or its journal.
    at : str
        The moment: see `SessionTimes.moment`. Whole seconds mean that second; the first command
        within it is explained.
    device : str, optional
        Of this device alone.
    zone : tzinfo, optional
        The zone of the moment; this machine's without.
    window_s, progress
        As of `explain_command`.

    Raises
    ------
    JournalError
        Where there is no journal, or it cannot be read or computed here.
    TimeError
        Where the moment cannot be read, or is not in the session.
    NoSuchCommandError
        Where there is no such device.
    """
    found = scan(session)
    names = [each.id for each in config_of(found).devices]
    if device is not None and device not in names:
        listed = ", ".join(names) or "it has none"
        raise NoSuchCommandError(f"--device: expected a device ({listed}), found {device!r}")
    if not names:
        raise NoSuchCommandError(f"{session}: expected a session with a device, found none")
    try:
        moment = found.times.moment(at, zone)
    except TimeError as error:
        raise TimeError(f"{session}: {error}") from error
    until_s = min(moment.until_s, found.times.lasted_s)
    focused = [
        _focus(found, each, moment.since_s, until_s)
        for each in names
        if device is None or each == device
    ]
    return tuple(_explain(found, focused, window_s=window_s, progress=progress))


def _focus(found: Scan, device: str, since_s: float, until_s: float) -> Focus:
    """Return the first command of a device in a moment, or the last record of the moment."""
    sent = [
        each
        for each in found.commands.values()
        if each.device == device and since_s <= each.since_s < max(until_s, since_s + 1e-9)
    ]
    if sent:
        first = min(sent, key=lambda each: each.record)
        return Focus(
            device=device,
            record=first.record,
            since_s=first.since_s,
            until_s=first.since_s,
            seq=first.seq,
        )
    return Focus(
        device=device,
        record=max(0, bisect_right(found.since_s, until_s) - 1),
        since_s=max(0.0, since_s),
        until_s=until_s,
        seq=None,
    )


def _explain(
    found: Scan, focused: Sequence[Focus], *, window_s: float, progress: Progress
) -> Iterator[Explanation]:
    first = min(each.since_s for each in focused)
    last = max(each.until_s for each in focused) + window_s
    witness = Witness(
        found,
        window_s=window_s + max(each.until_s - each.since_s for each in focused),
        shown_from_s=first - window_s,
    )
    looked = [Looked(found, each, window_s, witness) for each in focused]
    with JournalReader(found.path) as reader:
        for record, since_s in zip(reader.records(), found.since_s, strict=False):
            if since_s > last:
                break
            kept = witness.take(record, since_s)
            is_near = since_s >= first - window_s
            said = tuple(entries_of(record, since_s)) if is_near else ()
            for each in looked:
                each.take(record.number, since_s, kept, said)
            progress(reader.n_records, found.n_records)
    warnings = _warnings(found, witness)
    for each in looked:
        yield each.explanation(warnings)


def _warnings(found: Scan, witness: Witness) -> tuple[str, ...]:
    warnings: list[str] = []
    if witness.difference is not None:
        warnings.append(f"{witness.difference}: {_OTHER_HERE}")
    if not found.has_ended:
        warnings.append(
            "the session has no end, as one that was killed or goes on: nothing is known of what "
            f"followed record {found.n_records - 1}"
        )
    return tuple(warnings)


def _which_commands(found: Scan, seq: int) -> str:
    if not found.commands:
        return f"expected a command {seq}, found none: nothing was sent in this session"
    numbers = sorted(found.commands)
    return (
        f"expected the number of a command, from {numbers[0]} to {numbers[-1]}, found {seq}"
        f" ({len(numbers)} commands; stimloop journal SESSION --kind command lists them)"
    )
