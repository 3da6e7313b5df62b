"""What the loop measured, wanted and decided, independent of names, structs and encodings.

Nothing here may follow a change of form: where a measure, a refusal or a notice gets another
name, the name it had when the golden values were taken goes into a table below.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from llvmlite import binding
from numpy.typing import NDArray

from detectors.detector import Detector
from detectors.estimates import Detection, Estimates
from stimulators.decisions import Decision, Notice, Refusal, Send, SendStop, StateChanged
from stimulators.targets import Target
from stimulators.wire.messages import Lease
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.journal.provenance import versions

#: What a measure, a refusal and a notice were called when the values were taken, by today's name.
MEASURES: Mapping[str, str] = {
    "power": "",
    "coherence_null": "level",
    "lower_bound": "lower",
    "modulation_index_null": "chance",
    "over_aperiodic_db_null": "level_db",
    "rate_hz_null": "null_rate_hz",
    "mean_duration_s_null": "null_duration_s",
    "mean_amplitude_null": "null_mean_amplitude",
    "peak_amplitude_null": "null_peak_amplitude",
    "long_fraction_null": "null_long_fraction",
}
REFUSALS: Mapping[str, str] = {}
NOTICES: Mapping[str, str] = {}

_BITWISE = ("python", "numpy", "scipy", "numba", "llvmlite")


class Meaning:
    """Collects the outcomes of a loop's steps in a form without names.

    Parameters
    ----------
    loop : ClosedLoop
        Whose outcomes they are.
    """

    def __init__(self, loop: ClosedLoop) -> None:
        self._detectors = loop.chain.detectors
        self._estimates: dict[str, list[Estimates]] = {name: [] for name in self._detectors}
        self._detections: dict[str, list[Detection]] = {name: [] for name in self._detectors}
        self._targets: dict[str, list[Target]] = {}
        self._decisions: list[Decision] = []
        self._notes: list[tuple[Any, ...]] = []

    def add(self, outcome: Outcome) -> None:
        """Add the outcome of one step."""
        for seen in outcome.seen:
            self._estimates[seen.estimates.detector].append(seen.estimates)
            self._detections[seen.estimates.detector] += seen.detections
        for target in outcome.targets:
            self._targets.setdefault(target.policy, []).append(target)
        self._decisions += outcome.decisions
        self._notes += [(note.stream, note.sample, note.kind) for note in outcome.notes]

    def as_dict(self) -> dict[str, Any]:
        """Return all as plain data, to be written or compared with `differences`."""
        return {
            "notes": _listed(self._notes),
            "estimates": {
                name: _of_estimates(self._detectors[name], parts)
                for name, parts in self._estimates.items()
            },
            "detections": {name: _of_detections(all_) for name, all_ in self._detections.items()},
            "targets": {name: _of_targets(all_) for name, all_ in self._targets.items()},
            "decisions": _listed(list(map(_of_decision, self._decisions))),
            "bits": {"made_on": made_on(), "sha256": self._bits()},
        }

    def _bits(self) -> str:
        """Return a digest of every bit of the estimates, which are equal on one machine."""
        digest = hashlib.sha256()
        for name, parts in self._estimates.items():
            for field in ("sample", "time_s", "values", "valid", "taint"):
                for part in parts:
                    digest.update(getattr(part, field).tobytes())
            for each in self._detections[name]:
                digest.update(np.array([each.onset_s, each.strength]).tobytes())
        return digest.hexdigest()


def made_on() -> dict[str, str]:
    """Return what two runs must have in common for equal bits to be promised."""
    features = binding.get_host_cpu_features().flatten()
    known = versions()
    return {
        **{name: known[name] for name in _BITWISE},
        "processor": binding.get_host_cpu_name(),
        "features": hashlib.sha256(features.encode()).hexdigest()[:16],
    }


def columns(detector: Detector) -> list[str]:
    """Return channel, bar and measure of each column of a detector's values."""
    return [
        f"{each.channel}|{MEASURES.get(each.measure, each.measure)}" for each in detector.outputs
    ]


