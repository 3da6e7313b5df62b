"""An inspection as text: a block of lines a recording, or one line of a folder."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import msgspec
import tomli_w

from replay.inspection.inspected import ChannelInspection, Inspection, StreamInspection
from stimloop.short_toml import table_of
from stimloop.terminal.found_text import flaw_lines

if TYPE_CHECKING:
    from replay.inspection.spectral_lines import SpectralLine

#: Gaps, and lines of a channel, that are listed one by one.
_N_LISTED: Final = 5


def inspection_lines(found: Inspection) -> Iterator[str]:
    """Yield what an inspection says, for a person."""
    for warning in found.warnings:
        yield f"{found.name}: {warning}"
    for stream in found.streams:
        yield from _stream_lines(stream)


def montage_toml(stream: StreamInspection) -> str:
    """Return the suggested montage of a stream as TOML, to go into its `[[streams]]` table."""
    tables = [{**table_of(each), "terms": dict(each.terms)} for each in stream.montage]
    return tomli_w.dumps({"streams": [{"montage": tables}]}).removeprefix("[[streams]]\n").lstrip()


def summary_line(found: Inspection) -> str:
    """Return one line about a recording: its streams, length, gaps, and the highest peak."""
    told = [_short(each) for each in found.streams]
    damaged = f"; doubtful: {found.warnings[0]}" if found.warnings else ""
    return f"{found.path}: {'; '.join(told)}{damaged}"


def _short(stream: StreamInspection) -> str:
    if not stream.rate_hz:
        return f"{stream.name}: {stream.n_samples} markers"
    n_own = sum(not each.is_derived for each in stream.channels)
    gaps = ""
    if stream.gaps:
        gaps = ", 1 gap" if len(stream.gaps) == 1 else f", {len(stream.gaps)} gaps"
    length = f"{n_own} ch, {stream.rate_hz:g} Hz, {stream.duration_s:.1f} s{gaps}"
    if stream.problem:
        return f"{stream.name}: {stream.rate_hz:g} Hz, {stream.problem}"
    peaked = [each for each in stream.channels if each.peaks]
    if not peaked:
        problems = {each.problem for each in stream.channels if each.problem}
        why = next(iter(sorted(problems)), "no peak")
        return f"{stream.name}: {length}, {why}"
    best = max(peaked, key=lambda each: each.peaks[0].height_db)
    peak = best.peaks[0]
    where = f"{peak.frequency_hz:.1f} Hz (+{peak.height_db:.1f} dB, {best.channel})"
    return f"{stream.name}: {length}, peak {where}"


def _stream_lines(stream: StreamInspection) -> Iterator[str]:
    if not stream.rate_hz:
        yield f"{stream.name}: {stream.n_samples} markers in {stream.duration_s:.1f} s"
        return
    measured = "no rate can be measured"
    if stream.measured_hz is not None:
        measured = f"{stream.measured_hz:.6g} Hz over its stamps"
    own = [each for each in stream.channels if not each.is_derived]
    channels = f", {_channels(len(own))}" if own else ""
    yield (
        f"{stream.name}: {stream.kind}, {stream.n_samples} samples in {stream.duration_s:.1f} s"
        f"{channels}, {stream.rate_hz:g} Hz said, {measured}"
    )
    if stream.problem:
        yield f"  {stream.problem}"
        return
    yield from (f"  {line}" for line in _gap_lines(stream))
    found = [msgspec.to_builtins(each) for each in stream.flaws if each.kind != "gap"]
    prefix = f"{stream.name}: "
    yield from (f"  {line.removeprefix(prefix)}" for line in flaw_lines(stream.name, found))
    width = max((len(each.channel) for each in stream.channels), default=0)
    for channel in stream.channels:
        yield f"  {channel.channel:<{width}}  {_channel_text(channel)}"
    yield from (f"  {line}" for line in _line_lines(stream))
    if stream.montage:
        yield "  suggested bipolar montage, to go into the stream's table:"
        yield from (f"    {line}" for line in montage_toml(stream).splitlines() if line)


def _gap_lines(stream: StreamInspection) -> Iterator[str]:
    if not stream.gaps:
        return
    lost_s = sum(each.lost_s for each in stream.gaps)
    first = ", ".join(f"{g.lost_s:.3g} s at {g.time_s:.2f} s" for g in stream.gaps[:_N_LISTED])
    more = len(stream.gaps) - _N_LISTED
    rest = f" and {more} more" if more > 0 else ""
    yield f"gaps: {len(stream.gaps)}, {lost_s:.3g} s in all: {first}{rest}"


def _channel_text(channel: ChannelInspection) -> str:
    parts: list[str] = []
    if channel.sd is not None:
        parts.append(f"SD {channel.sd:.3g} {_unit(channel)}".rstrip())
    if channel.share_good < 1.0:
        parts.append(f"{100.0 * channel.share_good:.2f} % good")
    if channel.line is not None:
        line = channel.line
        parts.append(f"1/f^{line.exponent:.2f} [{line.exponent_low:.2f}, {line.exponent_high:.2f}]")
        parts += [
            f"{p.frequency_hz:.1f} Hz [{p.low_hz:.1f}, {p.high_hz:.1f}] +{p.height_db:.1f} dB "
            f"(p = {p.p:.2g})"
            for p in channel.peaks
        ] or ["no peak"]
    if channel.excursions is not None:
        found = channel.excursions
        parts.append(
            f"{found.n} of {found.of} s go far beyond the rest, up to {found.highest_ratio:.0f} "
            f"times, first at {found.first_s:.0f} s"
        )
    if channel.problem:
        parts.append(channel.problem)
    return ", ".join(parts)


def _unit(channel: ChannelInspection) -> str:
    return "µV" if channel.unit or channel.is_derived else ""


def _line_lines(stream: StreamInspection) -> Iterator[str]:
    by_line: dict[tuple[str, str, int], list[tuple[str, SpectralLine]]] = defaultdict(list)
    for channel in stream.channels:
        for line in channel.lines:
            key = line.kind, line.note, round(line.frequency_hz * 5.0)
            by_line[key].append((channel.channel, line))
    for (kind, note, _), alike in sorted(by_line.items(), key=lambda each: each[0][2]):
        highest = max((line for _, line in alike), key=lambda line: line.height_db)
        of_kind = {"mains": "mains", "stimulation": "looks like a stimulation"}.get(kind, "a line")
        named = f"{of_kind}, {note}" if note else of_kind
        yield (
            f"line at {highest.frequency_hz:.2f} Hz: {named}, up to +{highest.height_db:.0f} dB on "
            f"{_named([label for label, _ in alike])}"
        )


def _named(labels: Sequence[str]) -> str:
    more = len(labels) - _N_LISTED
    return ", ".join(labels[:_N_LISTED]) + (f" and {more} more" if more > 0 else "")


def _channels(n: int) -> str:
    return "1 channel" if n == 1 else f"{n} channels"
