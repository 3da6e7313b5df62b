"""Verification: a session computed again from its journal, and compared bit for bit."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from replay import differences
from replay.rechunk import Rechunked
from stimulators.decisions import Send
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.digests import Digests
from streamer.errors import JournalError
from streamer.events import Chunk, Event
from streamer.journal_reader import JournalReader, Record
from streamer.provenance import machine, versions
from streamer.records import FailureRecord, Header, StepRecord, encode_outcome
from streamer.summary import Summary

#: Longest chunks of the other chunkings that every session is tried with.
_RECHUNKED_N_SAMPLES_MAX = (16, 4096)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What verification found.

    Parameters
    ----------
    session : str
        Name of the session, empty where the journal does not say.
    holds : bool
        Whether everything is as it was and comes out as it did.
    first_difference : str or None
        Where it does not.
    n_records, n_samples : int
        What was checked before the verdict.
    head : str
        Newest link of the chain that fits, hex.
    digest : dict
        Of what was computed again.
    warnings : tuple of str
        What is not wrong but should be known.
    """

    session: str
    holds: bool
    first_difference: str | None
    n_records: int
    n_samples: int
    head: str
    digest: dict[str, str]
    warnings: tuple[str, ...]


class _Difference(Exception):  # noqa: N818 it ends the comparison, and is what was looked for
    """The first difference; its text is the verdict's."""


def verify(session: Path, progress: Callable[[int], None] | None = None) -> Verdict:
    """Compute a session again from its journal and compare everything.

    Checked are: every link of the chain; every step's notes, estimates, detections, targets and
    decisions, recomputed from the recorded configuration and (event, now); the digests of the
    end record; `config.toml` and `summary.json` beside it; and the law itself, by recomputing
    estimates and detections with the same samples in other chunks.

    Parameters
    ----------
    session : Path
        The session folder, or its journal.
    progress : callable, optional
        Called with the number of records done so far.

    Returns
    -------
    Verdict
        A damaged journal is a difference, not an error.

    Raises
    ------
    JournalError
        Where there is no journal.
    """
    path = session / "journal.sqlite" if session.is_dir() else session
    if not path.is_file():
        raise JournalError(f"{session}: expected a session folder with a journal, found none")
    check = _Verification(path)
    try:
        check.run(progress)
    except (_Difference, JournalError) as difference:
        return check.verdict(str(difference))
    return check.verdict(None)


