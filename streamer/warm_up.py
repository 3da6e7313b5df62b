"""Everything compiled and loaded before the first sample: nothing compiles once a rig is armed."""

from collections.abc import Sequence

import numpy as np

from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.events import Chunk, ClockCorrection, StreamChanged, Tick
from streamer.journal.digests import Digests
from streamer.journal.records import encode_outcome, encode_step
from streamer.source import StreamInfo

_N_SAMPLES_MIN = 64


def warm_up(config: LoopConfig, infos: Sequence[StreamInfo]) -> None:
    """Run a loop of the same configuration on a little noise, and throw it away.

    Parameters
    ----------
    config : LoopConfig
        The rig.
    infos : sequence of StreamInfo
        The streams as they were found; kernels are compiled for their data types.
    """
    loop = ClosedLoop(config, infos, "warm-up")
    hops = [detector.hop_samples for detector in loop.chain.detectors.values()]
    lengths = (1, 2, max([_N_SAMPLES_MIN, *hops]))
    digests = Digests()
    random = np.random.default_rng(0)
    for info in infos:
        if not info.is_signal:
            continue
        loop.step(ClockCorrection(info.name, 0.0, 0.0), 0.0)
        first = 0
        for n_samples in lengths:
            samples = random.normal(0.0, 10.0, (n_samples, len(info.channels))).astype(info.dtype)
            stamps_s = (first + np.arange(n_samples)) / info.rate_hz
            samples.flags.writeable = False
            stamps_s.flags.writeable = False
            event = Chunk(info.name, first, samples, stamps_s)
            outcome = loop.step(event, float(stamps_s[-1]))
            encode_step(event, encode_outcome(outcome))
            digests.add(outcome)
            first += n_samples
        loop.step(StreamChanged(info.name, "resumed"), 0.0)
        loop.step(Tick(), 0.0)
    digests.as_dict()
