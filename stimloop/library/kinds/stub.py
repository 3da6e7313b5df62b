"""Writes the types of our own kinds for type checkers: ``python -m stimloop.library.kinds.stub``.

The kinds are looked up when the program runs; `installed.pyi` says beforehand what each of them
takes, so that a wrong key is seen before anything runs. A test holds it to the kinds.
"""

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec

from stimloop.library.kinds.factories import factories, optional_fields, parts, structs_in

FILE: Final = Path(__file__).with_name("installed.pyi")
_HEAD: Final = "# Written by `python -m stimloop.library.kinds.stub`."
_OWN: Final = "detectors."


def text() -> str:
    """Return the stub of the built-in kinds; kinds of other packages are not on every machine."""
    own = {name: each for name, each in factories().items() if _is_own(_config_type(each))}
    own_parts = [each for each in parts().values() if _is_own(each)]
    structs = sorted({*map(_config_type, own.values()), *own_parts}, key=lambda each: each.__name__)
    imports = [
        f"from {each.__module__} import {each.__name__} as {each.__name__}" for each in structs
    ]
    body = [_function(name, _config_type(each)) for name, each in sorted(own.items())]
    return "\n".join(
        [
            _HEAD,
            "",
            "from collections.abc import Mapping, Sequence",
            "from typing import Any, Literal",
            "",
            *sorted(imports),
            "from stimloop.library.kinds.thresholds import Level, Percentile",
            "",
            *body,
            "",
        ]
    )


def _is_own(struct: type[Any]) -> bool:
    return struct.__module__.startswith(_OWN)


def _config_type(factory: Any) -> type[msgspec.Struct]:  # noqa: ANN401 a factory of a kind
    found: type[msgspec.Struct] = vars(factory)["__signature__"].return_annotation
    return found


def _function(name: str, config_type: type[msgspec.Struct]) -> str:
    defaults = optional_fields(config_type)
    lines = [f"def {name}("]
    fields = list(msgspec.structs.fields(config_type))
    if fields[0].encode_name == "id":
        lines += ["    id: str,", "    /,"]
        fields = fields[1:]
    lines.append("    *,")
    for field in fields:
        annotation = " | ".join(dict.fromkeys(_words(field.type)))
        default = " = ..." if field.encode_name in defaults else ""
        lines.append(f"    {field.encode_name}: {annotation}{default},")
    return "\n".join([*lines, f") -> {config_type.__name__}: ..."])


def _words(annotation: Any) -> Iterator[str]:  # noqa: ANN401 whatever a field is annotated with
    """Yield the types that a key of a table may have, as text for the stub."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        for each in arguments:
            yield from _words(each)
    elif origin is Annotated:
        yield from _words(arguments[0])
    elif annotation is types.NoneType:
        yield "None"
    elif origin is Literal:
        yield f"Literal[{', '.join(map(repr, arguments))}]"
    elif origin is tuple:
        yield _tuple_text(arguments)
    elif origin is dict:
        key, value = (" | ".join(_words(each)) for each in arguments)
        yield f"Mapping[{key}, {value}]"
    elif list(structs_in(annotation)):
        yield from _struct_words(annotation)
    else:
        yield annotation.__name__


def _tuple_text(arguments: tuple[Any, ...]) -> str:
    items = [" | ".join(_words(each)) for each in arguments if each is not Ellipsis]
    if Ellipsis in arguments:
        return f"Sequence[{items[0]}]"
    return f"tuple[{', '.join(items)}]"


def _struct_words(struct: type[msgspec.Struct]) -> Iterator[str]:
    """Yield the types that may be written for a struct: itself, its short form, a plain table."""
    fields = set(struct.__struct_fields__)
    yield struct.__name__
    if {"percentile", "calibrate_s"} <= fields:
        yield "Percentile"
    if "level" in fields:
        yield "Level"
    yield "Mapping[str, Any]"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
