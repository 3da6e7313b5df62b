"""Passive stretches against the line of resistance over speed that their configuration states."""

import numpy as np
import pytest
from msgspec.structs import replace
from scipy import stats

from replay.patient.emg.stretch import (
    DYSTONIC,
    RELAXED,
    SPASTIC,
    GeneratedStretches,
    Joint,
    StretchConfig,
    generate_stretches,
)

_RATE_HZ = 500.0


def _generated(config: StretchConfig, n_rounds: int = 1) -> GeneratedStretches:
    return generate_stretches(replace(config, n_rounds=n_rounds, rate_hz=_RATE_HZ))


def test_the_angle_grows_at_the_stated_speed_while_a_stretch_lasts() -> None:
    found = _generated(SPASTIC)
    angle_deg = found.samples[:, 2]
    assert sorted(each.speed_deg_per_s for each in found.stretches) == list(
        SPASTIC.speeds_deg_per_s
    )
    for each in found.stretches:
        within = np.diff(angle_deg[each.sample : each.end_sample]) * _RATE_HZ
        np.testing.assert_allclose(within, each.speed_deg_per_s, rtol=0.02)
        assert angle_deg[each.sample] == 0.0
        assert angle_deg[each.end_sample] == 60.0
    assert [each.sample for each in found.marks] == [each.sample for each in found.stretches]


def test_torque_has_the_true_resistance_as_its_plateau() -> None:
    found = _generated(DYSTONIC)
    torque_nm = found.samples[:, 3]
    for each in found.stretches:
        plateau = each.sample + round(0.5 * (each.end_sample - each.sample))
        assert torque_nm[plateau] == pytest.approx(each.resistance_nm)
        assert torque_nm[each.sample] == 0.0
    assert torque_nm[-1] == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("config", [SPASTIC, DYSTONIC, RELAXED])
def test_resistance_over_speed_is_the_stated_line_within_its_standard_error(
    config: StretchConfig,
) -> None:
    found = _generated(config, n_rounds=10)
    speed = np.array([each.speed_deg_per_s for each in found.stretches])
    resistance_nm = np.array([each.resistance_nm for each in found.stretches])
    line = stats.linregress(speed, resistance_nm)
    assert abs(line.slope - config.beta_nm_s_per_deg) < 3.0 * line.stderr
    assert abs(line.intercept - config.alpha_nm) < 3.0 * line.intercept_stderr
    exact = config.noise_nm / np.sqrt(np.sum((speed - speed.mean()) ** 2))
    assert line.stderr == pytest.approx(exact, rel=0.35)


def test_a_spastic_joint_depends_on_speed_and_a_dystonic_one_does_not() -> None:
    at_100 = SPASTIC.resistance_nm(100.0)
    assert 1.0 - SPASTIC.alpha_nm / at_100 > 0.5
    assert DYSTONIC.resistance_nm(10.0) == DYSTONIC.resistance_nm(200.0) == 3.0


def test_a_clasp_knife_gives_way_at_once_while_the_angle_grows() -> None:
    found = _generated(replace(SPASTIC, noise_nm=0.0))
    torque_nm, angle_deg = found.samples[:, 3], found.samples[:, 2]
    for each in found.stretches:
        stretched = torque_nm[each.sample : each.end_sample]
        lost = 1.0 - stretched[-1] / stretched.max()
        assert each.gives_way == (each.speed_deg_per_s >= 100.0)
        assert lost == pytest.approx(0.7 if each.gives_way else 0.0, abs=0.01)
        falling = np.flatnonzero(np.diff(stretched) < 0.0)
        if each.gives_way:
            assert len(falling) / _RATE_HZ < 0.1
            assert angle_deg[each.sample + falling[-1]] < 60.0


def test_emg_of_the_stretched_muscle_follows_the_torque_and_the_antagonist_rests() -> None:
    config = replace(DYSTONIC, speeds_deg_per_s=(10.0,), n_rounds=2, rate_hz=1000.0)
    found = generate_stretches(config)
    stretch = found.stretches[0]
    middle = slice(stretch.sample + 1000, stretch.end_sample)
    deviation_uv = found.samples[middle, :2].std(axis=0)
    assert deviation_uv[0] == pytest.approx(5.0 + 20.0 * stretch.resistance_nm, rel=0.05)
    assert deviation_uv[1] == pytest.approx(5.0, rel=0.05)


def test_angle_and_torque_are_a_stream_of_their_own_units() -> None:
    emg, joint = Joint(SPASTIC).infos
    assert (emg.lsl_type, emg.channels, set(emg.units)) == (
        "EMG",
        ("stretched", "antagonist"),
        {"microvolts"},
    )
    assert (joint.channels, joint.units) == (("angle", "torque"), ("degrees", "newton metres"))


@pytest.mark.parametrize("speeds", [(), (0.0,), (float("nan"),)])
def test_a_speed_that_is_none_is_refused(speeds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="speeds_deg_per_s: expected speeds above 0"):
        StretchConfig(speeds_deg_per_s=speeds)
