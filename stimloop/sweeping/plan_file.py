"""The file of a plan, PLAN.toml, as its keys have it."""

import math
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from replay.sweeping.goal import Maximise

#: Sets of parameters in one plan.
N_SETS_MAX: Final = 100_000

_Text = Annotated[str, Meta(min_length=1)]


class ParameterTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `[[parameters]]` table: a key of the rig's file, with values or with a range.

    Parameters
    ----------
    path : str
        Key path in the rig's file; tables of a list by their name or id, or by their position:
        ``detectors[burst].threshold.percentile``.
    values : tuple of any plain data
        What is tried, in a grid or a search.
    low, high : float, optional
        Instead of `values`, the range of a search; whole numbers are searched as such.
    step : float, optional
        Of the range.
    log : bool
        Whether the range is searched by its logarithm.
    """

    path: _Text
    values: tuple[Any, ...] | None = None
    low: float | int | None = None
    high: float | int | None = None
    step: Annotated[float, Meta(gt=0.0)] | Annotated[int, Meta(gt=0)] | None = None
    log: bool = False

    def __post_init__(self) -> None:
        is_range = self.low is not None or self.high is not None
        if self.values is not None and (is_range or self.step is not None or self.log):
            raise ValueError("values: expected no low, high, step or log beside them, found some")
        if self.values is None and not is_range:
            raise ValueError("values: expected a list of values, or low and high, found none")
        if self.values is not None and not self.values:
            raise ValueError("values: expected at least one, found none")
        if self.values is None:
            self._expect_range()
        else:
            self._expect_unique(self.values)

    def _expect_range(self) -> None:
        if self.low is None or self.high is None:
            missing = "low" if self.low is None else "high"
            raise ValueError(f"{missing}: expected both ends of the range, found one")
        if not self.low < self.high:
            raise ValueError(f"high: expected above low ({self.low:g}), found {self.high:g}")
        if self.log and (self.low <= 0 or self.step is not None):
            found = f"low {self.low:g}" if self.low <= 0 else "a step"
            raise ValueError(f"log: expected a low above 0 and no step, found {found}")

    @staticmethod
    def _expect_unique(values: tuple[Any, ...]) -> None:
        for index, each in enumerate(values):
            if each in values[:index]:
                raise ValueError(f"values[{index}]: expected each value once, found {each!r} again")


class SearchTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[search]` table: with it parameters are searched, without all of the grid is tried.

    Parameters
    ----------
    n_trials : int
        How many sets of parameters are tried.
    seed : int
        Of all random numbers of the search.
    at_once : int
        Sets that are chosen together, before the results of any of them are known. More workers
        than this times the recordings find nothing to do.
    """

    n_trials: Annotated[int, Meta(ge=1, le=N_SETS_MAX)]
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 1
    at_once: Annotated[int, Meta(ge=1, le=1000)] = 8


class ScoreTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[score]` table: what is judged, against what, and what is maximised.

    Parameters
    ----------
    detector : str
        Id of the detector that is judged.
    channels : tuple of str
        Which of its channels; all of them without.
    maximise : {"balanced_accuracy", "sensitivity", "overlap"}
        The figure that is maximised.
    false_positives_per_min_max : float, optional
        A limit that must be kept; a sensitivity needs one.
    reference : {"offline", "markers", "log"}
        What detections are held against, as `stimloop score` makes it.
    band_hz : (float, float), optional
        Band of the offline reference; the detector's own without, which then changes with it.
    percentile, smoothing_s, duration_s_min : float
        Of the offline reference.
    begin, end, markers : str
        Of the reference by markers.
    log_threshold : float, optional
        Of the reference by a device's log.
    surrogates : int
        Phase-randomised surrogates of each held-out part.
    seed : int
        Of intervals, shifts and surrogates.
    """

    detector: _Text
    channels: tuple[_Text, ...] = ()
    maximise: Maximise = "balanced_accuracy"
    false_positives_per_min_max: Annotated[float, Meta(ge=0.0)] | None = None
    reference: Literal["offline", "markers", "log"] = "offline"
    band_hz: tuple[float, float] | None = None
    percentile: Annotated[float, Meta(gt=0.0, lt=100.0)] = 75.0
    smoothing_s: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.2
    duration_s_min: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.1
    begin: str | None = None
    end: str = ""
    markers: str = ""
    log_threshold: float | None = None
    surrogates: Annotated[int, Meta(ge=0, le=1000)] = 0
    seed: Annotated[int, Meta(ge=0)] = 1

    def __post_init__(self) -> None:
        if self.maximise == "sensitivity" and self.false_positives_per_min_max is None:
            raise ValueError(
                'false_positives_per_min_max: expected a limit with maximise = "sensitivity", '
                "which is 1 for a detector that is always on, found none"
            )
        if self.band_hz is not None and not 0.0 < self.band_hz[0] < self.band_hz[1]:
            low_hz, high_hz = self.band_hz
            raise ValueError(f"band_hz: expected low < high, found {low_hz:g} and {high_hz:g}")
        is_marked = self.reference == "markers"
        if is_marked != (self.begin is not None):
            found = "none" if self.begin is None else repr(self.begin)
            expected = "how markers begin" if is_marked else "none without it"
            raise ValueError(f'begin: expected {expected} (reference = "markers"), found {found}')
        if not is_marked and (self.end or self.markers):
            key = "end" if self.end else "markers"
            raise ValueError(f'{key}: expected none without reference = "markers", found one')


class PlanFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole plan.

    Parameters
    ----------
    recordings : tuple of str
        Files, folders of them, or patterns as ``monday/*.xdf``, beside the plan.
    rig : str
        The rig's file, beside the plan.
    parameters : tuple of ParameterTable
        What is tried.
    score : ScoreTable
        How it is judged.
    held_out : float
        Share of each recording, at its end, that is held out.
    gap_s : float
        Seconds between the two parts that belong to neither.
    unit : str, optional
        Unit of every LFP and EMG channel, whatever the files say.
    search : SearchTable, optional
        Without, all of the grid is tried.
    """

    recordings: tuple[_Text, ...]
    rig: _Text
    parameters: tuple[ParameterTable, ...]
    score: ScoreTable
    held_out: Annotated[float, Meta(ge=0.1, le=0.9)] = 0.4
    gap_s: Annotated[float, Meta(ge=0.0, le=3600.0)] = 2.0
    unit: str | None = None
    search: SearchTable | None = None

    def __post_init__(self) -> None:
        for key in ("recordings", "parameters"):
            if not getattr(self, key):
                raise ValueError(f"{key}: expected at least one, found none")
        n_sets = math.prod(len(each.values or ()) for each in self.parameters)
        if self.search is None and n_sets > N_SETS_MAX:
            raise ValueError(
                f"parameters: expected a grid of at most {N_SETS_MAX} sets, found {n_sets}: give a "
                "[search] table, which tries some of them"
            )
        ranges = [n for n, each in enumerate(self.parameters) if each.values is None]
        if self.search is None and ranges:
            raise ValueError(
                f"parameters[{ranges[0]}].values: expected values for a grid, found a range: give "
                "values, or a [search] table"
            )
