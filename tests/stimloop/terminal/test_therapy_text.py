"""The therapy of a session as people read it: a line a device, and what does not apply."""

from typing import Any

from stimloop.terminal.therapy_text import therapy_lines

_TOLD: dict[str, Any] = {
    "policy": "dual",
    "kind": "dual_threshold",
    "unit": "mA",
    "adaptive_s": 2530.0,
    "adaptive_percent": 97.2,
    "above_percent": 21.25,
    "between_percent": 50.0,
    "below_percent": 28.75,
    "mean_amount": 1.852,
    "reduction_percent": 9.2,
    "continuous_amount": 2.04,
    "switches": 5,
    "switches_per_h": 7.12,
    "undone_within_onset": 1,
    "onset_s": 1.2,
    "not_applicable": {},
}


def test_a_device_is_a_line() -> None:
    (line,) = therapy_lines({"stn": _TOLD})
    assert line == (
        "stn: policy dual (dual_threshold): adaptive for 42 min 10 s (97.2 %); 21.2 % above, "
        "50.0 % between, 28.8 % below; mean 1.85 mA, 9.2 % less than continuous (2.04 mA); "
        "7.12 switches an hour, 1 of 5 undone within one onset (1.2 s)"
    )


def test_what_does_not_apply_is_told_with_its_reason() -> None:
    of_triggers = dict.fromkeys(
        ("mean_amount", "switches", "above_percent", "between_percent", "below_percent")
    )
    why = "policy 'dual' gives triggers"
    told = _TOLD | of_triggers | {"not_applicable": dict.fromkeys(of_triggers, why)}
    line, missing = therapy_lines({"stn": told})
    assert line.endswith("adaptive for 42 min 10 s (97.2 %)")
    assert missing == (f"stn: does not apply: mean amount, switches, above, between, below: {why}")


def test_a_loop_that_was_never_closed_is_one_line() -> None:
    told = _TOLD | {"adaptive_s": 0.0, "not_applicable": {"mean_amount": "never"}}
    (line,) = therapy_lines({"stn": told})
    assert line == "stn: policy dual (dual_threshold): the loop was never closed"
