"""All detectors of a rig, in the order of the file, fed by streams and by each other."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from detectors.aperiodic import Aperiodic, AperiodicConfig
from detectors.band_power import BandPower, BandPowerConfig
from detectors.block import Block, StreamLayout
from detectors.burst import Burst, BurstConfig
from detectors.coherence import Coherence, CoherenceConfig
from detectors.detector import Detector, DetectorConfig, Input, Reads, Source
from detectors.estimates import Seen
from detectors.oscillation import Oscillation, OscillationConfig
from detectors.phase_amplitude_coupling import (
    PhaseAmplitudeCoupling,
    PhaseAmplitudeCouplingConfig,
)

#: A `[[detectors]]` table; its `kind` says which.
AnyDetectorConfig: TypeAlias = (
    AperiodicConfig
    | BandPowerConfig
    | BurstConfig
    | CoherenceConfig
    | OscillationConfig
    | PhaseAmplitudeCouplingConfig
)

#: Every detector that a table can ask for, by the struct that configures it.
_DETECTORS: Final[Mapping[type[DetectorConfig], Any]] = {
    each.config_type: each
    for each in (Aperiodic, BandPower, Burst, Coherence, Oscillation, PhaseAmplitudeCoupling)
}


class DetectorChain:
    """Detectors that read streams, and detectors that read those.

    Parameters
    ----------
    configs : sequence of DetectorConfig
        The `[[detectors]]` tables; a detector may read those before it.
    layouts : mapping of str to StreamLayout
        The regular streams, by name.

    Attributes
    ----------
    detectors : dict of str to Detector
        By id, in the order of the file.
    streams : dict of str to str
        For each id the stream it reads, itself or through the detectors below it; the first
        where it reads several.

    Raises
    ------
    ValueError
        Where a table does not fit; the text begins with the key path, ``detectors[0].band_hz``.
    """

    def __init__(
        self, configs: Sequence[DetectorConfig], layouts: Mapping[str, StreamLayout]
    ) -> None:
        self.detectors: dict[str, Detector] = {}
        self.streams: dict[str, str] = {}
        self._reads: list[tuple[Detector, tuple[Reads, ...]]] = []
        for place, config in enumerate(configs):
            try:
                self._add(config, layouts)
            except ValueError as error:
                raise ValueError(f"detectors[{place}].{error}") from error

    def update(self, block: Block) -> tuple[Seen, ...]:
        """Fold a block in; return what each detector that completed a hop saw, in order."""
        streams: dict[str, Input] = {block.stream: block}
        detectors: dict[str, Input] = {}
        seen: list[Seen] = []
        for detector, reads in self._reads:
            for each in reads:
                given = (streams if each.kind == "stream" else detectors).get(each.name)
                if given is None:
                    continue
                made = detector.update(given)
                if made.estimates.sample.size or made.detections:
                    detectors[detector.id] = made.estimates
                    seen.append(made)
        return tuple(seen)

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        for detector in self.detectors.values():
            detector.reset()

    def _add(self, config: DetectorConfig, layouts: Mapping[str, StreamLayout]) -> None:
        if config.id in self.detectors:
            raise ValueError(f"id: expected unique ids, found {config.id!r} twice")
        sources = [self._source(each, layouts) for each in config.reads]
        detector: Detector = _DETECTORS[type(config)](config, *sources)
        first = config.reads[0]
        self.streams[config.id] = first.name if first.kind == "stream" else self.streams[first.name]
        self.detectors[config.id] = detector
        self._reads.append((detector, config.reads))

    def _source(self, reads: Reads, layouts: Mapping[str, StreamLayout]) -> Source:
        known: Mapping[str, Source] = layouts if reads.kind == "stream" else self.detectors
        if reads.name not in known:
            wanted = "a regular stream" if reads.kind == "stream" else "a detector before this one"
            raise ValueError(
                f"{reads.key}: expected {wanted} ({', '.join(known) or 'there is none'}), "
                f"found {reads.name!r}"
            )
        return known[reads.name]
