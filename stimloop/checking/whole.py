"""Finds all mistakes of a configuration file, by running every check."""

from collections.abc import Iterator, Mapping
from typing import Any

from replay.patient.patient import PatientConfig
from stimloop.checking.files import of_files
from stimloop.checking.loops import of_detectors
from stimloop.checking.mistakes import Mistake, from_text
from stimloop.checking.names import of_names
from stimloop.checking.parts import Parts
from stimloop.checking.tables import Reading
from stimloop.recommended import refusals
from streamer.source import StreamInfo
from streamer.streams import StreamConfig


def all_mistakes(reading: Reading, tables: Mapping[str, Any], *, with_files: bool) -> list[Mistake]:
    """Return every mistake of a file that can be found without streams, network or devices.

    Parameters
    ----------
    reading : Reading
        What was made of its tables.
    tables : mapping
        The tables.
    with_files : bool
        Whether the files that it names are looked at, too.
    """
    parts = Parts.of_reading(reading, tables)
    infos = {
        stream.name: info
        for stream in parts.streams
        if stream.config is not None
        and (info := expected_info(parts.patient, stream.config)) is not None
    }
    refused = [each.mistake for each in refusals(parts, None)]
    doubtful = {_table(each.path) for each in refused if each.path.startswith("$.detectors[")}
    unfit = [each for path, each in reading.unfit.items() if path in doubtful]
    of_unfit = {mistake for each in unfit for mistake in each.mistakes if _follows(mistake)}
    found = [each for each in reading.mistakes if each not in of_unfit]
    found += [*of_names(parts), *_of_whole(parts)]
    for each in of_detectors(parts, infos):
        if _table(each.path) not in doubtful or not _follows(each):
            found.append(each)
    return [*found, *refused, *(of_files(parts) if with_files else ())]


def no_signing(real: list[str]) -> str:
    """Return the error for real devices in a file that does not mention signing."""
    return (
        f"signing: expected a [signing] table with a device that is not simulated "
        f'({", ".join(real)}), mode = "hmac_sha256" or "off", found none'
    )


def expected_info(patient: PatientConfig | None, stream: StreamConfig) -> StreamInfo | None:
    """Return a stream's description as the file expects it; None where it says too little."""
    if patient is not None and stream.match.source_id == patient.source_id:
        return patient.info(stream.name)
    if stream.kind == "markers":
        return StreamInfo(
            name=stream.name, rate_hz=0.0, channels=("markers",), units=("",), dtype="string"
        )
    if stream.rate_hz is None or not stream.channels:
        return None
    return StreamInfo(
        name=stream.name,
        rate_hz=stream.rate_hz,
        channels=stream.channels,
        units=(stream.unit or "uV",) * len(stream.channels),
        dtype="float32",
    )


def _of_whole(parts: Parts) -> Iterator[Mistake]:
    """Yield the mistakes of the file as a whole, whether or not each table is valid."""
    if parts.real and not parts.has_signing:
        yield from from_text(no_signing([each.name for each in parts.real]))
    for device in parts.devices:
        if device.config is not None and parts.gate is not None:
            try:
                device.config.require_way_out(parts.gate.lease_s)
            except ValueError as error:
                yield from from_text(str(error), device.path)


def _follows(mistake: Mistake) -> bool:
    """Return whether a mistake may be only a consequence of a frequency in another unit."""
    return mistake.path.endswith(("_hz", "window_s", "hop_s", "segment_s"))


def _table(path: str) -> str:
    return path[: path.find("]") + 1]
