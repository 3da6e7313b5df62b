"""Docstrings of kinds: the text of the class, with the keys of its table as parameters."""

import inspect
import re
from typing import Any, Final

import msgspec

#: A heading of a numpydoc section with its underline.
_HEADING: Final = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
#: Sections of the class's docstring that are also true of its table.
_OF_CLASS: Final = ("Raises", "Notes", "References")
#: An example call for each built-in kind.
_EXAMPLES: Final = {
    "Aperiodic": 'sl.Aperiodic("slope", band_hz=(13, 30), window_s=10)',
    "BandPower": 'sl.BandPower("beta", band_hz=(13, 30), window_s=0.4)',
    "Burst": 'sl.Burst("burst", of="beta", threshold=sl.Percentile(75, calibrate_s=20))',
    "BurstStatistics": 'sl.BurstStatistics("statistics", of="burst")',
    "CoContraction": 'sl.CoContraction("arm", pairs=[("FLEXOR", "EXTENSOR")])',
    "Coherence": 'sl.Coherence("sync", band_hz=(13, 30), pairs=[("STN_L", "M1_L")])',
    "EventContrast": (
        'sl.EventContrast("trick", of="beta", paired=True, '
        'first={"markers": ["touch"], "window_s": (0.5, 3.5)}, '
        'second={"markers": ["touch"], "window_s": (-3.5, -0.5)})'
    ),
    "MuscleBursts": (
        'sl.MuscleBursts("jerks", rest_uv={"FLEXOR": 3.9}, rest_sd_uv={"FLEXOR": 0.7})'
    ),
    "MuscleSpectrum": 'sl.MuscleSpectrum("drive", window_s=10)',
    "MuscleState": (
        'sl.MuscleState("state", rest_uv={"FLEXOR": 3.9, "EXTENSOR": 4.2}, '
        'rest_sd_uv={"FLEXOR": 0.7, "EXTENSOR": 0.7}, '
        'reference_uv={"FLEXOR": 80, "EXTENSOR": 65})'
    ),
    "Oscillation": 'sl.Oscillation("rhythm", centre_hz=18.5)',
    "PhaseAmplitudeCoupling": (
        'sl.PhaseAmplitudeCoupling("coupling", phase_band_hz=(13, 30), '
        "amplitude_band_hz=(60, 200), window_s=30)"
    ),
    "TargetPhase": 'sl.TargetPhase("peaks", of="rhythm", gate=sl.Percentile(50, calibrate_s=20))',
    "LineNoise": "sl.LineNoise(frequency_hz=50)",
    "Movement": "sl.Movement()",
    "Saturation": "sl.Saturation()",
    "StimulationBlanking": "sl.StimulationBlanking(blank_s=0.003)",
    "StimulationPeriod": "sl.StimulationPeriod(frequency_hz=130)",
}


def docstring(kind: type[Any], config_type: type[msgspec.Struct]) -> str:
    """Return the docstring of a kind.

    Parameters
    ----------
    kind : type
        The detector or artifact step: gives the first lines, notes and references.
    config_type : type
        The struct of its table: gives the parameters.
    """
    of_class, of_table = _sections(kind), _sections(config_type)
    sections = {"": of_class.get("", ""), "Parameters": _parameters(config_type, of_table)}
    sections |= {name: of_class[name] for name in _OF_CLASS if name in of_class}
    if kind.__name__ in _EXAMPLES:
        sections["Examples"] = f">>> import stimloop as sl\n>>> made = {_EXAMPLES[kind.__name__]}"
    return "\n\n".join(
        f"{name}\n{'-' * len(name)}\n{text}" if name else text for name, text in sections.items()
    )


def _parameters(config_type: type[msgspec.Struct], of_table: dict[str, str]) -> str:
    told = of_table.get("Parameters", "")
    if "id" not in config_type.__struct_fields__ or told.startswith("id "):
        return told
    return f"id : str\n    Its name in results, and of what other detectors read.\n{told}"


def _sections(documented: type[Any]) -> dict[str, str]:
    """Return the sections of a docstring by their headings; what stands before all, by ''."""
    text = inspect.cleandoc(documented.__doc__ or "")
    pieces = _HEADING.split(text)
    return {"": pieces[0].strip()} | {
        name: body.strip("\n") for name, body in zip(pieces[1::2], pieces[2::2], strict=True)
    }
