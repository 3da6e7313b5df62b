"""The end of a session as text: what came in, which flaws it had, what was detected, warnings."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stimloop.terminal.therapy_text import therapy_lines

#: With less than this share of valid hops a channel was of little use.
_VALID_SHARE_MIN = 0.5
#: Channels that are named in a line.
_N_NAMED_MAX = 4
#: Causes that are named in a warning, the most serious first.
_N_CAUSES_MAX = 3
#: Flaws that make hops invalid, the most serious first, each with a remedy.
_REMEDIES = {
    "empty": "let its sender send, or leave the stream out of the file",
    "rate": "give it its true nominal rate, at the amplifier or in the recording's header: windows "
    "and bands are counted in samples of it",
    "implausible": "write the unit that fits under [[streams]], or after --unit of replay, or "
    "leave the channel out of channels = [...]",
    "not_finite": "leave the channel out of channels = [...]: its amplifier gives no number there",
    "frozen": "look at the channel's cable and reference, or leave it out of channels = [...]",
    "saturated": "lower the amplifier's gain, or leave the channel out of channels = [...]",
    "not_finite_stamp": "let the sender stamp every sample: without stamps nothing has a time",
    "clock_reset": "look at the sender's clock: its stamps jump, and windows fill anew after that",
    "backwards": "look at the sender's clock: its stamps run back",
    "late": "look at the sender's stamps, or write a larger gap_s_min under [streams.quality]",
    "gap": "look for the samples that were lost between amplifier and recorder; windows fill anew "
    "after a gap, so a shorter window_s helps",
    "silent": "look at the amplifier and its network: it paused",
    "lost": "look at the amplifier and its network: it went away",
    "changed": "name the stream by more keys of match: another one answered",
    "movement": "look at the electrode, or at the movement table under [[streams.artifacts]]",
}
#: Flaws that are jumps of the stamps.
_OF_STAMPS = {"clock_reset", "backwards", "late", "gap"}
#: Flaws that follow from stamps in another unit, which is said once, by their rate.
_OF_UNIT = _OF_STAMPS | {"not_finite_stamp"}


def found_lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for all samples, each signal, each kind of flaw, each detector and device.

    Parameters
    ----------
    summary : mapping
        What `summary.json` says; of a recording also its ``unused_streams``.
    """
    yield (
        f"{_counted(summary['samples'], 'sample')}, {_counted(summary['estimates'], 'estimate')}, "
        f"{summary['n_valid']} of them valid"
    )
    for name, stream in summary["streams"].items():
        yield _stream(name, stream)
        yield from flaw_lines(name, summary["found"])
    if unused := summary.get("unused_streams"):  # of a recording; a live session has only its own
        yield f"streams of the recording that were not used: {'; '.join(unused)}"
    if not summary["edges"]:
        yield "nothing was detected"
    for name, edges in summary["edges"].items():
        told = ", ".join(_counted(n, kind) for kind, n in edges.items() if n)
        yield f"{name}: {told}"
    yield from therapy_lines(summary["therapy"])


