"""The real recordings that the figures are computed from, as arrays in microvolts.

They are found through the environment variable ``STIMLOOP_DATA``, else in ``../shared/data`` beside
the checkout.
"""

import json
import os
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DATA = Path(os.environ.get("STIMLOOP_DATA", Path(__file__).parents[3] / "shared" / "data"))


class Recorded(NamedTuple):
    """One part of one recording, shape (n_samples, n_channels)."""

    rate_hz: float
    channels: tuple[str, ...]
    samples_uv: NDArray[np.float64]


def stn_ecog() -> Recorded:
    """Return three STN-LFP and six M1 ECoG channels, whose file is a million times too large."""
    (header,) = (DATA / "stn-ecog-pd-brainvision").rglob("*_ieeg.vhdr")
    lines = header.read_text("utf-8").splitlines()
    told = [line.partition("=")[2].split(",") for line in lines if line.startswith("Ch")]
    labels = [fields[0] for fields in told if len(fields) > 2]
    factors = np.array([float(fields[2]) for fields in told if len(fields) > 2])
    raw = np.fromfile(header.with_suffix(".eeg"), dtype="<f4").reshape(-1, len(labels))
    used = [index for index, label in enumerate(labels) if not label.startswith("MOV")]
    samples_uv = raw[:, used].astype(np.float64) * factors[used] * 1e-6
    return Recorded(1000.0, tuple(labels[index] for index in used), samples_uv)


def m1_ecog() -> Recorded:
    """Return one M1 ECoG channel of a patient with Parkinson's disease, 89 s."""
    return Recorded(1000.0, ("M1",), _array("m1-ecog-pd-cole2017/exampledata.npy")[:, None])


def dbs_on() -> Recorded:
    """Return ECoG and STN-LFP under stimulation, 60 s, in the file's own unit."""
    samples = _array("dbs130-on-pyparrm/ecog_lfp_data.npy").T
    return Recorded(1000.0, ("ECOG", "STN"), np.ascontiguousarray(samples))


def percept() -> list[Recorded]:
    """Return the streaming runs of an implant, two subthalamic channels at 250 Hz."""
    text = (DATA / "percept-json" / "report_from_rda.json").read_text("utf-8")
    runs: dict[str, list[dict[str, object]]] = {}
    for each in json.loads(text)["BrainSenseTimeDomain"]:
        runs.setdefault(each["FirstPacketDateTime"], []).append(each)
    return [_run(runs[start]) for start in sorted(runs)]


def _run(channels: list[dict[str, object]]) -> Recorded:
    columns = [np.asarray(each["TimeDomainData"], dtype=np.float64) for each in channels]
    n_samples = min(map(len, columns))
    samples_uv = np.stack([column[:n_samples] for column in columns], axis=1)
    return Recorded(250.0, tuple(str(each["Channel"]) for each in channels), samples_uv)


def _array(path: str) -> NDArray[np.float64]:
    with warnings.catch_warnings():  # written by a Python of long ago
        warnings.simplefilter("ignore", UserWarning)
        loaded: NDArray[np.float64] = np.load(DATA / path).astype(np.float64)
    return loaded
