"""What a calibration finds."""

from typing import Any, Final, Literal, TypeAlias

import msgspec

from detectors.conditioning.montage import MontageConfig
from detectors.conditioning.quality_config import Kind
from replay.inspection.inspected import ChannelSpectrum, as_plain
from replay.inspection.peaks import LineFit, Peak

#: Who proposed a rule for thresholds.
Rule: TypeAlias = Literal["bursts", "half_time", "percentiles", "capture"]
#: Where each rule is from.
SOURCES: Final[dict[Rule, str]] = {
    "bursts": "Tinkhauser et al., Brain 140(4), 2017, doi:10.1093/brain/awx010",
    "half_time": "Little et al., Annals of Neurology 74(3), 2013, doi:10.1002/ana.23951",
    "percentiles": "25th and 75th percentile, as later used of waking power (ADAPT-PD)",
    "capture": "Stanslaski et al., npj Parkinson's Disease 10, 2024, "
    "doi:10.1038/s41531-024-00772-5",
}


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """The measure over the whole recording, in its unit.

    Parameters
    ----------
    mean, median : float
        Of all valid hops.
    log10_mean, log10_sd : float
        Of their decadic logarithms: a baseline of the scale "z".
    one_over_f : float
        What the 1/f line alone has in the band.
    percentiles : dict of str to float
        The 5th, 10th, 25th, 50th, 75th, 90th and 95th.
    """

    mean: float
    median: float
    log10_mean: float
    log10_sd: float
    one_over_f: float
    percentiles: dict[str, float]


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds by one published rule, in the unit of the measure.

    Parameters
    ----------
    rule : {"bursts", "half_time", "percentiles", "capture"}
        ``bursts``: the 75th percentile [1]_; ``half_time``: what is exceeded half of the time, so
        that stimulation is on for half of it [2]_; ``percentiles``: the 25th and the 75th;
        ``capture``: the means of 30 s at the lowest and the highest amplitude, single at 75 %
        between [3]_.
    upper, lower, single : float or None
        Two thresholds, one threshold, or both.
    over_one_over_f_db : float
        The upper, or the single one, over what the 1/f line alone has in the band.
    share_above, surrogates_above : float
        Of the time that the measure is over it, in the recording, and on average in surrogates.
    note : str
        What is doubtful; empty where nothing is.

    References
    ----------
    .. [1] G. Tinkhauser et al., Brain 140(4), 2017, doi:10.1093/brain/awx010.
    .. [2] S. Little et al., Annals of Neurology 74(3), 2013, doi:10.1002/ana.23951.
    .. [3] S. Stanslaski et al., npj Parkinson's Disease 10, 2024,
       doi:10.1038/s41531-024-00772-5.
    """

    rule: Rule
    upper: float | None
    lower: float | None
    single: float | None
    over_one_over_f_db: float
    share_above: float
    surrogates_above: float
    note: str = ""


class BesideSurrogates(msgspec.Struct, frozen=True, kw_only=True):
    """A number of the recording beside that of its surrogates.

    Parameters
    ----------
    value : float
        Of the recording.
    median, low, high : float
        Of the surrogates: their median, and the 2.5th and 97.5th percentile.
    p : float
        How often a surrogate has as much or more: ``(1 + n) / (1 + surrogates)``.
    """

    value: float
    median: float
    low: float
    high: float
    p: float


class Bursts(msgspec.Struct, frozen=True, kw_only=True):
    """Bursts over the 75th percentile, and those of surrogates over the same level.

    Parameters
    ----------
    per_minute, mean_duration_s, longest_s : BesideSurrogates
        How many, how long on average, and the longest.
    """

    per_minute: BesideSurrogates
    mean_duration_s: BesideSurrogates
    longest_s: BesideSurrogates


class OnsetPoint(msgspec.Struct, frozen=True, kw_only=True):
    """How often two thresholds switch with one onset.

    Parameters
    ----------
    onset_s : float
        How long the measure must stay beyond a threshold.
    per_hour, undone_per_hour : float
        Switches, and those that the next one took back within an onset.
    surrogates_per_hour : float
        Switches of surrogates, on average.
    n : int
        Switches in all of the recording.
    """

    onset_s: float
    per_hour: float
    undone_per_hour: float
    surrogates_per_hour: float
    n: int


class BandOff(msgspec.Struct, frozen=True, kw_only=True):
    """What a band of the same width loses whose centre is off.

    Parameters
    ----------
    off_hz : float
        How far its centre is off.
    rhythm_share : float
        The power over the 1/f line that it has, as a share of that of the right band.
    correlation : float
        Of the logarithms of both measures, over time.
    burst_time_found : float
        Share of the time of the right band's bursts that lies in its own bursts, each over its own
        75th percentile; 0.25 where both have nothing to do with each other.
    """

    off_hz: float
    rhythm_share: float
    correlation: float
    burst_time_found: float


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that was looked at.

    Parameters
    ----------
    stream, channel : str
        Which.
    is_derived : bool
        Whether it is a suggested pair.
    problem : str
        Why it could not be used; empty where it could.
    peak : Peak or None
        Its highest peak.
    p : float
        Of that peak, corrected for the number of channels (Šidák); 1 without a peak.
    """

    stream: str
    channel: str
    is_derived: bool
    problem: str
    peak: Peak | None
    p: float


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording says a rig should be set to.

    Parameters
    ----------
    path : str
        The file.
    stream, channel : str
        The chosen one.
    kind : {"lfp", "emg", "other"}
        What the stream is taken for: "other" where its amplitude cannot be what its unit says.
    montage : MontageConfig or None
        What makes it, where it is a pair.
    candidates : tuple of Candidate
        Every channel that was looked at, the best first.
    peak : Peak
        Its peak.
    p : float
        Of the peak, corrected for the number of channels.
    line : LineFit
        Its 1/f line.
    spectrum : ChannelSpectrum
        What both are of.
    band_hz : tuple of float
        The peak's frequency and 3 Hz to both sides.
    window_s, hop_s : float
        Of the measure: band power.
    unit : str
        Of the measure.
    duration_s, good_s : float
        Of the recording, and of its samples without a flaw.
    baseline : Baseline
        The measure over the recording.
    thresholds : tuple of Thresholds
        By each rule that could be applied.
    bursts : Bursts or None
        None where there is no burst.
    averaging_s : float
        Of the means that are compared with thresholds, in the curve of onsets.
    onsets : tuple of OnsetPoint
        The curve.
    onset_s : float or None
        Where switching stops falling steeply.
    onset_reason : str
        Why there is none, or what is doubtful about it; empty where nothing is.
    bands_off : tuple of BandOff
        What bands 1 and 3 Hz off lose.
    n_surrogates, seed : int
        How many surrogates, and where their phases come from.
    warnings : tuple of str
        What is doubtful, a line each.
    """

    path: str
    stream: str
    channel: str
    kind: Kind
    montage: MontageConfig | None
    candidates: tuple[Candidate, ...]
    peak: Peak
    p: float
    line: LineFit
    spectrum: ChannelSpectrum
    band_hz: tuple[float, float]
    window_s: float
    hop_s: float
    unit: str
    duration_s: float
    good_s: float
    baseline: Baseline
    thresholds: tuple[Thresholds, ...]
    bursts: Bursts | None
    averaging_s: float
    onsets: tuple[OnsetPoint, ...]
    onset_s: float | None
    onset_reason: str
    bands_off: tuple[BandOff, ...]
    n_surrogates: int
    seed: int
    warnings: tuple[str, ...]

    def level_of(self, percentile: int) -> float:
        """Return a percentile of the measure: 5, 10, 25, 50, 75, 90 or 95."""
        return self.baseline.percentiles[str(percentile)]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data; what is no number is None."""
        return as_plain(self)
