"""An example of every detector across streams: a class without one makes the laws fail."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.block import StreamLayout
from detectors.coherence.coherence import Coherence, CoherenceConfig
from detectors.testing.subject import Plain
from tests.detectors.alignment.naive_alignment import aligned
from tests.detectors.coherence.cross_subject import CrossExample, Streams
from tests.detectors.coherence.naive_coherence import coherence

_LFP: Final = StreamLayout("LFP", 250.0, ("left", "right", "C1"))
_EMG: Final = StreamLayout("EMG", 1000.0, ("C1", "flexor"))
_SLOW: Final = StreamLayout("force", 100.0, ("grip",))
_ODD: Final = StreamLayout("ECoG", 418.4, tuple(f"C{index}" for index in range(5)))


def _coherence(
    name: str,
    config: CoherenceConfig,
    layouts: Sequence[StreamLayout],
    true_hz: Sequence[float],
) -> CrossExample:
    detector = Coherence(config, *layouts)
    first, second = layouts
    used = config.pairs or tuple((a, b) for a in first.channels for b in second.channels)
    channels = {
        first.name: tuple(dict.fromkeys(a for a, _ in used)),
        second.name: tuple(dict.fromkeys(b for _, b in used)),
    }
    reference_hz = min(layout.rate_hz for layout in layouts)
    labels = tuple(f"{stream}:{each}" for stream, names in channels.items() for each in names)
    pairs = tuple((f"{first.name}:{a}", f"{second.name}:{b}") for a, b in used)
    grid = StreamLayout("grid", reference_hz, labels)
    on_grid = msgspec.structs.replace(config, stream="grid", other_stream=None, pairs=pairs)

    def naive(given: Streams) -> tuple[NDArray[np.int64], Plain]:
        rows = aligned(layouts, channels, given)
        if not rows.n_samples:
            nothing = np.empty((0, len(detector.outputs)))
            return np.empty(0, np.int64), (nothing, nothing.astype(np.bool_))
        starts = rows.restarts
        sample = [
            newest
            for start, stop in zip(starts, [*starts[1:], rows.n_samples], strict=True)
            for newest in range(start + detector.hop_samples - 1, stop, detector.hop_samples)
        ]
        return np.array(sample, np.int64), coherence(on_grid, grid, rows)

    def columns(stream: str, channel: int) -> list[int]:
        index = 0 if stream == first.name else 1
        label = layouts[index].channels[channel]
        of = [number for number, pair in enumerate(used) if pair[index] == label]
        n_measures = len(detector.measures)
        return [n_measures * number + measure for number in of for measure in range(n_measures)]

    return CrossExample(
        name,
        config,
        layouts,
        dict(zip((first.name, second.name), true_hz, strict=True)),
        naive,
        columns,
        detector.span_samples,
        np.array([_absolute(measure) for _ in used for measure in detector.measures]),
    )


def _absolute(measure: str) -> float:
    """Return the error that rounding may leave: large where the mean of unit phasors is tiny."""
    return 1e-9 if measure.startswith("phase_") else 1e-12


CROSS_EXAMPLES: Final[Mapping[type[Any], tuple[CrossExample, ...]]] = {
    Coherence: (
        _coherence(
            "a faster other stream, 200 ppm of drift, all pairs, a label that both have",
            CoherenceConfig(
                id="sync",
                stream="LFP",
                other_stream="EMG",
                band_hz=(13.0, 40.0),
                segment_s=0.16,
                window_s=0.56,
            ),
            (_LFP, _EMG),
            (250.0, 1000.2),
        ),
        _coherence(
            "a slower other stream, some pairs, true rates off by per cents",
            CoherenceConfig(
                id="sync",
                stream="ECoG",
                other_stream="force",
                band_hz=(5.0, 25.0),
                pairs=(("C3", "grip"), ("C0", "grip")),
                segment_s=0.2,
                window_s=0.55,
                hop_s=0.2,
            ),
            (_ODD, _SLOW),
            (413.0, 101.5),
        ),
        _coherence(
            "equal rates, clocks half a sample apart",
            CoherenceConfig(
                id="sync",
                stream="LFP",
                other_stream="twin",
                band_hz=(10.0, 60.0),
                pairs=(("left", "a"), ("right", "b")),
                segment_s=0.1,
                window_s=0.4,
            ),
            (_LFP, StreamLayout("twin", 250.0, ("a", "b"))),
            (250.01, 249.97),
        ),
    ),
}
