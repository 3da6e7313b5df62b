"""A simulated patient with an oscillation and no other noise."""

from typing import Any

from replay.patient.patient import Patient, PatientConfig

RATE_HZ = 250.0


def pure_patient(**keys: Any) -> Patient:
    """Return a patient of one channel; its mean square is 0.5 at rest."""
    return Patient(
        PatientConfig(
            channels=("z",),
            gains=(1.0,),
            rate_hz=RATE_HZ,
            scale_uv=1.0,
            pink_uv=0.0,
            line_uv=0.0,
            **({"seed": 3} | keys),
        )
    )
