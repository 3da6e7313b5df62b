"""A staircase as a session would have recorded it, of numbers that a test gives."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from replay.patient.patient import Patient
from replay.titration.recorded import RecordedHops, RecordedStaircase
from replay.virtual.rig import virtual_rig
from stimulators.policies.titration.course import Attempt
from stimulators.policies.titration.staircase import StaircaseConfig
from stimulators.policies.titration.step import Step, doses_of
from streamer.config import LoopConfig
from tests.world.scenario import stimulator_of

RATE_HZ = 250.0
HOP_SAMPLES = 25
HOP_S = HOP_SAMPLES / RATE_HZ

#: Given an amount and a number of hops, the measure at each of them.
Measure = Callable[[float, int], NDArray[np.float64]]


def rig_of(table: StaircaseConfig) -> LoopConfig:
    """Return a rig with this policy."""
    device = stimulator_of("stn", simulated=True)
    return msgspec.structs.replace(virtual_rig([device]), policies=(table,))


def recorded_of(
    amounts: Sequence[float],
    measure: Measure,
    *,
    duration_s: float = 40.0,
    settle_s: float = 5.0,
    after_s: float = 40.0,
    broken: Sequence[int] = (),
) -> RecordedStaircase:
    """Return a staircase; steps whose index is in `broken` have no clean attempt."""
    steps = tuple(
        Step(amplitude_ma=each, duration_s=duration_s, settle_s=settle_s) for each in amounts
    )
    table = StaircaseConfig(id="s", of="beta", device="stn", steps=steps, after_s=after_s)
    config = rig_of(table)
    doses = doses_of(steps, config.devices[0], after_s)
    values, given, attempts, first = [], [], [], 0
    for index, dose in enumerate(doses):
        n_hops = round(dose.duration_s / HOP_S)
        values.append(measure(dose.amount, n_hops))
        given.append(np.full(n_hops, dose.amount))
        n_samples = n_hops * HOP_SAMPLES
        is_broken = index in broken
        attempts.append(
            Attempt(
                step=index,
                start_sample=first,
                settled_sample=first + round(dose.settle_s * RATE_HZ),
                end_sample=first + n_samples,
                broken_by="held" if is_broken else "",
                n_hops=n_hops,
                n_valid=n_hops,
            )
        )
        first += n_samples
    sample = np.arange(first // HOP_SAMPLES) * HOP_SAMPLES
    return RecordedStaircase(
        session="00000000000000000001-0123abcd",
        config=config,
        table=table,
        channel="A",
        measure_unit="µV²",
        is_signed=False,
        doses=doses,
        rate_hz=RATE_HZ,
        hop_s=HOP_S,
        delay_s=0.5 * HOP_S,
        window_s=HOP_S,
        hops=RecordedHops(sample, sample / RATE_HZ, np.concatenate(values), np.concatenate(given)),
        attempts=tuple(attempts),
        operator="ada",
        utc_offset_us=1_700_000_000_000_000,
        warnings=(),
    )


def felt_by(patient: Patient) -> Measure:
    """Return the mean square of each hop of a patient, twice: 1 on average without stimulation."""

    def measure(amount: float, n_hops: int) -> NDArray[np.float64]:
        samples = patient.generate(n_hops * HOP_SAMPLES, amount)[:, 0].astype(np.float64)
        power: NDArray[np.float64] = 2.0 * (samples**2).reshape(n_hops, -1).mean(axis=1)
        return power

    return measure
