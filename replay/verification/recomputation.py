"""A session's steps computed again, as they were and in other chunks."""

import hashlib
from typing import Any, Final

import msgspec

from replay.verification import differences
from replay.verification.rechunk import Rechunked
from replay.verification.verdict import Difference
from stimulators.decisions import Send
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.events import Chunk, Event
from streamer.journal.digests import Digests
from streamer.journal.provenance import machine, versions
from streamer.journal.reader import JournalRecord
from streamer.journal.records import EndRecord, Header, StepRecord, encode_outcome
from streamer.watching.summary import Summary
from streamer.watching.watchers import Delivered, Sent

#: Longest chunks of the other chunkings that every session is tried with.
_RECHUNKED_N_SAMPLES_MAX = (16, 4096)

#: The version of estimates in a journal that names no version.
_FIRST_ESTIMATES: Final = "1"
_BITS: Final = "the same bits are promised only where both are the same"
#: What another version of one thing means, where it is more than other bits.
_MEANS: Final = {
    "estimates": "the detectors give other values since, so that the digests of estimates and "
    "detections differ; verify it with the stimloop that recorded it"
}


class Recomputation:
    """The loop of a header, fed the steps of its journal.

    Parameters
    ----------
    header : Header
        The first record.

    Attributes
    ----------
    digests : Digests
        Of what was computed so far.
    n_samples : int
        Samples so far.

    Raises
    ------
    Difference
        Where the configuration cannot be used, and at each step that comes out otherwise.
    """

    def __init__(self, header: Header) -> None:
        self.digests = Digests()
        self.n_samples = 0
        self._header = header
        self._n_steps = 0
        self._now_s = 0.0
        try:
            config = msgspec.json.decode(header.config_json, type=LoopConfig)
            self._loop = ClosedLoop(config, header.infos, header.session)
            seed = int(hashlib.sha256(header.session.encode()).hexdigest()[:16], 16)
            self._rechunked = [
                Rechunked(
                    ClosedLoop(config, header.infos, header.session, hears_gate=False),
                    n_samples_max=n_samples_max,
                    seed=seed + index,
                )
                for index, n_samples_max in enumerate(_RECHUNKED_N_SAMPLES_MAX)
            ]
        except ValueError as error:
            raise Difference(f"record 0: the configuration cannot be used: {error}") from error
        self._summary = Summary(self._loop, is_timed=False, utc_offset_us=header.utc_offset_us)

    def begin(self, record: JournalRecord) -> None:
        """Take in the header's record: the session began then."""
        self._summary.begin(record.now_s)

    def step(self, record: JournalRecord, step: StepRecord) -> None:
        """Compute one step again and compare all that followed from it."""
        outcome = self._loop.step(step.event, record.now_s)
        recorded, recomputed = bytes(step.outcome), encode_outcome(outcome)
        if recorded != recomputed:
            where = f"record {record.number} ({_named(step.event)})"
            raise Difference(f"{where}: {differences.in_outcomes(recorded, recomputed)}")
        self.digests.add(outcome)
        now_s = record.now_s
        sends = (each for each in outcome.decisions if isinstance(each, Send))
        sent = tuple(Sent(each, was_sent=True, published_s=now_s) for each in sends)
        self._summary.watch(step.event, now_s, Delivered.of(outcome, now_s, sent))
        for rechunked in self._rechunked:
            rechunked.take(step.event, record.now_s, outcome.device_events)
        self._n_steps += 1
        self._now_s = record.now_s
        if isinstance(step.event, Chunk):
            self.n_samples += len(step.event.samples)

    def check_end(self, end: EndRecord) -> None:
        """Compare what the end record counts."""
        found = {"n_steps": self._n_steps, "digest": self.digests.as_dict()}
        recorded = {"n_steps": end.n_steps, "digest": end.digest}
        difference = differences.in_values(recorded, found)
        if difference is not None:
            raise Difference(f"end record: {difference}")

    def check_law(self) -> None:
        """Compare with the same samples in other chunks; nothing can be computed after it."""
        recorded = self.digests.by_name()
        for rechunked in self._rechunked:
            rechunked.finish(self._now_s)
            found = rechunked.digests.by_name()
            for what in ("estimates", "detections", "targets"):
                difference = differences.in_values(recorded[what], found[what], what)
                if difference is not None:
                    raise Difference(
                        "the law: with the same samples in chunks of "
                        f"1 to {rechunked.n_samples_max}: {difference}"
                    )

    def summary(self, end: EndRecord | None, *, head: str, n_records: int) -> dict[str, Any]:
        """Return what of `summary.json` can be computed again; how long things took cannot.

        Parameters
        ----------
        end : EndRecord or None
            The end record.
        head : str
            Link of the record before it, hex.
        n_records : int
            Records before it.
        """
        found = self._summary.as_dict()
        found["versions"] = self._header.versions
        found["digest"] = self.digests.as_dict()
        found["journal"] = {"head": head, "records": n_records}
        if end is not None:
            found["ended"] = end.reason
        return found


def of_other_origin(header: Header) -> list[str]:
    """Return a warning for each version and machine property that differs from the session's."""
    here = {**versions(), **machine()}
    recorded = {"estimates": _FIRST_ESTIMATES, **header.versions, **header.machine}
    return [
        f"recorded with {name} {each}, computed again with {here.get(name)}: "
        f"{_MEANS.get(name, _BITS)}"
        for name, each in recorded.items()
        if here.get(name) != each
    ]


def _named(event: Event) -> str:
    if isinstance(event, Chunk):
        return f"{len(event.samples)} samples of {event.stream} from {event.first_sample}"
    return type(event).__name__
