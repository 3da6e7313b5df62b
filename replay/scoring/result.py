"""What a score says, as data: each metric with its interval, what chance gives, and the delay."""

from pathlib import Path
from typing import Any, Final

import msgspec

#: Version of the file, counted up where a field changes its name or its meaning.
FORMAT: Final = 1


class ScoreFileError(ValueError):
    """A file holds no score; the text names it, what was expected and what was found."""


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One figure.

    Parameters
    ----------
    name : str
        Its name, with the unit last where it has one.
    meaning : str
        What it is, in a sentence.
    unit : str
        Its unit; empty for a share.
    value : float or None
        None where there is nothing to compute it from; `note` says why.
    low, high : float or None
        Interval of 95 % confidence; None where there are too few data for one.
    interval : str
        How the interval was made, and why so.
    null : float or None
        What chance gives.
    null_of : str
        How chance was made, and which level of it this is.
    n : int
        How many bursts, hops or events it rests on.
    delay_s : float or None
        The delay that the detector declares, with which the figure must be read.
    note : str
        What else must be known; empty for nothing.
    """

    name: str
    meaning: str
    unit: str = ""
    value: float | None
    low: float | None = None
    high: float | None = None
    interval: str = ""
    null: float | None = None
    null_of: str = ""
    n: int = 0
    delay_s: float | None = None
    note: str = ""


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """Some seconds of a channel: the samples, their band without delay, and bursts of both sorts.

    Parameters
    ----------
    since_s : list of float
        Seconds since the recording began.
    raw_uv, band_uv, amplitude_uv : list of float
        Conditioned samples, the band of the reference, its amplitude.
    online, reference : list of (float, float)
        From onset to offset, in the same seconds.
    """

    since_s: list[float]
    raw_uv: list[float]
    band_uv: list[float]
    amplitude_uv: list[float]
    online: list[tuple[float, float]]
    reference: list[tuple[float, float]]


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """What pictures of a score are made of; every list may be empty.

    Parameters
    ----------
    online_s, reference_s, null_s : list of float
        How long each burst lasted: detected, of the reference, and on surrogates.
    onset_delay_s, offset_delay_s : list of float
        Of each burst that was met.
    phase_error_counts : list of int
        Errors of the phase in bins of equal width from -pi to pi.
    spectrum_hz, spectrum_uv2_per_hz : list of float
        Spectrum of the conditioned channel.
    course : Course or None
        Some seconds of it.
    """

    online_s: list[float] = []
    reference_s: list[float] = []
    null_s: list[float] = []
    onset_delay_s: list[float] = []
    offset_delay_s: list[float] = []
    phase_error_counts: list[int] = []
    spectrum_hz: list[float] = []
    spectrum_uv2_per_hz: list[float] = []
    course: Course | None = None


class DetectorScore(msgspec.Struct, frozen=True, kw_only=True):
    """One detector on one channel against one reference.

    Parameters
    ----------
    detector, kind, stream, channel : str
        What was scored.
    reference : {"offline", "markers", "log", "phase"}
        Against what.
    reference_text : str
        How that was made.
    delay_s : float
        The delay that the detector declares.
    band_hz : (float, float) or None
        The band of the reference, where it looks at one.
    judged_s : float
        How much of the recording both could say something about.
    metrics : tuple of Metric
        The figures.
    series : Series
        For pictures.
    """

    detector: str
    kind: str
    stream: str
    channel: str
    reference: str
    reference_text: str
    delay_s: float
    judged_s: float
    metrics: tuple[Metric, ...]
    band_hz: tuple[float, float] | None = None
    series: Series = Series()

    def metric(self, name: str) -> Metric:
        """Return a metric by its name.

        Raises
        ------
        KeyError
            Where it has none of this name.
        """
        for each in self.metrics:
            if each.name == name:
                return each
        raise KeyError(name)


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of all detectors of a rig on a recording.

    Parameters
    ----------
    format : int
        Version of this structure.
    file, rig : str
        Which recording, and which rig.
    config_sha256 : str
        Digest of the resolved configuration.
    recording_sha256 : str
        Digest of samples and stamps of the streams that the rig reads.
    versions : dict of str to str
        What computed it.
    settings : dict
        The reference rule, the seed, the part of the recording, surrogates.
    length_s : float
        How long the recording is.
    scores : tuple of DetectorScore
        One for each detector, channel and reference.
    therapy : dict
        By device, what its policy made of the recording, in the words of implants' reports: see
        the guide of sessions. Empty without devices.
    left_out : tuple of str
        What was not scored, and why.

    Examples
    --------
    `stimloop.score` returns one:

    >>> found = Score(
    ...     file="patient07.xdf", rig="rig", config_sha256="", recording_sha256="", versions={},
    ...     settings={}, length_s=60.0, scores=(),
    ... )
    >>> found.of("burst", "STN_1")
    ()
    """

    format: int = FORMAT
    file: str
    rig: str
    config_sha256: str
    recording_sha256: str
    versions: dict[str, str]
    settings: dict[str, Any]
    length_s: float
    scores: tuple[DetectorScore, ...]
    therapy: dict[str, dict[str, Any]] = {}
    left_out: tuple[str, ...] = ()

    def of(self, detector: str, channel: str | None = None) -> tuple[DetectorScore, ...]:
        """Return the scores of a detector, or of it on one channel."""
        return tuple(
            each
            for each in self.scores
            if each.detector == detector and channel in (None, each.channel)
        )

    def to_json(self) -> bytes:
        """Return the content of a file, which `read_score` reads."""
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"


def read_score(file: Path) -> Score:
    """Return the score that a file holds.

    Raises
    ------
    ScoreFileError
        Where it cannot be read, or holds something else.
    """
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Score)
    except OSError as error:
        raise ScoreFileError(f"{file}: expected a score, found: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ScoreFileError(
            f"{file}: expected a score, as stimloop score --out writes it, found another file: "
            f"{error}"
        ) from error
    if found.format != FORMAT:
        raise ScoreFileError(
            f"{file}: expected a score of format {FORMAT}, found format {found.format}: make it "
            "again with stimloop score"
        )
    return found
