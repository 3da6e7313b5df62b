"""A journal that gathers steps has the same records, at times that others can look at."""

from pathlib import Path

from streamer.journal.gathering import GatheringJournal
from streamer.journal.journal import Journal
from streamer.journal.reader import JournalReader
from tests.streamer.journal.journal_examples import EVENTS, HEADER, outcome


def _n_kept(path: Path) -> int:
    with JournalReader(path) as reader:
        return len(list(reader.records()))


def test_steps_are_committed_now_and_then_and_all_at_the_end(tmp_path: Path) -> None:
    kept: list[int] = []
    heads: list[str] = []
    for name in ("gathered.sqlite", "plain.sqlite"):
        with Journal(tmp_path / name, HEADER, 0.5) as journal:
            writer = GatheringJournal(journal) if name == "gathered.sqlite" else journal
            for number in range(20):
                writer.write(EVENTS[number % len(EVENTS)], 1.0 + number, outcome(number))
                writer.commit()
                writer.digest()
                if name == "gathered.sqlite" and number in {10, 17}:
                    kept.append(_n_kept(tmp_path / name))
            journal.end("duration", 100.0)
        heads.append(journal.head)
        assert _n_kept(tmp_path / name) == 22
    assert kept == [1, 17]
    assert heads[0] == heads[1]
