"""Detectors run over recorded samples, with the results of each detector in one piece."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from detectors.block import Block
from detectors.detector import Detector
from detectors.estimates import Detection, Estimates, Seen

if TYPE_CHECKING:  # it reads the registry, which looks into this file
    from detectors.chain import DetectorChain


class DetectorResult(NamedTuple):
    """All results of one detector.

    Parameters
    ----------
    detector : Detector
        The detector, which says what each column of the estimates is.
    estimates : Estimates
        All hops.
    detections : tuple of Detection
        All detections, in the order in which they were confirmed.
    """

    detector: Detector
    estimates: Estimates
    detections: tuple[Detection, ...]


def detect(chain: "DetectorChain", blocks: Iterable[Block]) -> dict[str, DetectorResult]:
    """Feed conditioned blocks to a chain of detectors and return the results by id.

    How the samples are cut into blocks changes no bit of the results.
    """
    return gather(chain.detectors, (seen for block in blocks for seen in chain.update(block)))


def gather(detectors: Mapping[str, Detector], seen: Iterable[Seen]) -> dict[str, DetectorResult]:
    """Return the results of many calls in one piece for each detector, by id.

    Parameters
    ----------
    detectors : mapping of str to Detector
        Each has an entry in the result, even without any estimate.
    seen : iterable of Seen
        What the calls returned, in their order.
    """
    estimates: dict[str, list[Estimates]] = {id_: [] for id_ in detectors}
    detections: dict[str, list[Detection]] = {id_: [] for id_ in detectors}
    for each in seen:
        estimates[each.estimates.detector].append(each.estimates)
        detections[each.estimates.detector].extend(each.detections)
    return {
        id_: DetectorResult(
            detector,
            Estimates.empty(id_, 0, len(detector.outputs)).followed_by(estimates[id_]),
            tuple(detections[id_]),
        )
        for id_, detector in detectors.items()
    }
