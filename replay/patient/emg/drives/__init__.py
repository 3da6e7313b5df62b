"""What drives muscles: a configuration and its process for each class of activity."""

from replay.patient.emg.drives.bursting import Chorea, Myoclonus
from replay.patient.emg.drives.overflow import HEALTHY_OVERFLOW, Overflow
from replay.patient.emg.drives.rhythmic import (
    AlternatingTremor,
    DystonicTremor,
    ReciprocalVoluntary,
    SynchronousTremor,
)
from replay.patient.emg.drives.steady import IndependentTonic, Rest, TonicCoContraction
from replay.patient.emg.drives.stretched import SpasticStretches

AnyActivity = (
    Rest
    | ReciprocalVoluntary
    | TonicCoContraction
    | IndependentTonic
    | AlternatingTremor
    | SynchronousTremor
    | DystonicTremor
    | Chorea
    | Myoclonus
    | SpasticStretches
    | Overflow
)

__all__ = [
    "HEALTHY_OVERFLOW",
    "AlternatingTremor",
    "AnyActivity",
    "Chorea",
    "DystonicTremor",
    "IndependentTonic",
    "Myoclonus",
    "Overflow",
    "ReciprocalVoluntary",
    "Rest",
    "SpasticStretches",
    "SynchronousTremor",
    "TonicCoContraction",
]
