"""`stimulation_blanking` replaces pulses and excludes changes; both are tainted."""

import numpy as np
import pytest

from detectors.block import STIMULATION_CHANGE, STIMULATION_PULSE, Taint
from detectors.conditioning.artifacts.line_noise import LineNoiseConfig
from detectors.conditioning.artifacts.saturation import SaturationConfig
from detectors.conditioning.artifacts.stimulation_blanking import StimulationBlankingConfig
from detectors.conditioning.conditioner import Conditioner
from detectors.conditioning.quality import QualityConfig
from tests.detectors.streams import Calls, Conditioned, conditioner, feed, noise, regular_stamps

_N_SAMPLES = 3000


def _fed(
    samples: np.ndarray, calls: Calls, lengths: tuple[int, ...] = (), **keys: object
) -> Conditioned:
    config = StimulationBlankingConfig(**keys)  # type: ignore[arg-type]
    given = conditioner(n_channels=samples.shape[1], artifacts=(config,))
    return feed(given, samples, regular_stamps(len(samples)), lengths, calls)


def _marked(kind: str, text: str, *samples: int) -> Calls:
    def mark(given: Conditioner) -> None:
        given.mark(kind, text)

    return {sample: [mark] for sample in samples}


@pytest.mark.parametrize("lengths", [(), (1,), (7, 31)])
def test_a_pulse_is_held_over_and_marked(lengths: tuple[int, ...]) -> None:
    clean = noise(_N_SAMPLES, 2)
    samples = clean.copy()
    samples[1000:1003] += 3000.0
    samples[2000:2003] -= 3000.0
    found = _fed(samples, _marked(STIMULATION_PULSE, "stn 7", 1000, 2000), lengths)
    held = np.zeros(_N_SAMPLES, bool)
    held[[1000, 1001, 1002, 2000, 2001, 2002]] = True
    assert (found.samples_uv[held] == np.repeat(clean[[999, 1999]], 3, axis=0)).all()
    assert (found.samples_uv[~held] == clean[~held]).all()
    assert found.has(Taint.STIMULATION).tolist() == held.tolist()
    assert not found.has(Taint.UNCLEANED).any()
    assert found.counts["stimulation_held"] == 12
    assert [(note.sample, note.text) for note in found.kinds("blanked")] == [
        (1000, "a pulse: 0.003 s held")
    ]


def test_after_a_change_samples_stay_and_are_not_to_be_used() -> None:
    samples = noise(_N_SAMPLES)
    found = _fed(samples, _marked(STIMULATION_CHANGE, "stn 3 2 mA", 500, 600), settle_s=0.25)
    assert (found.samples_uv == samples).all()
    assert np.flatnonzero(found.has(Taint.UNCLEANED)).tolist() == list(range(500, 850))
    assert found.counts["stimulation_spoilt"] == 350


def test_markers_may_be_pulses_and_changes() -> None:
    samples = noise(_N_SAMPLES)
    calls = _marked("marker", "DBS", 500) | _marked("marker", "ramp", 900)
    calls |= _marked("marker", "go", 1500)
    found = _fed(samples, calls, pulse_markers=("DBS",), change_markers=("ramp",), settle_s=0.01)
    assert np.flatnonzero(found.has(Taint.STIMULATION)).tolist() == [500, 501, 502]
    assert np.flatnonzero(found.has(Taint.UNCLEANED)).tolist() == list(range(900, 910))


def test_what_is_held_is_never_a_tainted_value() -> None:
    samples = noise(_N_SAMPLES)
    samples[990:1000] = np.nan
    found = _fed(samples, _marked(STIMULATION_PULSE, "", 1000))
    assert (found.samples_uv[1000:1003] == samples[989]).all()


def test_a_pulse_on_the_first_sample_has_nothing_to_hold() -> None:
    samples = noise(_N_SAMPLES)
    found = _fed(samples, _marked(STIMULATION_PULSE, "", 0))
    assert (found.samples_uv == samples).all()
    assert np.flatnonzero(found.has(Taint.UNCLEANED)).tolist() == [0, 1, 2]


def test_after_saturation_samples_are_saturated_for_a_while() -> None:
    samples = noise(_N_SAMPLES, 2)
    samples[1000:1005, 1] = 900.0
    given = conditioner(
        n_channels=2,
        quality=QualityConfig(saturation_uv=900.0),
        artifacts=(SaturationConfig(blank_s=0.1),),
    )
    found = feed(given, samples, regular_stamps(_N_SAMPLES), (50,))
    is_saturated = (found.taint & Taint.SATURATED).astype(bool)
    assert np.flatnonzero(is_saturated[:, 1]).tolist() == list(range(1002, 1105))
    assert not is_saturated[:, 0].any()
    assert found.counts["saturated"] == 3
    assert found.counts["saturated_after"] == 100


def test_without_tables_nothing_changes_a_bit() -> None:
    samples = noise(_N_SAMPLES, 2)
    calls = _marked(STIMULATION_PULSE, "", 10)
    found = feed(conditioner(n_channels=2), samples, regular_stamps(_N_SAMPLES), calls=calls)
    assert found.samples_uv.tobytes() == samples.tobytes()
    assert not found.taint[1:].any()


def test_a_step_that_does_not_fit_is_named() -> None:
    steps = (SaturationConfig(), LineNoiseConfig(frequency_hz=60.0))
    with pytest.raises(ValueError, match=r"^artifacts\[1\]\.frequency_hz: expected at most"):
        conditioner(rate_hz=100.0, artifacts=steps)
