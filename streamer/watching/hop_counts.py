"""Counts each detector's hops, valid hops, onsets, offsets and phase events."""

from collections import Counter
from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.chain import DetectorChain
from detectors.detector import Detector
from detectors.estimates import Seen

#: Hops that wait to be counted together: one at a time, counting costs as much as detecting.
_N_WAITING_MAX: Final = 64


class _Hops:
    """Counts of one detector; a channel's or pair's validity is that of its first column."""

    def __init__(self, detector: Detector, streams: Collection[str]) -> None:
        subjects = [output.channel for output in detector.outputs]
        self._subjects = tuple(dict.fromkeys(subjects))
        self._columns = np.array([subjects.index(each) for each in self._subjects], np.intp)
        self._outputs = detector.outputs
        self._streams = sorted(streams)
        self._ever = np.zeros(len(detector.outputs), np.bool_)
        self._n_valid = np.zeros(len(self._subjects), np.int64)
        self._waiting: list[NDArray[np.bool_]] = []
        self._n_hops_any_valid = 0
        self.n_hops = 0
        self.edges: Counter[str] = Counter(onset=0, offset=0, moment=0)

    def add(self, valid: NDArray[np.bool_]) -> None:
        self.n_hops += len(valid)
        self._waiting.append(valid)
        if len(self._waiting) >= _N_WAITING_MAX or len(valid) >= _N_WAITING_MAX:
            self._count()

    @property
    def n_valid(self) -> int:
        self._count()
        return self._n_hops_any_valid

    def _count(self) -> None:
        if not self._waiting:
            return
        valid = np.concatenate(self._waiting)
        self._waiting.clear()
        measured = valid[:, self._columns]
        self._n_hops_any_valid += int(np.count_nonzero(measured.any(axis=1)))
        self._n_valid += measured.sum(axis=0)
        self._ever |= valid.any(axis=0)

    @property
    def as_dict(self) -> dict[str, object]:
        self._count()
        columns = zip(self._outputs, self._ever, strict=True)
        never = [output.label for output, ever in columns if not ever]
        return {
            "streams": self._streams,
            "measures": [
                {"measure": each.measure, "unit": each.unit, "null": each.null}
                for each in self._outputs
                if each.channel == self._subjects[0]
            ],
            "n": self.n_hops,
            "n_valid": dict(zip(self._subjects, self._n_valid.tolist(), strict=True)),
            "never_valid": never,
        }


class HopCounts:
    """Counts the hops and detections of all detectors of a rig.

    Parameters
    ----------
    chain : DetectorChain
        The detectors.
    """

    def __init__(self, chain: DetectorChain) -> None:
        self._hops = {
            name: _Hops(detector, chain.streams_of(name))
            for name, detector in chain.detectors.items()
        }

    def add(self, seen: Seen) -> None:
        """Count what one detector saw in one call."""
        hops = self._hops[seen.estimates.detector]
        if seen.estimates.sample.size:
            hops.add(seen.estimates.valid)
        for each in seen.detections:
            hops.edges[each.kind] += 1

    @property
    def n_hops(self) -> int:
        """Hops of all detectors."""
        return sum(each.n_hops for each in self._hops.values())

    @property
    def n_valid(self) -> int:
        """Hops that are valid for at least one channel or pair."""
        return sum(each.n_valid for each in self._hops.values())

    @property
    def by_detector(self) -> dict[str, dict[str, object]]:
        """For each detector id its streams, measures, hops, and valid hops by channel or pair."""
        return {name: each.as_dict for name, each in self._hops.items()}

    @property
    def detections(self) -> dict[str, int]:
        """For each detector id its detections: an onset with its offset counts once."""
        return {
            name: each.edges["onset"] + each.edges["moment"] for name, each in self._hops.items()
        }

    @property
    def edges(self) -> dict[str, dict[str, int]]:
        """For each detector id with detections its onsets, offsets and phase events."""
        return {
            name: dict(each.edges) for name, each in self._hops.items() if any(each.edges.values())
        }
