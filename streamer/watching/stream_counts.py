"""Counts each stream's samples, its measured rate, and its quality problems."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from detectors.conditioning.conditioner import Conditioner
from detectors.conditioning.stamps import RATE_ERROR_TOLD
from detectors.conditioning.tally import Tallied
from streamer.events import Chunk, StreamChanged
from streamer.stamp_rate import SECONDS, StampRate, looks_like

#: What `quality` counts, though it may never happen; the artifact steps add theirs.
_KINDS = (
    "gaps",
    "gap_samples",
    "clock_resets",
    "clock_corrections",
    "late",
    "backwards",
    "not_finite_stamps",
    "rate",
    "restarts",
    "skipped",
    "silent",
    "lost",
    "changed",
    "empty",
    "not_finite",
    "frozen",
    "saturated",
    "implausible",
    "unusual",
)
#: What an operator has to know of a stream that fell silent, or is another one.
_CHANGES = ("silent", "lost", "changed")


class StreamCounts:
    """Counts the samples of every signal and what was wrong with them.

    Parameters
    ----------
    conditioners : mapping of str to Conditioner
        The signals, by name.
    """

    def __init__(self, conditioners: Mapping[str, Conditioner]) -> None:
        self._conditioners = conditioners
        self._n_samples = dict.fromkeys(conditioners, 0)
        self._rates = {name: StampRate(each.layout.rate_hz) for name, each in conditioners.items()}
        self._changes: dict[tuple[str, str], Tallied] = {}

    def add(self, chunk: Chunk) -> None:
        """Count the samples of a signal."""
        if chunk.stream in self._rates:
            self._n_samples[chunk.stream] += chunk.timestamps_s.size
            self._rates[chunk.stream].add(chunk.timestamps_s)

    def note(self, change: StreamChanged) -> None:
        """Count that a stream fell silent, was lost, or is another one."""
        conditioner = self._conditioners.get(change.stream)
        if conditioner is None or change.what not in _CHANGES:
            return
        key = change.stream, change.what
        before = self._changes.get(key)
        sample = conditioner.next_sample if before is None else before.first_sample
        self._changes[key] = Tallied(
            stream=change.stream,
            kind=change.what,
            channel="",
            times=1 if before is None else before.times + 1,
            samples=None,
            first_sample=sample,
            first_s=round(sample / conditioner.layout.rate_hz, 6),
            text=change.detail if before is None else before.text,
        )

    @property
    def quality(self) -> dict[str, int]:
        """Counts of each kind of quality problem over all signals."""
        counts = Counter(dict.fromkeys(_KINDS, 0))
        for conditioner in self._conditioners.values():
            counts.update(conditioner.counts)
        for each in self.found:
            if each.kind in {"rate", "skipped", "empty", *_CHANGES}:
                counts[each.kind] += each.times
        return dict(counts)

    @property
    def by_name(self) -> dict[str, dict[str, Any]]:
        """For each signal its samples, channels, nominal rate and rate measured over its stamps."""
        return {
            name: {
                "samples": self._n_samples[name],
                "channels": len(each.layout.channels) - each.n_derived,
                "derived_channels": each.n_derived,
                "rate_hz": each.layout.rate_hz,
                "rate_measured_hz": self._measured_hz(name),
            }
            for name, each in self._conditioners.items()
        }

    @property
    def found(self) -> tuple[Tallied, ...]:
        """Quality problems found, once for each stream, kind and channel."""
        found: list[Tallied] = []
        for name, conditioner in self._conditioners.items():
            # The fit's word on the rate ends at its bound: what was measured takes its place.
            of_samples = [each for each in conditioner.tallied if each.kind != "rate"]
            changes = [each for (stream, _), each in self._changes.items() if stream == name]
            found += [*self._of_the_whole(name), *of_samples, *changes]
        return tuple(found)

    def _of_the_whole(self, name: str) -> list[Tallied]:
        """Return the problems of a whole stream: no samples, or another rate than nominal."""
        if not self._n_samples[name]:
            return [_of_all(name, "empty", 0, "gave no sample")]
        said_hz, found_hz = self._conditioners[name].layout.rate_hz, self._measured_hz(name)
        if found_hz is None or abs(found_hz / said_hz - 1.0) <= RATE_ERROR_TOLD:
            return []
        text = f"expected {said_hz:g} Hz, found {found_hz:.5g} Hz over its stamps"
        unit = looks_like(found_hz, said_hz)
        if unit != SECONDS:
            text = f"{text}: they look like {unit.name}, expected seconds"
        return [_of_all(name, "rate", self._n_samples[name], text)]

    def _measured_hz(self, name: str) -> float | None:
        measured_hz = self._rates[name].measured_hz
        return None if measured_hz is None else float(f"{measured_hz:.8g}")


def _of_all(stream: str, kind: str, n_samples: int, text: str) -> Tallied:
    return Tallied(
        stream=stream,
        kind=kind,
        channel="",
        times=1,
        samples=n_samples,
        first_sample=0,
        first_s=0.0,
        text=text,
    )
