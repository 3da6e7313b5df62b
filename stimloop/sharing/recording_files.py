"""The files of one stream: samples, channels, events and sidecar, mostly through mne-bids."""

import warnings
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from stimloop.reporting.optional_packages import loaded
from stimloop.sharing.dataset import read_json, write_json
from stimloop.sharing.events import EventTable
from stimloop.sharing.formats.bdf import WrittenBdf, write_bdf
from stimloop.sharing.formats.brainvision import write_brainvision
from stimloop.sharing.formats.channels import MNE_TYPES, Channel, channels_of, table
from stimloop.sharing.formats.physio import write_physio
from stimloop.sharing.formats.samples import Samples
from stimloop.sharing.labels import Labels
from stimloop.sharing.material import SharedSession
from stimloop.sharing.request import Request
from stimloop.sharing.sidecars import physio_sidecar, sidecar
from streamer.watching.wall_clock import utc_of

_EXTRA: Final = "bids"
_WHAT: Final = "--bids"


class Libraries(NamedTuple):
    """The modules that write recordings."""

    mne: Any
    mne_bids: Any
    edfio: Any


def libraries() -> Libraries:
    """Return the modules that write recordings.

    Raises
    ------
    ConfigError
        Where one is not installed: names the extra.
    """
    return Libraries(*(loaded(each, _WHAT, _EXTRA) for each in Libraries._fields))


class Beside(NamedTuple):
    """The stream beside which a table stands, its folder, and what the table is called there."""

    stream: str
    datatype: str
    label: str


class StreamFiles:
    """Writes the files of streams into a folder that becomes part of a dataset.

    Parameters
    ----------
    root : Path
        Of what is written.
    session : SharedSession
        The session.
    request : Request
        What it is called, and so on.
    modules : Libraries
        What writes recordings.
    """

    def __init__(
        self, root: Path, session: SharedSession, request: Request, modules: Libraries
    ) -> None:
        self._mne, self._mne_bids, self._edfio = modules
        self._root = root
        self._session = session
        self._request = request

    @property
    def labels(self) -> Labels:
        """What the session is called."""
        return self._request.labels

    def write(self, stream: str, samples: Samples, labels: Labels, datatype: str) -> None:
        """Write an LFP stream as BrainVision, or an EMG stream as BDF, with all that goes with it.

        Parameters
        ----------
        stream : str
            Its name.
        samples : Samples
            What the journal has of it.
        labels : Labels
            Of its files.
        datatype : {"ieeg", "emg"}
            The folder.
        """
        is_emg = datatype == "emg"
        channels = channels_of(
            self._session, stream, self._request.channel_types, in_microvolts=is_emg
        )
        begins = self._begins(stream)
        folder = self._root / ".written"
        folder.mkdir(exist_ok=True)
        bdf: WrittenBdf | None = None
        if is_emg:
            file = folder / "samples.bdf"
            bdf = write_bdf(file, samples, channels, begins, self._edfio)
        else:
            file = folder / "samples.vhdr"
            write_brainvision(file, samples, channels, begins)
        path = self._through_mne(file, channels, labels, datatype, begins)
        for each in folder.iterdir():
            each.unlink()
        folder.rmdir()
        names = [each.name for each in channels] if bdf is None else bdf.names
        stem = path.with_name(path.name.partition(".")[0].rpartition("_")[0])
        beside = path.with_suffix(".json")
        own = sidecar(self._session, stream, channels, self._request, bdf)
        write_json(beside, read_json(beside) | own)
        described = table(
            channels,
            samples.file_time.rate_hz,
            reference=self._request.reference or "n/a",
            names=names,
            muscles=self._request.muscles if is_emg else None,
        )
        stem.with_name(f"{stem.name}_channels.tsv").write_text(described, encoding="utf-8")
        events = EventTable(
            self._session,
            stream,
            n_padded=0 if bdf is None else bdf.n_padded,
            not_finite=() if bdf is None else bdf.not_finite,
        )
        self._write_events(stem, events)

    def write_other(self, stream: str, samples: Samples, labels: Labels, beside: Beside) -> None:
        """Write a stream that is neither, as a table beside the file of another."""
        channels = channels_of(
            self._session, stream, self._request.channel_types, in_microvolts=False
        )
        folder = self._root / labels.folder / beside.datatype
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{labels.stem('physio', recording=beside.label)}.tsv.gz"
        write_physio(file, samples, channels)
        file_time = self._session.times[beside.stream]
        start_s = file_time.position_at(self._session.times[stream].start_s) / file_time.rate_hz
        described = folder / f"{file.name.partition('.')[0]}.json"
        said = physio_sidecar(self._session, stream, channels, self._request, start_s=start_s)
        write_json(described, said)
        if stream == beside.stream:
            stem = folder / labels.stem("x").removesuffix("_x")
            self._write_events(stem, EventTable(self._session, stream))

    def _begins(self, stream: str) -> datetime | None:
        utc_us = self._session.utc_us(self._session.times[stream].start_s)
        return utc_of(utc_us) if utc_us is not None and self._request.has_dates else None

    def _through_mne(
        self,
        file: Path,
        channels: list[Channel],
        labels: Labels,
        datatype: str,
        begins: datetime | None,
    ) -> Path:
        """Let mne-bids put a file in its place, with what belongs to the dataset as a whole."""
        with warnings.catch_warnings():
            # Of units that are no voltage, and that the electrodes of EMG are nowhere.
            warnings.simplefilter("ignore")
            io = self._mne.io
            read = io.read_raw_bdf if datatype == "emg" else io.read_raw_brainvision
            raw = read(file, preload=False, verbose="ERROR")
            kinds = [MNE_TYPES[each.type] for each in channels]
            raw.set_channel_types(dict(zip(raw.ch_names, kinds, strict=True)), verbose="ERROR")
            raw.set_annotations(None)
            raw.set_meas_date(begins)
            raw.info["line_freq"] = self._request.line_hz
            path = self._mne_bids.BIDSPath(
                root=self._root,
                subject=labels.subject,
                session=labels.session or None,
                task=labels.task,
                acquisition=labels.acquisition or None,
                run=labels.run or None,
                datatype=datatype,
            )
            written = self._mne_bids.write_raw_bids(
                raw,
                path,
                emg_placement="Other" if datatype == "emg" else None,
                overwrite=True,
                verbose="ERROR",
            )
        return Path(written.fpath)

    @staticmethod
    def _write_events(stem: Path, events: EventTable) -> None:
        stem.with_name(f"{stem.name}_events.tsv").write_text(events.tsv(), encoding="utf-8")
        write_json(stem.with_name(f"{stem.name}_events.json"), events.descriptions())
