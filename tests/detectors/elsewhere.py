"""Examples of detectors that are installed from other packages: what their classes bring."""

from typing import Any

from detectors.registry import REGISTRY
from tests.detectors.subject import LAYOUT, Example


def types_from_elsewhere() -> list[type[Any]]:
    """Return every installed class that is not of our own package."""
    return [
        each
        for each in REGISTRY.detectors.values()
        if each.__module__.partition(".")[0] != "detectors"
    ]


def brought_examples(detector: type[Any]) -> tuple[Example, ...]:
    """Return an example for each configuration a class brings; none where it brings none."""
    return tuple(
        _example(f"brought {place}", detector, config)
        for place, config in enumerate(getattr(detector, "examples", ()))
    )


def _example(name: str, detector: type[Any], config: Any) -> Example:
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
    )
