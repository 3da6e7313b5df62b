"""What is doubtful about a calibration, and what a stream of an odd amplitude is taken for."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from detectors.bands.aliasing import aliased_harmonics
from detectors.conditioning.quality_config import Kind
from replay.inspection.inspected import ChannelInspection, StreamInspection
from streamer.streams import StreamConfig

#: Thresholds and onset of less are rough.
_ENOUGH_S: Final = 60.0


def table_for(
    config: StreamConfig, chosen: tuple[StreamInspection, ChannelInspection]
) -> StreamConfig:
    """Return the table of the chosen stream, with the chosen pair alone as its montage.

    A stream of an amplitude that its unit cannot have becomes one of kind ``other``, whose numbers
    are taken as they are: as LFP no sample of it would be used.
    """
    stream, channel = chosen
    montage = tuple(each for each in stream.montage if each.channel == channel.channel)
    return replace(config, montage=montage, kind=kind_for(config.kind, channel))


def kind_for(kind: Kind, channel: ChannelInspection) -> Kind:
    """Return what a stream is to be judged as; see `table_for`."""
    return "other" if channel.problem.startswith("implausible") else kind


def doubts(
    stream: StreamInspection,
    channel: ChannelInspection,
    band_hz: tuple[float, float],
    found_good_s: float,
) -> Iterator[str]:
    """Yield what is doubtful, a line each."""
    if channel.problem:
        yield (
            f"{channel.channel}: {channel.problem}; its numbers are taken as they are (kind "
            "other): thresholds hold for a stream with the same numbers alone"
        )
    if found_good_s < _ENOUGH_S:
        yield (
            f"{found_good_s:.3g} s of good samples: thresholds and onset of less than "
            f"{_ENOUGH_S:g} s are rough"
        )
    if stream.measured_hz and abs(stream.measured_hz / stream.rate_hz - 1.0) > 0.005:
        yield (
            f"the rate is {stream.measured_hz:.5g} Hz over the stamps and {stream.rate_hz:g} Hz "
            "as the stream says: frequencies are those of the stated rate"
        )
    for line in channel.lines:
        if line.kind == "stimulation" and not line.note:
            folded = aliased_harmonics(line.frequency_hz, stream.rate_hz, band_hz)
            where = (
                f", of which harmonic {folded[0].harmonic} falls into the band" if folded else ""
            )
            yield (
                f"{channel.channel}: a line at {line.frequency_hz:.2f} Hz looks like a "
                f"stimulation{where}: see stimulation_period under [[streams.artifacts]]"
            )
