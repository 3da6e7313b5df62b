"""One channel of a recording, conditioned as on a rig and kept in memory."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from msgspec.structs import replace

from detectors import offline
from detectors.block import Block, StreamLayout, Taint
from detectors.chain import AnyDetectorConfig, DetectorChain
from detectors.offline import DetectorResult
from replay.offline import LONG_CHUNKS, conditioned
from replay.recording import RecordedStream, Recording
from replay.recording_source import RecordingSource
from streamer.streams import Match, StreamConfig
from streamer.wiring.wiring import conditioners

#: Samples that a chain is fed at once.
_N_AT_ONCE: Final = 2**16


def keep_channel(
    recording: Recording, stream: RecordedStream, config: StreamConfig, channel: str
) -> tuple[Block, StreamLayout]:
    """Return all samples of one channel as one block, with its layout.

    Parameters
    ----------
    recording : Recording
        The file, for messages.
    stream : RecordedStream
        The stream of the channel.
    config : StreamConfig
        Its table.
    channel : str
        One of its own channels, or of its montage.

    Raises
    ------
    StreamError
        Where the stream cannot be read.
    ValueError
        Where the table does not fit the stream.
    """
    alone = Recording(recording.path, (stream,))
    config = replace(config, match=Match(index=0))
    source = RecordingSource(alone, (config,), LONG_CHUNKS)
    source.open()
    steps = conditioners((config,), source.infos)
    layout = steps[config.name].layout
    column = layout.channels.index(channel)
    blocks = [block for _, block, _ in conditioned(source, steps)]
    kept = Block(
        config.name,
        0,
        np.ascontiguousarray(np.concatenate([each.samples_uv[:, [column]] for each in blocks])),
        np.concatenate([each.time_s for each in blocks]),
        np.concatenate([each.taint[:, [column]] for each in blocks]),
    )
    return kept, StreamLayout(config.name, layout.rate_hz, (channel,))


def detect(
    block: Block, layout: StreamLayout, configs: Sequence[AnyDetectorConfig]
) -> Mapping[str, DetectorResult]:
    """Run detectors over a kept channel, as a rig runs them."""
    chain = DetectorChain(configs, {layout.name: layout})
    pieces = (_piece(block, start) for start in range(0, len(block.time_s), _N_AT_ONCE))
    return offline.detect(chain, pieces)


def good_s(block: Block, rate_hz: float, spoils: Taint) -> float:
    """Return how many seconds of a channel's samples carry none of these flaws."""
    return float(((block.taint[:, 0] & np.uint16(spoils)) == 0).sum() / rate_hz)


def _piece(block: Block, start: int) -> Block:
    rows = slice(start, start + _N_AT_ONCE)
    fields: dict[str, Any] = {
        "samples_uv": block.samples_uv[rows],
        "time_s": block.time_s[rows],
        "taint": block.taint[rows],
    }
    return Block(block.stream, block.first_sample + start, **fields)
