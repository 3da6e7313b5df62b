"""Opens session reports: time domain, logged power and amplitude as streams on one clock."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from replay.readers.implants.percept.logs import log_streams
from replay.readers.implants.percept.report import NOT_READ, SessionReport, n_runs_of, read_report
from replay.readers.implants.percept.runs import power_runs, time_domain_runs
from replay.readers.implants.percept.stream import streams_of
from replay.readers.implants.percept.ticks import TickClock
from replay.readers.reader import Reader
from replay.recording import Recording, RecordingError

#: Keys by which a report is recognized: each is near its beginning.
_KNOWN_BY: Final = (b'"FeatureInformationCode"', b'"ProgrammerVersion"', b'"ProgrammerUtcOffset"')


def open_percept(path: Path) -> Recording:
    """Open a session report of Medtronic's Percept.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Recording
        A stream for each set of channels that were streamed together, ``BrainSenseTimeDomain
        ZERO_TWO_LEFT ONE_THREE_RIGHT`` (type ``LFP``, µV) and ``IndefiniteStreaming ...``; of the
        log one of power, ``BrainSenseLfp power ONE_THREE_RIGHT`` (type ``Power``, unit ``lsb``),
        and one of amplitude, ``BrainSenseLfp amplitude LEFT RIGHT`` (type ``Amplitude``, ``mA``).
        Runs of the same channels follow each other in one stream, with the time between them.
        ``TherapySnapshot`` (markers) has the settings of each run. What the implant kept of the
        weeks before are logs, which `stimloop play` plays only by name: ``LFPTrendLogs LEFT``
        (power and amplitude of ten minutes), the markers ``LfpFrequencySnapshotEvents``,
        ``EventLogs``, ``GroupHistory`` and ``EventSummary``, and the spectra of events.

    Raises
    ------
    RecordingError
        Where it is no report, or holds none of these.

    Notes
    -----
    Stamps are the implant's ticks in seconds: a tick is that of the last sample of its packet, so
    what a lost packet leaves is a gap. Sequence numbers are not looked at: packets of time domain
    and log share them, so they alternate without any loss. Ticks roll over after 3276.8 s; between
    runs, dates say how often. Where packets and samples do not go together, or ticks are no
    clock's, samples are counted at their rate, and a warning says so.

    Logs have dates, which are put on the clock of the ticks by the dates of the runs.

    A report is read as a whole, of some megabytes an hour: JSON has no index.
    """
    report = read_report(path)
    warnings: list[str] = []
    clock = TickClock()
    runs = [*time_domain_runs(report, clock, warnings), *power_runs(report, clock, warnings)]
    streams = (*streams_of(runs), *log_streams(report, clock, warnings))
    left_out = [*_not_read(report)]
    if not streams:
        found = "; ".join([*warnings, *left_out]) or "none of them"
        raise RecordingError(
            f"{path}: expected a run of BrainSenseTimeDomain, IndefiniteStreaming or "
            f"BrainSenseLfp, or a log with dates, found {found}"
        )
    return Recording(path, streams, (*warnings, *left_out))


def _not_read(report: SessionReport) -> Iterator[str]:
    for section in NOT_READ:
        if n_runs := n_runs_of(report, section):
            yield f"$.{section}: {n_runs} runs without ticks, of tests of channels, are not read"


READER: Final = Reader(
    format="Percept",
    suffixes=(".json",),
    recognizes=lambda _path, first: any(each in first for each in _KNOWN_BY),
    open=open_percept,
)