class _Verification:
    """One pass over a journal; what it learned so far stays readable when a difference ends it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader = JournalReader(path)
        self._session = ""
        self._digests = Digests()
        self._n_steps = 0
        self._n_samples = 0
        self._now_s = 0.0
        self._warnings: list[str] = []

    def verdict(self, first_difference: str | None) -> Verdict:
        return Verdict(
            session=self._session,
            holds=first_difference is None,
            first_difference=first_difference,
            n_records=self._reader.n_records,
            n_samples=self._n_samples,
            head=self._reader.head,
            digest=self._digests.as_dict(),
            warnings=tuple(self._warnings),
        )

    def run(self, progress: Callable[[int], None] | None) -> None:
        with self._reader as reader:
            self._begin(reader.header)
            for record in reader.records():
                self._now_s = record.now_s
                if isinstance(record.payload, StepRecord):
                    self._step(record, record.payload)
                elif isinstance(record.payload, FailureRecord):
                    self._warnings.append(
                        f"record {record.number}: the service failed: {record.payload.text}"
                    )
                if progress is not None:
                    progress(reader.n_records)
            self._check_end()
            self._check_summary()
            self._check_law()

    def _begin(self, header: Header) -> None:
        self._session = header.session
        here = {**versions(), **machine()}
        for name, recorded in {**header.versions, **header.machine}.items():
            if here.get(name) != recorded:
                self._warnings.append(
                    f"recorded with {name} {recorded}, computed again with {here.get(name)}: "
                    "the same bits are promised only where both are the same"
                )
        self._check_config(header)
        try:
            config = msgspec.json.decode(header.config_json, type=LoopConfig)
            self._loop = ClosedLoop(config, header.infos, header.session)
            seed = int(hashlib.sha256(header.session.encode()).hexdigest()[:16], 16)
            self._rechunked = [
                Rechunked(
                    ClosedLoop(config, header.infos, header.session),
                    n_samples_max=n_samples_max,
                    seed=seed + place,
                )
                for place, n_samples_max in enumerate(_RECHUNKED_N_SAMPLES_MAX)
            ]
        except ValueError as error:
            raise _Difference(f"record 0: the configuration cannot be used: {error}") from error
        self._summary = Summary(self._loop)

    def _step(self, record: Record, step: StepRecord) -> None:
        outcome = self._loop.step(step.event, record.now_s)
        recorded, recomputed = bytes(step.outcome), encode_outcome(outcome)
        if recorded != recomputed:
            where = f"record {record.number} ({_named(step.event)})"
            raise _Difference(f"{where}: {differences.in_outcomes(recorded, recomputed)}")
        self._digests.add(outcome)
        self._summary.count(step.event, outcome, record.now_s)
        for decision in outcome.decisions:
            if isinstance(decision, Send):
                self._summary.count_sent(decision, was_sent=True, published_s=record.now_s)
        for rechunked in self._rechunked:
            rechunked.take(step.event, record.now_s)
        self._n_steps += 1
        if isinstance(step.event, Chunk):
            self._n_samples += len(step.event.samples)

    def _check_end(self) -> None:
        end = self._reader.end
        if end is None:
            self._warnings.append("the end record is missing: the session did not end by itself")
            return
        found = {"n_steps": self._n_steps, "digest": self._digests.as_dict()}
        recorded = {"n_steps": end.n_steps, "digest": end.digest}
        difference = differences.in_values(recorded, found)
        if difference is not None:
            raise _Difference(f"end record: {difference}")

    def _check_config(self, header: Header) -> None:
        path = self._path.with_name("config.toml")
        if not path.exists():
            self._warnings.append(f"{path.name} is not beside the journal")
            return
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != header.config_toml_sha256:
            raise _Difference(
                f"{path}: expected sha256 {header.config_toml_sha256}, found {digest}"
            )

    def _check_summary(self) -> None:
        path = self._path.with_name("summary.json")
        if not path.exists():
            if self._reader.end is not None:
                self._warnings.append(f"{path.name} is not beside the journal")
            return
        try:
            recorded = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise _Difference(f"{path}: expected JSON, found {error}") from error
        found = self._recomputed_summary()
        if isinstance(recorded.get("commands"), dict):
            # Nor can whether the network took what was sent.
            found["commands"]["unsent"] = recorded["commands"].get("unsent")
        if self._reader.end is None:
            # A journal that failed in the middle holds less than the summary counted.
            found = {"journal": found["journal"]}
        for key, value in found.items():
            difference = differences.in_values(recorded.get(key), value, key)
            if difference is not None:
                raise _Difference(f"{path}: {difference}")

    def _recomputed_summary(self) -> dict[str, Any]:
        found = self._summary.as_dict()
        # How long things took cannot be computed again.
        del found["latency_ms"]
        found["versions"] = self._reader.header.versions
        if self._reader.end is not None:
            found["ended"] = self._reader.end.reason
        found["digest"] = self._digests.as_dict()
        found["journal"] = {"head": self._reader.head, "records": self._reader.n_records}
        return found

    def _check_law(self) -> None:
        recorded = self._digests.by_name()
        for rechunked in self._rechunked:
            rechunked.finish(self._now_s)
            found = rechunked.digests.by_name()
            for what in ("estimates", "detections"):
                difference = differences.in_values(recorded[what], found[what], what)
                if difference is not None:
                    raise _Difference(
                        "the law: with the same samples in chunks of "
                        f"1 to {rechunked.n_samples_max}: {difference}"
                    )


def _named(event: Event) -> str:
    if isinstance(event, Chunk):
        return f"{len(event.samples)} samples of {event.stream} from {event.first_sample}"
    return type(event).__name__
