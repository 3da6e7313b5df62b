"""Patients of the negative controls: the simulated one who moves, or whose stimulator is heard."""

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from replay.patient.patient import Patient, PatientConfig

#: The simulated patient as it is, one who moves, and one in whom each step of the amplitude shows.
PatientKind: TypeAlias = Literal["usual", "moves", "artifact"]

#: A patient who moves does so for `_MOVES_S` in each `_PERIOD_S`, from `_FIRST_MOVE_S` on.
_FIRST_MOVE_S: Final = 36.0
_PERIOD_S: Final = 60.0
_MOVES_S: Final = 30.0
#: What is left of the amplitude of beta meanwhile, and the time constant of the change.
_LEFT: Final = 0.3
_CHANGE_S: Final = 0.3
#: Beta so small that only the noise is left.
_NO_BETA_UV: Final = 1e-6

#: The artifact of a step: a ringing at the patient's beta, per mA, that decays.
_RINGING_UV_PER_MA: Final = 50.0
_RINGING_S: Final = 0.15


def movements_s(from_s: float, until_s: float) -> NDArray[np.float64]:
    """Return the movements of a patient who moves, in seconds from the first sample on.

    Returns
    -------
    ndarray, shape (n_movements, 2)
        Their beginnings and ends, as far as they lie between two times.
    """
    begins_s = np.arange(_FIRST_MOVE_S, until_s, _PERIOD_S)
    spans_s = np.clip(np.stack([begins_s, begins_s + _MOVES_S], axis=1), from_s, until_s)
    return spans_s[spans_s[:, 1] > spans_s[:, 0]]


class MovingPatient(Patient):
    """A patient whose beta falls while they move, as it does in people; the noise stays."""

    def __init__(self, config: PatientConfig) -> None:
        super().__init__(config)
        # Of the same seed, and so with the same noise.
        self._noise = Patient(replace(config, scale_uv=_NO_BETA_UV))
        self._n_sent = 0
        self._share = 1.0

    def generate(self, n_samples: int, current_ma: float) -> NDArray[np.float32]:
        """Return the next samples, as of `Patient`."""
        both_uv = super().generate(n_samples, current_ma)
        noise_uv = self._noise.generate(n_samples, current_ma)
        now_s = self._n_sent / self.config.rate_hz
        moves = now_s >= _FIRST_MOVE_S and (now_s - _FIRST_MOVE_S) % _PERIOD_S < _MOVES_S
        goal, step_s = (_LEFT if moves else 1.0), n_samples / self.config.rate_hz
        self._share = goal + (self._share - goal) * float(np.exp(-step_s / _CHANGE_S))
        self._n_sent += n_samples
        samples_uv: NDArray[np.float32] = noise_uv + np.float32(self._share) * (both_uv - noise_uv)
        return samples_uv


class ArtifactPatient(Patient):
    """A patient in whom each step of the amplitude leaves a ringing that looks like beta."""

    def __init__(self, config: PatientConfig) -> None:
        super().__init__(config)
        turn = np.exp(2j * np.pi * config.beta_hz / config.rate_hz)
        self._turn = turn * np.exp(-1.0 / (_RINGING_S * config.rate_hz))
        self._ringing_uv = 0.0 + 0.0j
        self._before_ma = 0.0

    def generate(self, n_samples: int, current_ma: float) -> NDArray[np.float32]:
        """Return the next samples, as of `Patient`."""
        samples_uv = super().generate(n_samples, current_ma)
        self._ringing_uv += _RINGING_UV_PER_MA * abs(current_ma - self._before_ma)
        self._before_ma = current_ma
        ringing_uv = self._ringing_uv * self._turn ** np.arange(1, n_samples + 1)
        self._ringing_uv = complex(ringing_uv[-1])
        added_uv = ringing_uv.imag[:, None] * np.asarray(self.config.gains)
        samples_uv += added_uv.astype(np.float32)
        return samples_uv


PATIENTS: Final[Mapping[PatientKind, Callable[[PatientConfig], Patient]]] = {
    "usual": Patient,
    "moves": MovingPatient,
    "artifact": ArtifactPatient,
}
