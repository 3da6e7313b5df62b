"""The kinds a rig can ask for, each as a function by the name of its class: ``sl.BandPower(...)``.

They are the registry's, so those of other packages are among them. A call is checked as a table of
a configuration file is, and returns the struct that such a table becomes.
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

import msgspec

from detectors.conditioning.artifacts import path
from detectors.conditioning.artifacts.path import AnyArtifactConfig
from detectors.conditioning.quality import QualityConfig
from detectors.detector import DetectorConfig
from detectors.registry import REGISTRY
from stimloop.checking.tables import Reading
from stimloop.library.input_errors import raise_mistakes
from stimloop.library.kinds.docstrings import docstring
from stimloop.library.plain_data import plain_data

#: A kind as a function: it returns the struct that configures a detector or a step.
Factory = Callable[..., Any]


@functools.cache
def factories() -> Mapping[str, Factory]:
    """Return every kind by the name of its class; where two share a name, ours is kept."""
    made: dict[str, Factory] = {}
    for step_type in get_args(AnyArtifactConfig):
        name = step_type.__name__.removesuffix("Config")
        made[name] = _of_artifact(getattr(path, name), step_type)
    for config_type, detector in REGISTRY.detectors.items():
        made.setdefault(detector.__name__, _of_detector(detector, config_type))
    return made


@functools.cache
def parts() -> Mapping[str, type[msgspec.Struct]]:
    """Return the structs that tables of kinds and streams have as parts, by their names."""
    tables = [*REGISTRY.detectors, *get_args(AnyArtifactConfig)]
    fields = [field for each in tables for field in msgspec.structs.fields(each)]
    found: list[type[msgspec.Struct]] = [QualityConfig]
    found += [each for field in fields for each in structs_in(field.type)]
    return {each.__name__: each for each in reversed(found)}


def structs_in(annotation: Any) -> Iterator[type[msgspec.Struct]]:  # noqa: ANN401 of a field
    """Yield the structs in a type annotation, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    for each in get_args(annotation):
        yield from structs_in(each)


def optional_fields(config_type: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the default of each field that may be left out; ``stream`` always may."""
    return {
        field.encode_name: None if field.default is msgspec.NODEFAULT else field.default
        for field in msgspec.structs.fields(config_type)
        if not field.required or field.encode_name == "stream"
    }


def _of_detector(detector: type[Any], config_type: type[DetectorConfig]) -> Factory:
    tag = config_type.__struct_config__.tag
    needs_stream = any(
        field.encode_name == "stream" and field.required
        for field in msgspec.structs.fields(config_type)
    )

    def make(id: str, /, **keys: object) -> DetectorConfig:  # noqa: A002 as the table calls it
        table = {"id": id, "kind": tag, **plain_data(keys)}
        if needs_stream:  # replaced by the name of the only stream, see `on_streams`
            table.setdefault("stream", "")
        config: DetectorConfig = _read(config_type, "detectors", table)
        return config

    return _described(make, detector, config_type, ("id",))


def _of_artifact(step: type[Any], config_type: type[msgspec.Struct]) -> Factory:
    tag = config_type.__struct_config__.tag

    def make(**keys: object) -> Any:  # noqa: ANN401 the struct of the step
        return _read(config_type, "artifacts", {"kind": tag, **plain_data(keys)}, step.__name__)

    return _described(make, step, config_type, ())


def _read(struct: type[msgspec.Struct], key: str, table: dict[str, Any], front: str = "") -> Any:  # noqa: ANN401 the struct
    """Return the struct that a table of the list `key` becomes."""
    tables = {key: [table]}
    file = msgspec.defstruct("file", [(key, tuple[struct, ...])])  # type: ignore[valid-type]
    reading = Reading(file, tables)
    raise_mistakes(reading.mistakes, tables, front)
    return getattr(reading.config, key)[0]


def _described(
    make: Factory, kind: type[Any], config_type: type[msgspec.Struct], positional: tuple[str, ...]
) -> Factory:
    """Set the signature and the docstring of a kind's function."""
    defaults = optional_fields(config_type)
    empty = inspect.Parameter.empty
    parameters = [
        inspect.Parameter(
            field.encode_name,
            inspect.Parameter.POSITIONAL_ONLY
            if field.encode_name in positional
            else inspect.Parameter.KEYWORD_ONLY,
            default=defaults.get(field.encode_name, empty),
        )
        for field in msgspec.structs.fields(config_type)
    ]
    make.__name__ = make.__qualname__ = kind.__name__
    make.__module__ = "stimloop"
    make.__doc__ = docstring(kind, config_type)
    vars(make)["__signature__"] = inspect.Signature(
        sorted(parameters, key=lambda each: each.kind), return_annotation=config_type
    )
    return make
