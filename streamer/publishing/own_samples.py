"""What a step of the loop gives to the own streams; from the journal it can be had again."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.conditioning.conditioner import Note
from detectors.estimates import Detection, Estimates
from stimulators.decisions import Decision
from streamer.events import Event
from streamer.publishing.own_streams import ESTIMATE_EXTRAS
from streamer.tables.row import Row
from streamer.tables.step_rows import StepRows

#: Rows of a command are wanted amounts, those of these events what a device says that it gives.
_APPLIED: Final = frozenset({"ack", "report"})


class DeviceSample(NamedTuple):
    """One sample of a device's stream; NaN where the sample says nothing of it.

    Parameters
    ----------
    device : str
        Its id.
    values : tuple of float
        In the order of `STIMULATION_CHANNELS`.
    """

    device: str
    values: tuple[float, float, float, float]


class EventSample(NamedTuple):
    """One sample of the stream of events, and the one of a device that goes with it.

    Parameters
    ----------
    time_s : float
        When it happened, by the service's clock; of both samples the stamp.
    text : str
        The row as a JSON object: keys are columns of `events.parquet`, those without a value are
        left out.
    of_device : DeviceSample or None
        Of a command, or of a device's word.
    """

    time_s: float
    text: str
    of_device: DeviceSample | None


class EventSamples:
    """Turns steps into samples of the stream of events and of the devices' streams.

    Parameters
    ----------
    rates_hz : mapping of str to float
        Nominal rate of each signal.
    """

    def __init__(self, rates_hz: Mapping[str, float]) -> None:
        self._rows = StepRows(rates_hz)

    def of_step(
        self,
        event: Event,
        now_s: float,
        *,
        notes: Sequence[Note],
        detections: Sequence[Detection],
        decisions: Sequence[Decision],
    ) -> Iterator[EventSample]:
        """Yield the samples of one step, in the order of the journal."""
        rows = self._rows.rows(
            event, now_s, notes=notes, detections=detections, decisions=decisions
        )
        for each in rows:
            time_s = each["time_s"]
            # liblsl takes a stamp of 0 for "now".
            if time_s is None or not math.isfinite(time_s) or time_s == 0.0:
                time_s = now_s
            said = {key: value for key, value in each.items() if value is not None}
            yield EventSample(time_s, msgspec.json.encode(said).decode(), _of_device(each))


def estimate_rows(estimates: Estimates) -> NDArray[np.float64]:
    """Return hops as samples of a detector's stream.

    Returns
    -------
    ndarray, shape (n_hops, n_outputs + 2)
        Values, NaN where not valid; sample index and taint.

    Examples
    --------
    >>> hops = Estimates("beta", np.array([99]), np.array([0.1]), np.array([[2.5, 0.0]]),
    ...     np.array([[True, False]]), np.array([0], np.uint16))
    >>> estimate_rows(hops).tolist()
    [[2.5, nan, 99.0, 0.0]]
    """
    rows = np.empty((estimates.sample.size, estimates.values.shape[1] + len(ESTIMATE_EXTRAS)))
    rows[:, :-2] = np.where(estimates.valid, estimates.values, np.nan)
    rows[:, -2] = estimates.sample
    rows[:, -1] = estimates.taint
    return rows


def estimates_of(
    detector: str, rows: NDArray[np.float64], stamps_s: NDArray[np.float64]
) -> Estimates:
    """Return the hops that samples of a detector's stream are of: undoes `estimate_rows`."""
    valid = ~np.isnan(rows[:, :-2])
    return Estimates(
        detector,
        rows[:, -2].astype(np.int64),
        np.ascontiguousarray(stamps_s),
        np.where(valid, rows[:, :-2], 0.0),
        valid,
        rows[:, -1].astype(np.uint16),
    )


def _of_device(each: Row) -> DeviceSample | None:
    event = each["event"]
    if event != "command" and event not in _APPLIED:
        return None
    amount = each.get("amount")
    given = math.nan if amount is None else float(amount)
    seq = each.get("seq")
    number = math.nan if seq is None else float(seq)
    if event == "command":
        is_trigger = 1.0 if each["kind"] == "trigger" else 0.0
        return DeviceSample(each["device"], (given, math.nan, is_trigger, number))
    return DeviceSample(each["device"], (math.nan, given, 0.0, number))
