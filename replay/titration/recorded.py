"""A staircase as a session recorded it: every hop, and every attempt at a step."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.recorded_loop import journal_of, recorded_loop
from stimulators.decisions import StateChanged
from stimulators.policies.policy import Clip, PolicyConfig
from stimulators.policies.titration.course import Attempt
from stimulators.policies.titration.staircase import Staircase, StaircaseConfig
from stimulators.policies.titration.step import Dose, doses_of
from stimulators.targets import DeviceEvent, Observation, Target
from stimulators.wire.received import ControlHeard
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.config import LoopConfig
from streamer.errors import JournalError
from streamer.journal.reader import JournalReader
from streamer.journal.records import Header, StepRecord, encode_outcome
from streamer.wiring.wiring import Wiring


class RecordedHops(NamedTuple):
    """Every hop of the session, as the staircase read it.

    Parameters
    ----------
    sample : ndarray of int64, shape (n_hops,)
        The newest sample it used.
    time_s : ndarray of float64, shape (n_hops,)
        Of that sample, in the service's clock.
    value : ndarray of float64, shape (n_hops,)
        The measure; NaN where it is not valid.
    given : ndarray of float64, shape (n_hops,)
        What the device gave, in its unit; NaN where that was not certain.
    """

    sample: NDArray[np.int64]
    time_s: NDArray[np.float64]
    value: NDArray[np.float64]
    given: NDArray[np.float64]


class RecordedStaircase(NamedTuple):
    """All that a titration is computed from.

    Parameters
    ----------
    session : str
        Name of the session.
    config : LoopConfig
        Its rig.
    table : StaircaseConfig
        The staircase.
    channel, measure_unit : str
        Of the measure.
    is_signed : bool
        Whether the measure may be negative.
    doses : tuple of Dose
        The steps, and after them the safe amount where that is measured.
    rate_hz, hop_s : float
        Of the detector's samples, and from one estimate to the next.
    delay_s, window_s : float
        Of the detector: its delay, and the stretch of samples that an estimate depends on.
    hops : RecordedHops
        Every hop.
    attempts : tuple of Attempt
        Every attempt at a step, in order.
    operator : str
        Who armed the rig; empty where it armed by itself.
    utc_offset_us : int or None
        Unix time less the service's clock; None where that clock is not a real one.
    warnings : tuple of str
        What may make the result doubtful.
    """

    session: str
    config: LoopConfig
    table: StaircaseConfig
    channel: str
    measure_unit: str
    is_signed: bool
    doses: tuple[Dose, ...]
    rate_hz: float
    hop_s: float
    delay_s: float
    window_s: float
    hops: RecordedHops
    attempts: tuple[Attempt, ...]
    operator: str
    utc_offset_us: int | None
    warnings: tuple[str, ...]

    @property
    def n_steps(self) -> int:
        """Number of steps, without the measurement after them."""
        return len(self.table.steps)


def read_staircase(
    session: Path, progress: Callable[[int], None] = lambda _n_records: None
) -> RecordedStaircase:
    """Compute a titration's session again from its journal, and return what its staircase read.

    Parameters
    ----------
    session : Path
        The session folder, or its journal; one that goes on, or was killed, too.
    progress : callable, optional
        Called with the number of records done so far.

    Raises
    ------
    JournalError
        Where there is no journal, it is damaged, or no policy of the session is a staircase.
    """
    with JournalReader(journal_of(session)) as reader:
        header = reader.header
        config, loop = recorded_loop(reader)
        table, wiring = _staircase_of(session, config, loop)
        listener = _ObservedStaircase(wiring.policy.policy)
        wiring.policy.policy = listener
        operator = ""
        warnings: list[str] = []
        for record in reader.records():
            progress(reader.n_records)
            if not isinstance(record.payload, StepRecord):
                continue
            event = record.payload.event
            outcome = loop.step(event, record.now_s)
            if isinstance(event, ControlHeard) and _has_armed(outcome):
                operator = event.message.operator
            if not warnings and encode_outcome(outcome) != bytes(record.payload.outcome):
                warnings.append(
                    f"record {record.number} ({type(event).__name__}) comes out otherwise here: "
                    "from there on the titration rests on what is computed here"
                )
        if reader.end is None:
            warnings.append("the session has no end, as one that was killed or goes on")
    recorded = _recorded(header, table, (config, loop, wiring), listener)
    return recorded._replace(operator=operator, warnings=tuple(warnings))


def _has_armed(outcome: Outcome) -> bool:
    return any(
        isinstance(each, StateChanged) and each.after == "armed" for each in outcome.decisions
    )


def _staircase_of(
    session: Path, config: LoopConfig, loop: ClosedLoop
) -> tuple[StaircaseConfig, Wiring]:
    for table, wiring in zip(config.policies, loop.wirings, strict=True):
        if isinstance(table, StaircaseConfig):
            return table, wiring
    kinds = ", ".join(str(each.__struct_config__.tag) for each in config.policies) or "none"
    raise JournalError(
        f"{session}: $.policies: expected a session with a policy of kind staircase, as stimloop "
        f"titrate records it, found {kinds}"
    )


def _recorded(
    header: Header,
    table: StaircaseConfig,
    wired: tuple[LoopConfig, ClosedLoop, Wiring],
    listener: "_ObservedStaircase",
) -> RecordedStaircase:
    config, loop, wiring = wired
    read = wiring.reads[0].read
    detector = loop.chain.detectors[read.detector]
    device = next(each for each in config.devices if each.id == table.device)
    return RecordedStaircase(
        session=header.session,
        config=config,
        table=table,
        channel=read.channel,
        measure_unit=read.unit,
        is_signed=read.is_signed,
        doses=doses_of(table.steps, device, table.after_s),
        rate_hz=detector.rate_hz,
        hop_s=detector.hop_samples / detector.rate_hz,
        delay_s=detector.delay_s,
        window_s=detector.span_samples / detector.rate_hz,
        hops=listener.hops(),
        attempts=tuple(listener.attempts),
        operator="",
        utc_offset_us=header.utc_offset_us,
        warnings=(),
    )


class _ObservedStaircase:
    """A staircase that also records every hop it reads and every attempt that ends."""

    config_type: ClassVar[type[PolicyConfig]] = StaircaseConfig

    def __init__(self, policy: object) -> None:
        assert isinstance(policy, Staircase)  # noqa: S101 its table was asked
        self._policy = policy
        self._n_ended = 0
        self._given = float("nan")
        self._hops: list[tuple[int, float, float, float]] = []
        self.attempts: list[Attempt] = []

    @property
    def clips(self) -> tuple[Clip, ...]:
        return self._policy.clips

    def decide(self, observation: Observation) -> Sequence[Target]:
        value = observation.values[0] if observation.valid else float("nan")
        self._hops.append((observation.sample, observation.time_s, value, self._given))
        wanted = self._policy.decide(observation)
        self._take_ended()
        return wanted

    def note(self, event: DeviceEvent) -> None:
        middle = 0.5 * (event.lowest + event.highest)
        self._given = middle if event.certain else float("nan")
        self._policy.note(event)
        self._take_ended()

    def reset(self) -> None:
        self._policy.course.break_off("safe")
        self._take_ended()
        self._policy.reset()
        self._n_ended = 0

    def hops(self) -> RecordedHops:
        columns = list(zip(*self._hops, strict=True)) or [(), (), (), ()]
        sample, *rest = columns
        return RecordedHops(
            np.array(sample, np.int64), *(np.array(each, np.float64) for each in rest)
        )

    def _take_ended(self) -> None:
        course = self._policy.course
        if course.n_ended != self._n_ended and course.ended is not None:
            self._n_ended = course.n_ended
            self.attempts.append(course.ended)
