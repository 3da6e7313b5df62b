"""Examples of a detector, on which the laws are held: what its class brings."""

from typing import Any

from detectors.detector import DetectorConfig
from detectors.registry import GROUP, REGISTRY
from detectors.testing.subject import LAYOUT, Example


def types_from_elsewhere() -> list[type[Any]]:
    """Return every installed class that is not of our own package."""
    return [
        each
        for each in REGISTRY.detectors.values()
        if each.__module__.partition(".")[0] != "detectors"
    ]


def brought_examples(detector: type[Any]) -> tuple[Example, ...]:
    """Return an example for each of a class's `examples`; none where it brings none.

    Each is an `Example`, or a configuration of the class on `LAYOUT`: then all its outputs have to
    be spoilt by bad data within `span_samples`.

    Raises
    ------
    ValueError
        Where the class is not installed as a detector.
    """
    if REGISTRY.detectors.get(detector.config_type) is not detector:
        why = "; ".join(REGISTRY.refused.values()) or "no entry point names it"
        raise ValueError(
            f"{detector.__name__}: expected a class that an entry point of {GROUP!r} names and "
            f"that is installed, found none ({why})"
        )
    return tuple(
        each if isinstance(each, Example) else _example(f"example {number}", detector, each)
        for number, each in enumerate(getattr(detector, "examples", ()))
    )


def _example(name: str, detector: type[Any], config: DetectorConfig) -> Example:
    made = detector(config, LAYOUT)
    n_measures = len(made.outputs) // len(made.channels)
    return Example(
        name,
        (config,),
        LAYOUT,
        made.span_samples,
        None,
        channel_outputs=n_measures,
        measures=tuple(range(n_measures)),
        kinds=frozenset(getattr(detector, "detects", ())),
    )