def differences(golden: Any, found: Any, where: str = "") -> list[str]:
    """Return a line for each difference larger than the rounding of another machine."""
    if isinstance(golden, dict) and isinstance(found, dict):
        if "made_on" in golden and golden["made_on"] != found["made_on"]:
            return []
        if golden.keys() == {"weighted", "scale"}:
            is_near = abs(golden["weighted"] - found["weighted"]) <= 1e-11 * golden["scale"]
            return [] if is_near else [f"{where}: {golden['weighted']}, now {found['weighted']}"]
        return [
            line
            for key in sorted(golden.keys() | found.keys())
            for line in differences(golden.get(key), found.get(key), f"{where}/{key}")
        ]
    return [] if golden == found else [f"{where}: {golden}, now {found}"]


def _of_estimates(detector: Detector, parts: Sequence[Estimates]) -> dict[str, Any]:
    if not parts:
        return {"n_hops": 0}
    joined = parts[0].followed_by(parts[1:])
    return {
        "n_hops": joined.sample.size,
        "sample": _exactly(joined.sample.tolist()),
        "taint": _exactly(joined.taint.tolist()),
        "time_s": _about(joined.time_s),
        "columns": {
            name: {
                "n_valid": int(valid.sum()),
                "valid": _exactly(valid.tolist()),
                "values": _about(values),
            }
            for name, values, valid in zip(
                columns(detector), joined.values.T, joined.valid.T, strict=True
            )
        },
    }


def _of_detections(detections: Sequence[Detection]) -> dict[str, Any]:
    return {
        **_listed(
            [
                (each.kind, each.channel, each.sample, each.confirmed_sample, each.complete)
                for each in detections
            ]
        ),
        "time_s": _about([each.onset_s for each in detections]),
        "strength": _about([each.strength for each in detections]),
    }


def _of_targets(targets: Sequence[Target]) -> dict[str, Any]:
    return {
        **_listed([(each.device, each.kind, each.program, each.sample) for each in targets]),
        "amount": _about([each.amount for each in targets]),
        "time_s": _about([each.time_s for each in targets]),
    }


def _of_sent(sent: Send) -> tuple[Any, ...]:
    message = sent.message
    if isinstance(message, Lease):
        return ("lease", sent.device, message.lease_seq, message.issued_us, message.valid_us)
    amount = message.level if message.amplitude_ma is None else message.amplitude_ma
    assert amount is not None
    times_us = (message.issued_us, message.expires_us, message.fire_at_us)
    return (message.kind, sent.device, message.seq, message.program, round(amount, 9), *times_us)


def _of_decision(decision: Decision) -> tuple[Any, ...]:
    if isinstance(decision, Send):
        return _of_sent(decision)
    if isinstance(decision, SendStop):
        return ("stop",)
    if isinstance(decision, Refusal):
        word = str(decision.reason)
        meant = REFUSALS.get(word, word)
        return ("refusal", meant, decision.device, decision.policy, decision.sample)
    if isinstance(decision, StateChanged):
        return ("state", decision.before, decision.after)
    if isinstance(decision, Notice):
        return ("notice", NOTICES.get(decision.kind, decision.kind), decision.device)
    return ("end",)


def _listed(rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """Return the number of each kind, and a digest of all in order."""
    kinds = Counter("/".join(each for each in row[:2] if isinstance(each, str)) for row in rows)
    return {"n": dict(sorted(kinds.items())), "sha256": _exactly(rows)}


def _exactly(values: Iterable[Any]) -> str:
    return hashlib.sha256("\n".join(map(repr, values)).encode()).hexdigest()[:24]


def _about(values: NDArray[np.float64] | Sequence[float]) -> dict[str, float]:
    """Return a sum with a weight for each index, so that any change shows, and its scale.

    A digest of rounded values would change where one of them lies on a border of the rounding.
    """
    plain = np.asarray(values, dtype=np.float64)
    weights = 0.5 + np.arange(plain.size) * 0.6180339887498949 % 1.0
    return {
        "weighted": math.fsum((weights * plain).tolist()),
        "scale": math.fsum(np.abs(plain).tolist()),
    }