def flaw_lines(name: str, found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each kind of flaw of one stream.

    Parameters
    ----------
    name : str
        The stream.
    found : sequence of mapping
        What `summary.json` has under ``found``, of this stream and others.
    """
    of_stream = [each for each in found if each["stream"] == name]
    if any(map(_is_of_unit, of_stream)):
        of_stream = [each for each in of_stream if each["kind"] not in _OF_UNIT]
    by_kind: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for each in of_stream:
        by_kind[each["kind"]].append(each)
    for kind, alike in by_kind.items():
        if kind != "unusual" or "implausible" not in by_kind:
            yield f"{name}: {_kind(kind, alike)}"


def warnings(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield why estimates were not valid where less than half were, or why tables are missing.

    Parameters
    ----------
    summary : mapping
        What `summary.json` says.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name, hops in summary["hops"].items():
        for text in _unusable(hops, summary):
            alike[text].append(name)
    for text, names in alike.items():
        yield f"{', '.join(names)}: {text}"
    told = " ".join(alike)
    for each in summary["found"]:
        if each["kind"] == "rate" and each["text"] not in told:
            yield f"{each['stream']}: {each['text']}: {_remedy(each)}"
    tables = summary.get("tables")  # of a session; a call of the library writes none
    if tables is not None and not tables["written"]:
        yield (
            f"no tables were written: {tables['problem']}: the journal has everything, "
            "stimloop export SESSION makes them"
        )


def _stream(name: str, stream: Mapping[str, Any]) -> str:
    measured_hz = stream["rate_measured_hz"]
    measured = "no rate can be measured" if measured_hz is None else f"{measured_hz:.6g} Hz"
    channels = _counted(stream["channels"], "channel")
    if n_derived := stream["derived_channels"]:
        channels += f" and {n_derived} derived"
    samples = _counted(stream["samples"], "sample")
    return (
        f"{name}: {samples} of {channels}, {measured} over its stamps "
        f"({stream['rate_hz']:g} Hz nominal)"
    )


def _kind(kind: str, found: Sequence[Mapping[str, Any]]) -> str:
    """Return how often a flaw occurred, on which channels, its first time, and its text then."""
    times = sum(each["times"] for each in found)
    samples = [each["samples"] for each in found if each["samples"] is not None]
    first = min(found, key=lambda each: each["first_s"])
    count = f"{_counted(sum(samples), 'sample')}, " if samples else ""
    count += "once" if times == 1 else f"{times} times"
    channels = [each["channel"] for each in found if each["channel"]]
    where = f" on {_named(channels)}" if len(channels) > 1 else ""
    return f"{kind.replace('_', ' ')}: {count}{where}, first at {first['first_s']:.2f} s: " + (
        first["text"] or "no more is known"
    )


def _unusable(hops: Mapping[str, Any], summary: Mapping[str, Any]) -> Iterator[str]:
    n_hops = hops["n"]
    few = [subject for subject, n in hops["n_valid"].items() if not n >= _VALID_SHARE_MIN * n_hops]
    if not n_hops:
        yield "no estimate: " + _causes(hops, summary, "its window was never full")
    elif few:
        n_valid = max(hops["n_valid"][subject] for subject in few)
        where = f" on {_named(few)}" if len(hops["n_valid"]) > 1 else ""
        yield f"{n_valid} of {n_hops} estimates valid{where}: " + _causes(
            hops,
            summary,
            "its window was seldom full: what was recorded is too short for it, or in too many "
            "pieces: write a shorter window_s",
        )
    else:
        never = hops["never_valid"]
        if never:
            yield (
                f"never valid: {_named(never)}: a threshold wants calibrate_s of valid estimates, "
                "chance levels want their time too: write a shorter one, or record for longer"
            )


def _causes(hops: Mapping[str, Any], summary: Mapping[str, Any], otherwise: str) -> str:
    found = [
        each
        for each in summary["found"]
        if each["stream"] in hops["streams"] and each["kind"] in _REMEDIES
    ]
    by_kind = {each["kind"]: each for each in reversed(found)}
    if "rate" in by_kind:  # jumps of the stamps follow from it
        of_rate = _OF_UNIT if _is_of_unit(by_kind["rate"]) else _OF_STAMPS
        by_kind = {kind: each for kind, each in by_kind.items() if kind not in of_rate}
    causes = [
        f"{kind.replace('_', ' ')} from {by_kind[kind]['first_s']:.2f} s "
        f"({by_kind[kind]['text']}): {_remedy(by_kind[kind])}"
        for kind in _REMEDIES
        if kind in by_kind
    ]
    return "; ".join(causes[:_N_CAUSES_MAX]) or otherwise


def _remedy(found: Mapping[str, Any]) -> str:
    if _is_of_unit(found):
        return "let the sender stamp in seconds of the LSL clock"
    return _REMEDIES[found["kind"]]


def _is_of_unit(found: Mapping[str, Any]) -> bool:
    return found["kind"] == "rate" and "look like" in found["text"]


def _counted(n: int, what: str) -> str:
    return f"1 {what}" if n == 1 else f"{n} {what}s"


def _named(names: Sequence[str]) -> str:
    more = len(names) - _N_NAMED_MAX
    return ", ".join(names[:_N_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
