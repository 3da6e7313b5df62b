"""From a simulated dystonic arm to its signs, by commands alone: recorded, calibrated, replayed."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import stimloop as sl
from replay import readers
from stimloop.__main__ import run_command
from tests.replay.recordings import whole

_WRIST = "wrist_flexor-wrist_extensor"
_WINDOW_S = 10.0
REST, TONIC, IN_TURN, TOGETHER = 0.0, 1.0, 2.0, 3.0


class Arm:
    """What was found of an arm in each of its phases."""

    def __init__(self, folder: Path) -> None:
        file, rig, session = folder / "arm.xdf", folder / "rig.toml", folder / "session"
        asked = ["patient", "--emg", "dystonic-arm", "--record", str(file), "--duration", "94"]
        assert run_command(asked) == 0
        assert run_command(["calibrate", str(file), "--emg", "--out", str(rig)]) == 0
        assert run_command(["replay", str(file), str(rig), "--out", str(session)]) == 0
        self._session = sl.session(session)
        markers = whole(readers.open(file).streams[1])
        told = zip(markers.timestamps_s.tolist(), markers.samples[:, 0].tolist(), strict=True)
        kept = [(at_s, text) for at_s, text in told if text not in {"task", "pause"}]
        ends = [*(at_s for at_s, _ in kept[1:]), kept[0][0] + 94.0]
        self.phases = [(text, at_s, end_s) for (at_s, text), end_s in zip(kept, ends, strict=True)]

    def values(self, detector: str, channel: str, measure: str, phase: int) -> NDArray[np.float64]:
        """Return the values of the windows that lie in a phase whole."""
        found = self._session.estimates
        _, begin_s, end_s = self.phases[phase]
        chosen = found[
            found["valid"]
            & (found["detector"] == detector)
            & (found["channel"] == channel)
            & (found["measure"] == measure)
            & found["time_s"].between(begin_s + _WINDOW_S, end_s)
        ]
        return np.asarray(chosen["value"], dtype=np.float64)


@pytest.mark.timeout(120)
def test_a_dystonic_arm_shows_its_signs_in_their_phases(tmp_path: Path) -> None:
    arm = Arm(tmp_path)
    names = [text for text, _, _ in arm.phases]
    tonic, tremor, trick = (
        names.index(each) for each in ("tonic_overflow", "tremor", "sensory_trick")
    )
    state = [arm.values("state", _WRIST, "state", phase) for phase in (tonic, tremor, trick)]
    assert np.mean(state[0] == TONIC) > 0.9
    assert np.mean(np.isin(state[1], (IN_TURN, TOGETHER))) > 0.9
    assert arm.values("posture", _WRIST, "level_index", tonic).mean() > 0.7
    drive = [
        arm.values("drive", "wrist_flexor", "low_frequency_drive", each) for each in (tonic, tremor)
    ]
    assert drive[1].mean() > 1.5 * drive[0].mean()
    active = [
        arm.values("bursts", "wrist_flexor", "activation", each).mean() for each in (tonic, trick)
    ]
    assert active[1] < 0.6 * active[0]
    assert np.mean(state[2] == TONIC) > 0.9  # a trick weakens a posture, and leaves it one
