"""Wording of mistakes: which values a type allows, what was found, the nearest known name."""

import difflib
import math
from collections.abc import Iterable
from typing import Any, Final

from msgspec import inspect

_SHOWN_MAX = 60
#: Descriptions of the patterns that texts must match.
_PATTERNS: Final = {
    r"^[A-Za-z0-9_-]+$": "letters, digits, - and _ only",
    r"^[A-Za-z0-9_.:-]+$": "letters, digits, and _ . : - only",
}


def expected(type_: Any) -> str:  # noqa: ANN401 whatever a field is annotated with
    """Return in words which values a field allows.

    Examples
    --------
    >>> from typing import Annotated
    >>> from msgspec import Meta
    >>> expected(Annotated[float, Meta(gt=0.0, le=60.0)])
    'a number above 0 and at most 60'
    """
    return _words(inspect.type_info(type_))


def shown(value: object) -> str:
    """Return a value as a line can hold it, much as the file has it.

    Examples
    --------
    >>> shown([13.0, True, "a"])
    "[13, true, 'a']"
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = f"{value:.10g}"
    elif isinstance(value, dict):
        text = f"a table ({', '.join(map(str, value)) or 'empty'})"
    elif isinstance(value, list | tuple):
        text = f"[{', '.join(shown(each) for each in value)}]"
    elif isinstance(value, int | str):
        text = repr(value)
    else:
        text = str(value)
    return text if len(text) <= _SHOWN_MAX else f"{text[: _SHOWN_MAX - 3]}..."


def listed(names: Iterable[object]) -> str:
    """Return names as a list in a line; "none" where there is none."""
    return ", ".join(map(str, names)) or "none"


def nearest(name: object, known: Iterable[str]) -> str:
    """Return the known name that is most like `name`, as the end of a line; "" where none is.

    Examples
    --------
    >>> nearest("hop_ms", ["window_s", "hop_s"])
    '; nearest: hop_s'
    """
    if not isinstance(name, str):
        return ""
    lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=0.5)
    return f"; nearest: {lower[found[0]]}" if found else ""


def remedy(value: object, type_: Any) -> str:  # noqa: ANN401 whatever a field is annotated with
    """Return the end of a line that says what to write instead, where the value shows it."""
    info = inspect.type_info(type_)
    kinds = info.types if isinstance(info, inspect.UnionType) else (info,)
    for kind in kinds:
        if isinstance(kind, inspect.LiteralType):
            return nearest(value, map(str, kind.values))
        if isinstance(kind, inspect.FloatType | inspect.IntType) and _is_number(value):
            return "; write it without quotes"
        if isinstance(kind, inspect.BoolType) and str(value).lower() in {"true", "false"}:
            return f"; write {str(value).lower()} without quotes"
        if isinstance(kind, inspect.VarTupleType) and isinstance(value, str):
            return f"; write [{value!r}]"
        if isinstance(kind, inspect.StrType) and isinstance(value, int | float):
            return "; write it in quotes"
    return ""


def _is_number(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _words(info: inspect.Type) -> str:  # noqa: C901, PLR0911 one case a kind of type
    match info:
        case inspect.FloatType():
            return f"a number{_bounds(info)}"
        case inspect.IntType():
            return f"a whole number{_bounds(info)}"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType():
            return _text(info)
        case inspect.LiteralType(values=values):
            return f"one of {listed(map(repr, values))}"
        case inspect.TupleType(item_types=items):
            return f"[{', '.join(map(_words, items))}]"
        case inspect.VarTupleType(item_type=item):
            return f"a list, each {_words(item)}"
        case inspect.StructType(cls=cls):
            return f"a table with keys among {listed(cls.__struct_fields__)}"
        case inspect.DictType(value_type=value):
            return f"a table of names, each {_words(value)}"
        case inspect.UnionType(types=types):
            given = [each for each in types if not isinstance(each, inspect.NoneType)]
            return " or ".join(map(_words, given))
        case inspect.Metadata(type=inner):
            return _words(inner)
        case _:
            return "another type"


def _bounds(info: inspect.FloatType | inspect.IntType) -> str:
    if info.ge is not None and info.le is not None:
        return f" from {info.ge:g} to {info.le:g}"
    named = (("above", info.gt), ("of at least", info.ge), ("below", info.lt), ("at most", info.le))
    words = [f"{word} {value:g}" for word, value in named if value is not None]
    return f" {' and '.join(words)}" if words else ""


def _text(info: inspect.StrType) -> str:
    words = ["a text in quotes"]
    if info.min_length:
        words.append("not empty")
    if info.pattern is not None:
        words.append(_PATTERNS.get(info.pattern, f"like {info.pattern}"))
    if info.max_length is not None:
        words.append(f"at most {info.max_length} characters")
    return ", ".join(words)
