"""Simulated patients and muscles, as commands play and record them."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from replay.patient import recorded_patient
from replay.patient.emg import recorded
from replay.patient.emg.outlet import run_muscles
from replay.patient.emg.pieces import InBlocks, Piece, marker_stream
from replay.patient.emg.scenarios import open_scenario
from replay.patient.patient import PatientConfig
from stimloop.config import Config
from stimloop.errors import ConfigError
from stimloop.terminal.progress import progress


def open_muscles(scenario: str, seed: int | None) -> InBlocks[Piece]:
    """Return the muscles of a scenario.

    Raises
    ------
    ConfigError
        Where there is none of that name.
    """
    try:
        return open_scenario(scenario, seed=1 if seed is None else seed)
    except ValueError as error:
        raise ConfigError(f"--emg: {error}") from error


def play_muscles(
    muscles: InBlocks[Piece], loaded: Config, told: Callable[[str], None]
) -> Coroutine[Any, Any, None]:
    """Return what sends muscles, which feel the device of the rig's patient, until cancelled.

    Once they are on LSL, `told` hears how their streams are called.
    """
    infos = [*muscles.infos, marker_stream(muscles.infos[0])]
    names = ", ".join(each.lsl_name for each in infos)
    return run_muscles(
        muscles,
        rig=loaded.rig.name,
        device="" if loaded.patient is None else loaded.patient.device,
        broker=loaded.broker,
        ready=lambda: told(f"on LSL: {names}"),
    )


def record_muscles(
    muscles: InBlocks[Piece], path: Path, *, duration_s: float, amplitude_ma: float
) -> str:
    """Write muscles to a file, and return a line that says what it holds.

    Raises
    ------
    ConfigError
        Where the name is taken, or does not end in ``.xdf``.
    """

    def write(advance: Callable[[int, int], None]) -> int:
        return recorded.record_muscles(
            muscles, path, duration_s=duration_s, amplitude_ma=amplitude_ma, progress=advance
        )

    n_samples = _written(path, write)
    infos = muscles.infos
    return (
        f"{path}: {n_samples} samples of {sum(len(each.channels) for each in infos)} channels at "
        f"{infos[0].rate_hz:g} Hz and markers, under {amplitude_ma:g} mA; they are simulated"
    )


def record_patient(
    patient: PatientConfig, path: Path, *, duration_s: float, amplitude_ma: float
) -> str:
    """Write a patient's LFP to a file, and return a line that says what it holds.

    Raises
    ------
    ConfigError
        Where the name is taken, or does not end in ``.xdf``.
    """

    def write(advance: Callable[[int, int], None]) -> int:
        return recorded_patient.record_patient(
            patient, path, duration_s=duration_s, amplitude_ma=amplitude_ma, progress=advance
        )

    n_samples = _written(path, write)
    return (
        f"{path}: {n_samples} samples of {len(patient.channels)} channels at "
        f"{patient.rate_hz:g} Hz, under {amplitude_ma:g} mA; it is a simulated patient"
    )


def _written(path: Path, write: Callable[[Callable[[int, int], None]], int]) -> int:
    """Return what writing a recording returns, with its progress shown."""
    if path.suffix.lower() != ".xdf":
        raise ConfigError(f"--record: expected a name that ends in .xdf, found {path.name!r}")
    try:
        with progress("recording") as advance:
            return write(advance)
    except FileExistsError as error:
        raise ConfigError(f"--record: {error}; choose another name") from error
