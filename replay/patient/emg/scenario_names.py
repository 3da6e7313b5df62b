"""The scenarios of simulated muscles by name; this file loads nothing."""

from types import MappingProxyType
from typing import Final

#: What each scenario is, for whoever chooses one.
SCENARIOS: Final = MappingProxyType(
    {
        "dystonic-arm": "tonic co-contraction with overflow, then tremor, then a sensory trick",
        "healthy-arm": "reciprocal movement, and a task without overflow",
        "rest": "muscles at rest",
        "reciprocal": "flexor and extensor in turn, 0.8 Hz",
        "tonic": "tonic co-contraction, drives that correlate by 0.81",
        "independent-tonic": "tonic contraction without a common drive",
        "alternating-tremor": "tremor of 5 Hz, half a cycle apart",
        "synchronous-tremor": "tremor of 5 Hz, in phase",
        "dystonic-tremor": "irregular tremor on tonic co-contraction",
        "chorea": "short bursts at random, never two at once",
        "myoclonus": "shock-like bursts, in both muscles at once",
        "spastic": "answers to passive stretches, the faster the more",
        "overflow": "a task that overflows into other muscles",
        "crosstalk": "no common drive, and 30 % of each muscle in the other's channel",
        "heart": "tonic contraction with the heart and mains in the channels",
        "paired-pulses-dystonic": "evoked potentials: SICI 0.8, LICI 0.9",
        "paired-pulses-healthy": "evoked potentials: SICI 0.4, LICI 0.5",
        "pas-dystonic": "evoked potentials before and after PAS: spreads to the neighbour",
        "pas-healthy": "evoked potentials before and after PAS: the target alone",
        "stretch-spastic": "passive stretches: resistance grows with speed and gives way",
        "stretch-dystonic": "passive stretches: the same resistance at every speed",
        "stretch-relaxed": "passive stretches: hardly any resistance",
    }
)
