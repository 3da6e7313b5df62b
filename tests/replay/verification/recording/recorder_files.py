"""What a recorder would have written of a session: an XDF file that a test can change."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from replay.readers.session import open_session
from replay.recorded_loop import journal_of, recorded_loop
from streamer.journal.reader import JournalReader
from streamer.journal.records import StepRecord
from streamer.publishing.own_samples import EventSamples, estimate_rows
from streamer.publishing.own_streams import own_infos, source_id
from streamer.source import StreamInfo
from tests.replay import xdf_writer


@dataclass(frozen=True)
class Recorded:
    """One stream of the file; `rows` are numbers, or texts of one channel."""

    info: StreamInfo
    rows: NDArray[np.generic] | list[str]
    stamps_s: list[float] = field(default_factory=list)

    def without(self, first: int, stop: int) -> "Recorded":
        """Return it without some samples."""
        keep = [k for k in range(len(self.stamps_s)) if not first <= k < stop]
        rows = self.rows
        kept = rows[keep] if isinstance(rows, np.ndarray) else [rows[k] for k in keep]
        return replace(self, rows=kept, stamps_s=[self.stamps_s[k] for k in keep])

    def changed(self, sample: int) -> "Recorded":
        """Return it with the lowest bit of one value, or one letter, changed."""
        if isinstance(self.rows, list):
            rows = list(self.rows)
            rows[sample] += " "
            return replace(self, rows=rows)
        values = self.rows.copy()
        values.reshape(-1).view(np.uint8)[sample * values[0].nbytes] ^= 1
        return replace(self, rows=values)


#: Streams of the rig by their name, our own by their source id.
Streams = dict[str, Recorded]


def streams_of(session: Path) -> Streams:
    """Return every stream that a recorder would have had of a session."""
    found: Streams = {}
    for stream in open_session(session).streams:
        stretch = stream.read(0, stream.n_samples)
        is_text = stream.info.dtype == "string"
        rows = [row[0] for row in stretch.samples.tolist()] if is_text else stretch.samples
        name = stream.info.lsl_name
        found[name] = Recorded(stream.info, rows, stretch.timestamps_s.tolist())
    return found | _own(session)


def write(file: Path, streams: Streams) -> Path:
    """Write an XDF file."""
    content = [xdf_writer.file_header()]
    for number, stream in enumerate(streams.values(), 1):
        info = stream.info
        content.append(
            xdf_writer.header(
                number,
                name=info.lsl_name,
                n_channels=len(info.channels),
                rate_hz=f"{info.rate_hz!r}",
                dtype=info.dtype,
                labels=info.channels,
                kind=info.lsl_type,
                source_id=info.source_id,
            )
        )
        if isinstance(stream.rows, list):
            content.append(xdf_writer.texts(number, stream.rows, stream.stamps_s))
        else:
            content.append(xdf_writer.samples(number, stream.rows, stream.stamps_s))
    file.write_bytes(b"".join(content))
    return file


def _own(session: Path) -> Streams:
    with JournalReader(journal_of(session)) as reader:
        config, loop = recorded_loop(reader)
        rig = config.rig.name
        infos = own_infos(rig, loop.chain.detectors.values(), loop.gate.devices.values())
        stamps: dict[str, list[float]] = {each.source_id: [] for each in infos}
        rows: dict[str, list[NDArray[np.float64]]] = {each: [] for each in stamps}
        texts: list[str] = []
        events = EventSamples({n: e.layout.rate_hz for n, e in loop.conditioners.items()})
        for record in reader.records():
            if not isinstance(record.payload, StepRecord):
                continue
            outcome = loop.step(record.payload.event, record.now_s)
            for seen in outcome.seen:
                key = source_id(rig, f"detector/{seen.estimates.detector}")
                rows[key].append(estimate_rows(seen.estimates))
                stamps[key] += seen.estimates.time_s.tolist()
            for each in events.of_step(
                record.payload.event,
                record.now_s,
                notes=outcome.notes,
                detections=[each for seen in outcome.seen for each in seen.detections],
                decisions=outcome.decisions,
            ):
                texts.append(each.text)
                stamps[source_id(rig, "events")].append(each.time_s)
                if each.of_device is not None:
                    key = source_id(rig, f"device/{each.of_device.device}")
                    rows[key].append(np.array([each.of_device.values]))
                    stamps[key].append(each.time_s)
    return {
        each.source_id: Recorded(
            each,
            texts if each.dtype == "string" else np.concatenate(rows[each.source_id]),
            stamps[each.source_id],
        )
        for each in infos
    }
