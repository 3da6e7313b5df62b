"""Sessions whose detectors run ahead are the same as others, record by record."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from replay.verification.verify import verify
from streamer.config import LoopConfig
from tests.replay.rig import RATE_HZ, derive, make_session
from tests.support.rig_toml import small_rig

#: Its null takes effect in the middle of the recording, and is computed beside the loop until then.
_NULL = {
    "id": "null",
    "kind": "burst_statistics",
    "of": "burst",
    "window_s": 1.0,
    "hop_s": 0.02,
    "n_bursts_min": 1,
    "null_delay_s": 1.0,
}


def _phase_triggers(tables: dict[str, Any]) -> None:
    derive(tables)
    rhythm = {"id": "rhythm", "kind": "oscillation", "stream": "LFP", "centre_hz": 20.0}
    rhythm |= {"channels": ["STN_13"], "hop_s": 0.004}
    peak = {"id": "peak", "kind": "target_phase", "of": "rhythm", "lead_s": 0.02}
    peak |= {"gate": {"amplitude_uv_min": 5.0}}
    tables["detectors"] = [rhythm, peak]
    tables["policies"] = [
        {"id": "phase", "kind": "on_event", "of": "peak", "device": "left", "on_ma": 1.5}
    ]
    tables["devices"][0]["limits"] |= {"triggers_per_min_max": 3000, "refractory_s": 0.03}


def _several_detectors(tables: dict[str, Any]) -> None:
    derive(tables)
    slow = {**tables["detectors"][0], "id": "slow", "window_s": 0.8, "hop_s": 0.1}
    tables["detectors"].append(slow)
    discriminant = {
        "features": [{"of": "burst"}, {"of": "slow", "measure": "power", "weight": -0.5}],
        "lower_threshold": 1.0,
        "upper_threshold": 3.0,
        "update_features": 5,
    }
    tables["policies"] = [
        {
            "id": "both",
            "kind": "linear_discriminant",
            "device": "left",
            "states_ma": [0.5, "hold", 2.0],
            "rise_ma_per_s": 4.0,
            "fall_ma_per_s": 4.0,
            "expected_sign": "falls",
            "discriminants": [discriminant],
        }
    ]


def _nulls(tables: dict[str, Any]) -> None:
    derive(tables)
    tables["detectors"].append(_NULL)


def _blanking(tables: dict[str, Any]) -> None:
    derive(tables)
    tables["streams"][0]["artifacts"] = [{"kind": "stimulation_blanking", "settle_s": 0.05}]


_CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "one detector": derive,
    "several detectors": _several_detectors,
    "triggers at a phase": _phase_triggers,
    "nulls that take effect": _nulls,
    "samples held at our own stimulation": _blanking,
}


@pytest.mark.parametrize("change", _CHANGES.values(), ids=_CHANGES.keys())
def test_a_session_is_the_same_record_by_record(
    change: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    toml = small_rig(change)
    config = msgspec.toml.decode(toml, type=LoopConfig)
    fast, plain = (
        make_session(tmp_path / name, config=config, config_toml=toml, runs_ahead=name == "fast")
        for name in ("fast", "plain")
    )
    assert fast["commands"]["issued"] > 0
    assert fast["digest"] == plain["digest"]
    assert fast["journal"] == plain["journal"]
    assert _told(fast) == _told(plain)


def test_a_session_that_ends_within_a_stretch_counts_only_what_came(tmp_path: Path) -> None:
    """The gap of the last second is in the stretch, and not among the samples that came."""
    n_gap = round(5.0 * RATE_HZ)

    def stop(n_done: int, _n_samples: int) -> None:
        if n_done >= n_gap - 20:
            raise RuntimeError("stopped")

    summaries = []
    for name in ("fast", "plain"):
        with pytest.raises(RuntimeError, match="stopped"):
            make_session(tmp_path / name, progress=stop, runs_ahead=name == "fast")
        summaries.append(json.loads((tmp_path / name / "summary.json").read_text("utf-8")))
        assert verify(tmp_path / name).passes
    assert summaries[0]["gaps"] == 0
    assert _told(summaries[0]) == _told(summaries[1])


def _told(summary: dict[str, Any]) -> dict[str, Any]:
    """Return a summary without its folder, and how long things took."""
    return {
        key: value for key, value in summary.items() if key not in {"folder", "real_time_factor"}
    }
