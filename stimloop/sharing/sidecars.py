"""What stands beside the samples of a file: how they were recorded, and what they are in it."""

from collections.abc import Sequence
from importlib import metadata
from typing import Any, Final

import numpy as np

from stimloop.reporting.optional_packages import loaded
from stimloop.sharing.closed_loop_parameters import (
    KEY,
    closed_loop_parameters,
    is_stimulated,
    stimulation_text,
)
from stimloop.sharing.formats.bdf import WrittenBdf
from stimloop.sharing.formats.channels import Channel
from stimloop.sharing.material import SharedSession
from stimloop.sharing.request import Request

_UNKNOWN: Final = "n/a"
_GAPS: Final = (
    "Gaps of the stream are filled, so that a data point stands where its time is; each is an "
    "event BAD_ACQ_SKIP, and nothing in it was measured."
)
_AS_RECORDED: Final = "every number as the stream had it, bit for bit"
#: Data types whose every number single precision keeps.
_EXACT: Final = frozenset({"float32", "int8", "uint8", "int16", "uint16"})


def sidecar(
    session: SharedSession,
    stream: str,
    channels: Sequence[Channel],
    request: Request,
    bdf: WrittenBdf | None,
) -> dict[str, Any]:
    """Return `*_ieeg.json` or `*_emg.json` of one stream."""
    file_time, info = session.times[stream], session.infos[stream]
    datatype = "ieeg" if bdf is None else "emg"
    reference = request.reference or _UNKNOWN
    counts = {
        f"{name}ChannelCount": sum(each.type in types for each in channels)
        for name, types in (
            *((("ECOG", {"ECOG"}), ("SEEG", {"SEEG", "DBS"})) if datatype == "ieeg" else ()),
            ("EEG", {"EEG"}),
            ("EOG", {"EOG"}),
            ("ECG", {"ECG"}),
            ("EMG", {"EMG"}),
            ("Misc", {"MISC"}),
            ("Trigger", {"TRIG"}),
        )
    }
    return {
        "TaskName": request.labels.task,
        "TaskDescription": request.task_description or "Closed-loop session of stimloop",
        "SamplingFrequency": file_time.rate_hz,
        "SamplingFrequencyEffective": file_time.rate_true_hz,
        "PowerLineFrequency": request.line_hz or _UNKNOWN,
        "SoftwareFilters": _UNKNOWN,
        "HardwareFilters": _UNKNOWN,
        "RecordingType": "continuous",
        "RecordingDuration": file_time.n_positions / file_time.rate_hz,
        "Manufacturer": request.manufacturer or _UNKNOWN,
        "SoftwareVersions": f"stimloop {session.header.versions.get('stimloop', _UNKNOWN)}",
        **(_of_emg(reference, request) if datatype == "emg" else _of_ieeg(session, reference)),
        **counts,
        **_of_stimloop(session, stream, _kept(info.dtype, bdf), has_dates=request.has_dates),
        KEY: closed_loop_parameters(session),
    }


def dataset_description(request: Request) -> dict[str, Any]:
    """Return a new dataset's `dataset_description.json`."""
    version = loaded("bidsschematools.schema", "--bids", "bids").load_schema().bids_version
    return {
        "Name": request.name,
        "BIDSVersion": str(version),
        "DatasetType": "raw",
        **({"Authors": list(request.authors)} if request.authors else {}),
        "GeneratedBy": [
            {
                "Name": "stimloop",
                "Version": metadata.version("stimloop"),
                "Description": "stimloop export --bids: sessions of a closed loop from their "
                "journals",
            }
        ],
    }


def physio_sidecar(
    session: SharedSession,
    stream: str,
    channels: Sequence[Channel],
    request: Request,
    *,
    start_s: float,
) -> dict[str, Any]:
    """Return `*_physio.json` of a stream that begins `start_s` after the file it goes with."""
    file_time = session.times[stream]
    names = [each.name for each in channels]
    return {
        "SamplingFrequency": file_time.rate_hz,
        "SamplingFrequencyEffective": file_time.rate_true_hz,
        "StartTime": start_s,
        "Columns": names,
        **{
            each.name: {"Description": f"channel {each.name}", "Units": each.unit}
            for each in channels
        },
        **_of_stimloop(session, stream, _AS_RECORDED, has_dates=request.has_dates),
    }


def _of_ieeg(session: SharedSession, reference: str) -> dict[str, Any]:
    return {
        "iEEGReference": reference,
        "ElectricalStimulation": is_stimulated(session),
        "ElectricalStimulationParameters": stimulation_text(session),
    }


def _of_emg(reference: str, request: Request) -> dict[str, Any]:
    return {
        "EMGReference": reference,
        "EMGPlacementScheme": "Other",
        "EMGPlacementSchemeDescription": request.emg_placement
        or "Not known: stimloop does not record how electrodes were placed",
    }


def _kept(dtype: str, bdf: WrittenBdf | None) -> str:
    """Return how exact the numbers in a file are."""
    if bdf is not None:
        step = max(bdf.resolution)
        return f"24 bits a sample: numbers come back within half a step of at most {step:.3g}"
    if dtype in _EXACT:
        return _AS_RECORDED
    return f"{dtype} rounded to single precision, by {np.finfo(np.float32).eps / 2:.2g} of it"


def _of_stimloop(
    session: SharedSession, stream: str, kept: str, *, has_dates: bool
) -> dict[str, Any]:
    """Return what no key of BIDS says: whether it is simulated, and how exact its numbers are."""
    is_simulated = stream in session.simulated_streams
    about = session.tables.get("session", {})
    said = "from a simulated patient: nobody was recorded" if is_simulated else "as recorded"
    return {
        "StimloopSession": {
            # Its name tells when it was.
            **({"Session": session.header.session} if has_dates else {}),
            "Stream": stream,
            "Signals": said,
            "SimulatedSignals": is_simulated,
            "SimulatedStimulators": [each.id for each in session.config.devices if each.simulated],
            "VirtualTime": not session.is_timed,
            "Side": about.get("side") or _UNKNOWN,
            "Medication": about.get("medication") or _UNKNOWN,
            "Numbers": kept,
            "Gaps": _GAPS,
            "Samples": session.times[stream].n_samples,
            "JournalConfigurationSHA256": session.header.config_sha256,
        }
    }
