"""The sign of a real device's policy is supported by its own titration alone, or warned of."""

from typing import Any

import msgspec
import pytest

from stimloop.titrating.section import TitrationSection, basis_of, unsupported_signs
from stimulators.policies.arms.sham import ShamConfig
from stimulators.policies.dual_threshold import DualThresholdConfig
from stimulators.policies.parts.discriminant_table import (
    DiscriminantConfig,
    FeatureConfig,
    LinearDiscriminantConfig,
)
from streamer.config import LoopConfig
from tests.replay.rig import rig

_POLICY = DualThresholdConfig(
    id="dual",
    of="beta",
    measure="power",
    device="left",
    highest_ma=2.0,
    upper_threshold=2.0,
    lower_threshold=1.0,
    transition_up_s=1.0,
    transition_down_s=1.0,
    expected_sign="falls",
)


def rig_of(policy: Any = _POLICY, **keys: Any) -> LoopConfig:
    """Return a rig whose device is not simulated."""
    return rig(policies=(policy,), **keys)


def titration_of(config: LoopConfig, **keys: Any) -> TitrationSection:
    said: dict[str, Any] = {
        "device": "left",
        "program": "adbs",
        "of": "beta",
        "channel": "STN_13",
        "measure": "power",
        "session": "00001767323045000000-0123abcd",
        "p": 0.004,
        "expected_sign": "falls",
        "basis": basis_of(config, of="beta", device="left", program="adbs"),
    }
    return TitrationSection(**(said | keys))


def found(config: LoopConfig, *titrations: TitrationSection) -> list[str]:
    return list(unsupported_signs(config, titrations))


def test_a_titration_of_the_same_supports_the_sign() -> None:
    config = rig_of()
    assert found(config, titration_of(config)) == []
    assert found(config, titration_of(config, program="")) == []  # the device's only one


def test_without_one_the_line_names_policy_key_and_remedy() -> None:
    (line,) = found(rig_of())
    assert line == (
        "policy 'dual': $.policies[0].expected_sign: expected 'falls' to be supported by a "
        "titration of 'left', found none: run `stimloop titrate`, and put the [[titrations]] that "
        "it writes into this file"
    )


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"device": "right"}, "found none:"),
        ({"of": "burst"}, "found none:"),
        ({"measure": "value"}, "found none:"),
        ({"simulated": True}, "found one of a simulated device:"),
        ({"expected_sign": "rises"}, "found that session 00001767323045000000-0123abcd shows 'ris"),
        ({"expected_sign": None, "p": 0.4}, "0123abcd shows no sign (p = 0.4):"),
        ({"basis": "0123456789abcdef"}, "0123abcd had another detector, stream or pulses:"),
    ],
)
def test_another_device_measure_sign_or_basis_does_not(keys: dict[str, Any], why: str) -> None:
    config = rig_of()
    (line,) = found(config, titration_of(config, **keys))
    assert why in line


def test_another_channel_does_not_where_the_policy_names_one() -> None:
    config = rig_of(msgspec.structs.replace(_POLICY, channel="STN_13"))
    assert found(config, titration_of(config)) == []
    assert len(found(config, titration_of(config, channel="STN_24"))) == 1


def test_the_newest_counts_wherever_it_stands() -> None:
    config = rig_of()
    newer = titration_of(config, expected_sign="rises", session="00001767323045000001-0123abcd")
    assert len(found(config, newer, titration_of(config))) == 1
    assert len(found(config, titration_of(config), newer)) == 1


def test_a_policy_within_another_is_looked_at_and_a_simulated_device_needs_none() -> None:
    wrapped = rig_of(ShamConfig(id="sham", wraps=_POLICY))
    (line,) = found(wrapped)
    assert line.startswith("policy 'sham': $.policies[0].wraps.expected_sign: ")
    simulated = [msgspec.structs.replace(each, simulated=True) for each in rig_of().devices]
    assert found(rig_of(devices=tuple(simulated))) == []


def test_of_a_discriminant_a_single_measure_can_be_supported_turned_by_its_weight() -> None:
    def of_weights(*weights: float, measures: tuple[str, ...] = ("power",)) -> LoopConfig:
        features = tuple(
            FeatureConfig(of="beta", measure=measure, weight=weight)
            for measure, weight in zip(measures, weights, strict=True)
        )
        discriminant = DiscriminantConfig(
            features=features, lower_threshold=1.0, upper_threshold=2.0, update_features=9
        )
        return rig_of(
            LinearDiscriminantConfig(
                id="sum",
                device="left",
                discriminants=(discriminant,),
                states_ma=(0.0, "hold", 2.0),
                rise_ma_per_s=1.0,
                fall_ma_per_s=1.0,
                expected_sign="falls",
            )
        )

    config = of_weights(2.0)
    assert found(config, titration_of(config)) == []
    turned = of_weights(-1.0)
    assert "shows 'falls'" in found(turned, titration_of(turned))[0]
    assert found(turned, titration_of(turned, expected_sign="rises")) == []
    several = of_weights(1.0, 1.0, measures=("power", "soft_taint"))
    (line,) = found(several, titration_of(several))
    assert "found that it follows 2 measures, of which a titration shows one: " in line


def test_the_basis_is_what_is_measured_and_given_and_nothing_else() -> None:
    config = rig_of()

    def basis(changed: LoopConfig) -> str:
        return basis_of(changed, of="beta", device="left", program="")

    (beta, burst), (lfp, events) = config.detectors, config.streams
    (device,) = config.devices
    other_band = msgspec.structs.replace(beta, band_hz=(12.0, 30.0))
    other_burst = msgspec.structs.replace(burst, hysteresis=0.2)
    elsewhere = msgspec.structs.replace(
        lfp, match=msgspec.structs.replace(lfp.match, source_id="other")
    )
    program = msgspec.structs.replace(device.programs["adbs"], pulse_width_us=90.0)
    wider = msgspec.structs.replace(device, programs={"adbs": program})
    same = basis(config)
    assert basis(rig_of(detectors=(other_band, burst))) != same
    assert basis(rig_of(devices=(wider,))) != same
    assert basis(rig_of(streams=(msgspec.structs.replace(lfp, montage=()), events))) != same
    assert basis(rig_of(detectors=(beta, other_burst))) == same
    assert basis(rig_of(streams=(elsewhere, events))) == same
