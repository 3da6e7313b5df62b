"""The output of `streams`: each stream on the network, and what looks wrong with it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from streamer.lsl.listing import ListedStream

_N_NAMED_MAX = 8
#: A larger difference between true and nominal rate is reported.
_RATE_ERROR = 0.02


def stream_lines(streams: Sequence[ListedStream]) -> Iterator[str]:
    """Yield two lines for each stream, and one more for each thing that looks wrong."""
    alike = Counter(_match(each) for each in streams)
    for each in streams:
        yield f"{each.name}: {_match(each)}, on {each.hostname}"
        if each.problem:
            yield f"  DOES NOT ANSWER: {each.problem}"
            continue
        yield f"  {_flow(each)}"
        yield f"  {len(each.channels)} channels of {each.dtype}: {_channels(each)}"
        for flaw in _flaws(each, alike[_match(each)]):
            yield f"  {flaw}"


def _match(each: ListedStream) -> str:
    """Return the keys of a `match` that finds this stream."""
    keys = {"name": each.name, "type": each.type, "source_id": each.source_id}
    said = ", ".join(f'{key} = "{value}"' for key, value in keys.items() if value)
    return f"match = {{ {said} }}"


def _flow(each: ListedStream) -> str:
    if not each.rate_hz:
        came = f"{each.n_samples} markers came" if each.n_samples else "no marker came"
        return f"irregular, {came}"
    measured = (
        "no rate can be measured yet"
        if each.rate_measured_hz is None
        else f"{each.rate_measured_hz:.6g} Hz over its stamps"
    )
    texts = [f"{each.rate_hz:g} Hz said, {measured}"]
    if each.interval_s is not None:
        texts.append(f"blocks every {1e3 * each.interval_s:.0f} ms")
    if each.age_s is not None:
        texts.append(f"{1e3 * each.age_s:.1f} ms old when it comes")
    if each.uncertainty_s is not None:
        texts.append(f"clock known to {1e3 * each.uncertainty_s:.2f} ms")
    return ", ".join(texts)


def _channels(each: ListedStream) -> str:
    named = [
        f"{label} ({unit or 'no unit'})"
        for label, unit in zip(each.channels, each.units, strict=True)
    ]
    more = len(named) - _N_NAMED_MAX
    return ", ".join(named[:_N_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")


def _flaws(each: ListedStream, n_alike: int) -> Iterator[str]:
    if n_alike > 1:
        yield f"{n_alike} STREAMS ANSWER TO THIS MATCH: end all but one, or name their host"
    if not each.rate_hz:
        return
    if not each.n_samples:
        yield "NOTHING CAME: is its amplifier running?"
    measured_hz = each.rate_measured_hz
    if measured_hz is not None and abs(measured_hz / each.rate_hz - 1.0) > _RATE_ERROR:
        yield "NOT THE NOMINAL RATE: windows and bands are counted in samples of the nominal rate"
    if each.age_s is not None and each.uncertainty_s is not None:
        if each.age_s < -max(each.uncertainty_s, 0.001):
            yield "STAMPS AHEAD of this machine's clock: a rig cannot be armed on them"
        elif each.age_s > 1.0:
            yield "OLD STAMPS: are they of the LSL clock, in seconds?"
    if each.uncertainty_s is None:
        yield "ITS CLOCK DOES NOT ANSWER: a rig cannot be armed on it"
