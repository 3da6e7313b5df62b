"""Digests of a whole session: the four that `summary.json` names and verification compares."""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from detectors.estimates import Estimates
from streamer.journal.records import encode

if TYPE_CHECKING:
    from streamer.closed_loop import Outcome


#: Calls of a detector whose hops are hashed together.
_N_WAITING_MAX: Final = 16


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class _EstimateStream:
    """All hops of one detector: a running hash a field, so that no chunk boundary shows."""

    def __init__(self) -> None:
        self._sample = hashlib.sha256()
        self._time_s = hashlib.sha256()
        self._values = hashlib.sha256()
        self._valid = hashlib.sha256()
        self._taint = hashlib.sha256()
        self._waiting: list[Estimates] = []

    def add(self, estimates: Estimates) -> None:
        self._waiting.append(estimates)
        if len(self._waiting) == _N_WAITING_MAX or estimates.sample.size >= _N_WAITING_MAX:
            self._hash()

    def _hash(self) -> None:
        waiting = self._waiting
        self._sample.update(b"".join([each.sample.tobytes() for each in waiting]))
        self._time_s.update(b"".join([each.time_s.tobytes() for each in waiting]))
        self._values.update(b"".join([each.values.tobytes() for each in waiting]))
        self._valid.update(b"".join([each.valid.tobytes() for each in waiting]))
        self._taint.update(b"".join([each.taint.tobytes() for each in waiting]))
        waiting.clear()

    def hexdigest(self) -> str:
        self._hash()
        fields = (self._sample, self._time_s, self._values, self._valid, self._taint)
        return hashlib.sha256(b"".join(field.digest() for field in fields)).hexdigest()


class Digests:
    """Accumulates SHA-256 digests of estimates, detections, targets and decisions.

    Estimates and detections are hashed per detector, targets per policy, and combined in the
    order of their ids: neither chunk boundaries nor the order in which streams arrive can be
    seen in them. Decisions are hashed in the order in which they were taken.
    """

    def __init__(self) -> None:
        self._estimates: dict[str, _EstimateStream] = {}
        self._detections: dict[str, _Hash] = {}
        self._targets: dict[str, _Hash] = {}
        self._decisions = hashlib.sha256()

    def add(self, outcome: "Outcome") -> None:
        """Add one step."""
        for seen in outcome.seen:
            detector = seen.estimates.detector
            if seen.estimates.sample.size:
                if detector not in self._estimates:
                    self._estimates[detector] = _EstimateStream()
                self._estimates[detector].add(seen.estimates)
            for detection in seen.detections:
                self._detections.setdefault(detector, hashlib.sha256()).update(encode(detection))
        for target in outcome.targets:
            self._targets.setdefault(target.policy, hashlib.sha256()).update(encode(target))
        for decision in outcome.decisions:
            self._decisions.update(encode(decision))

    def by_name(self) -> dict[str, dict[str, str]]:
        """Return the digests so far, hex, of each detector's and policy's part."""
        return {
            "estimates": {name: each.hexdigest() for name, each in self._estimates.items()},
            "detections": {name: each.hexdigest() for name, each in self._detections.items()},
            "targets": {name: each.hexdigest() for name, each in self._targets.items()},
        }

    def as_dict(self) -> dict[str, str]:
        """Return the digests so far, hex, by the names `summary.json` has for them."""
        combined = {what: _combined(digests) for what, digests in self.by_name().items()}
        return combined | {"decisions": self._decisions.hexdigest()}


def _combined(digests: Mapping[str, str]) -> str:
    return hashlib.sha256(encode(sorted(digests.items()))).hexdigest()
