"""Rhythms that lose their phase, in noise, and a rig that gives a trigger at a phase of them."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import tomli_w
from numpy.typing import NDArray

from benchmarks.figures.statements import CENTRE_HZ, RATE_HZ, in_band, pink, wandering

#: How long before its time to fire a trigger is predicted.
LEAD_S: Final = 0.01
HOP_S: Final = 0.002
CALIBRATE_S: Final = 20.0
STREAM: Final = "LFP"
CHANNEL: Final = "STN"
DEVICE: Final[dict[str, Any]] = {
    "id": "stn",
    "simulated": True,
    "safe_ma": 0.0,
    "programs": {
        "bursts": {"frequency_hz": 130.0, "pulse_width_us": 60.0, "contact_area_cm2": 0.0598}
    },
    "limits": {
        "amplitude_ma_max": 3.0,
        "slew_ma_per_s_max": 12.0,
        "charge_density_uc_per_cm2_max": 30.0,
        "shannon_k_max": 1.5,
        "refractory_s": 0.03,
        "triggers_per_min_max": 1500,
        "commands_per_s_max": 50.0,
        "on_time_s_max": 600.0,
        "off_time_s_min": 0.5,
        "rises_per_min_max": 60,
        "charge_uc_per_10_min_max": 14_000.0,
    },
}


def noisy(
    lost_per_s: float, snr_db: float, seconds: float, seed: int
) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Return a rhythm as one complex number a sample, and its signal in noise, in µV.

    Parameters
    ----------
    lost_per_s : float
        How fast it loses its phase: the correlation falls by a factor of e in one over this.
    snr_db : float
        Its power over that of the 1/f noise, in 15-25 Hz.
    seconds : float
        How long.
    seed : int
        Of all that is random.
    """
    random = np.random.default_rng(seed)
    n_samples = round(seconds * RATE_HZ)
    truth = wandering(n_samples, random, lost_per_s)
    noise = pink((n_samples, 1), random)[:, 0]
    ratio = in_band(truth.real).std() / in_band(noise).std()
    return truth, 10.0 * (truth.real + noise * ratio * 10.0 ** (-snr_db / 20.0))


def rig(
    *,
    lead_s: float = LEAD_S,
    match: dict[str, Any] | None = None,
    tables: dict[str, Any] | None = None,
    policy: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the configuration.

    Parameters
    ----------
    lead_s : float
        Of `target_phase`.
    match : dict, optional
        How the stream is found, where not by its name.
    tables : dict, optional
        Further tables, or others in place of these.
    policy : mapping, optional
        Keys of the policy, beside those it must have.
    """
    rhythm = {"id": "rhythm", "kind": "oscillation", "stream": STREAM, "channels": [CHANNEL]}
    peaks = {"id": "peaks", "kind": "target_phase", "of": "rhythm", "lead_s": lead_s}
    lock = {"id": "lock", "kind": "phase_lock", "of": "peaks", "device": "stn", "on_ma": 2.0}
    whole: dict[str, Any] = {
        "rig": {"name": "phase", "arm": "auto"},
        "streams": [{"name": STREAM, "kind": "lfp", "match": match or {"name": STREAM}}],
        "detectors": [
            rhythm | {"centre_hz": CENTRE_HZ, "hop_s": HOP_S},
            peaks | {"gate": {"percentile": 50.0, "calibrate_s": CALIBRATE_S}},
        ],
        "policies": [lock | dict(policy or {})],
        "devices": [DEVICE],
    }
    return tomli_w.dumps(whole | (tables or {})).encode()
