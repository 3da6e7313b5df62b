"""Reads plain tables into configuration structs and goes on after a mistake, to find all at once.

`msgspec.convert` ends at the first. Here each key is converted for itself, and a table as a whole
only once all its keys fit, so that its own check of them runs on values that it may believe.
"""

import functools
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, NamedTuple, Union, get_args, get_origin

import msgspec

from stimloop.checking.mistakes import NAMED, Mistake, from_text
from stimloop.checking.wording import expected, listed, nearest, remedy, shown

_NOT_MADE: Final = object()


class Unfit(NamedTuple):
    """A table in which every single key is valid, but not all of them together.

    Parameters
    ----------
    keys : dict of str to Any
        What its keys say, defaults included.
    mistakes : tuple of Mistake
        What its own check of the whole refused.
    """

    keys: dict[str, Any]
    mistakes: tuple[Mistake, ...]


class Reading:
    """One pass over a file's tables.

    Parameters
    ----------
    root : type
        The struct of the file as a whole.
    tables : mapping
        The file's content, as a TOML parser gives it.
    refused : mapping of str to mapping of str to str, optional
        By the key of their list of tables, detectors and policies of other packages that could
        not be taken, with the reason: for whoever asks for a kind of theirs.

    Attributes
    ----------
    config : struct or None
        The whole, where nothing is wrong.
    mistakes : list of Mistake
        What is wrong, in the order of the file's schema.
    parts : dict of str to struct
        By its path every table that is right in itself: ``$.devices[0]``.
    unfit : dict of str to Unfit
        By its path every table that only its own check of the whole refused.
    """

    def __init__(
        self,
        root: type[msgspec.Struct],
        tables: Mapping[str, Any],
        refused: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.mistakes: list[Mistake] = []
        self.parts: dict[str, Any] = {}
        self.unfit: dict[str, Unfit] = {}
        self._homes = _homes(root)
        self._refused = refused or {}
        made = self._read(dict(tables), root, "$")
        self.config: Any = None if made is _NOT_MADE else made

    def _read(self, value: Any, type_: Any, path: str) -> Any:  # noqa: ANN401 plain data
        type_ = _plain(type_, value)
        if get_origin(type_) is tuple and get_args(type_)[-1] is Ellipsis:
            return self._read_list(value, get_args(type_)[0], type_, path)
        if get_origin(type_) is dict and isinstance(value, dict):
            return self._read_names(value, type_, path)
        members = [each for each in _members(type_) if _is_struct(each)]
        if members and isinstance(value, dict):
            return self._read_table(value, members, path)
        if members:
            return self._fail(path, f"expected {_table_words(members)}, found {shown(value)}")
        return self._convert(value, type_, path)

    def _read_list(self, value: Any, item: Any, type_: Any, path: str) -> Any:  # noqa: ANN401
        if isinstance(value, list):
            made = [self._read(each, item, f"{path}[{at}]") for at, each in enumerate(value)]
            return _NOT_MADE if _NOT_MADE in made else tuple(made)
        if not any(map(_is_struct, _members(item))):
            return self._fail(
                path, f"expected {expected(type_)}, found {shown(value)}{remedy(value, type_)}"
            )
        name = path.removeprefix("$.").partition("[")[0]
        header = f"{name}.{path.rpartition('.')[2]}" if "[" in path else name
        found = f"one, [{header}]" if isinstance(value, dict) else shown(value)
        return self._fail(
            path, f"expected a list of tables, found {found}; write [[{header}]] before each"
        )

    def _read_names(self, value: dict[str, Any], type_: Any, path: str) -> Any:  # noqa: ANN401
        of_key, of_value = get_args(type_)
        made = {}
        for key, each in value.items():
            named = self._convert(key, of_key, f"{path}.{key}")
            made[named] = self._read(each, of_value, f"{path}.{key}")
        return _NOT_MADE if _NOT_MADE in made or _NOT_MADE in made.values() else made

    def _read_table(self, value: dict[str, Any], members: list[Any], path: str) -> Any:  # noqa: ANN401
        struct = members[0]
        tag_field = struct.__struct_config__.tag_field
        if tag_field is not None:
            kinds = {each.__struct_config__.tag: each for each in members}
            kind = value.get(tag_field)
            if not isinstance(kind, str) or kind not in kinds:
                return self._fail_kind(f"{path}.{tag_field}", kind, kinds)
            struct = kinds[kind]
        fields = {each.encode_name: each for each in msgspec.structs.fields(struct)}
        keys = {
            key: self._read(each, fields[key].type, f"{path}.{key}")
            for key, each in value.items()
            if key in fields
        }
        made = list(keys.values())
        if struct.__struct_config__.forbid_unknown_fields:
            known = [*filter(None, [tag_field]), *fields]
            unknown = [key for key in value if key not in known]
            made += [self._fail(f"{path}.{key}", self._unknown(key, known)) for key in unknown]
        missing = [key for key, field in fields.items() if field.required and key not in value]
        made += [self._fail(f"{path}.{key}", _missing(key, fields[key].type)) for key in missing]
        if _NOT_MADE in made:
            return _NOT_MADE
        n_before = len(self.mistakes)
        whole = self._convert(value, struct, path)
        if whole is not _NOT_MADE:
            self.parts[path] = whole
        else:
            defaults = {key: each.default for key, each in fields.items()}
            self.unfit[path] = Unfit(defaults | keys, tuple(self.mistakes[n_before:]))
        return whole

    def _convert(self, value: Any, type_: Any, path: str) -> Any:  # noqa: ANN401
        try:
            return msgspec.convert(value, type_)
        except msgspec.ValidationError as error:
            if isinstance(error.__cause__, ValueError):
                self.mistakes.extend(from_text(str(error.__cause__), path))
                return _NOT_MADE
            found = f"found {shown(value)}{remedy(value, type_)}"
            return self._fail(path, f"expected {expected(type_)}, {found}")

    def _fail(self, path: str, text: str) -> object:
        self.mistakes.append(Mistake(path, text))
        return _NOT_MADE

    def _fail_kind(self, path: str, kind: object, kinds: Mapping[str, Any]) -> object:
        found = "none" if kind is None else f"{shown(kind)}{nearest(kind, kinds)}"
        table = path.removeprefix("$.").partition("[")[0]
        refused = "".join(
            f"; {NAMED[table][0]} {name!r} was refused: {reason}"
            for name, reason in self._refused.get(table, {}).items()
        )
        return self._fail(path, f"expected one of {listed(sorted(kinds))}, found {found}{refused}")

    def _unknown(self, key: str, known: list[str]) -> str:
        homes = [home for home in self._homes.get(key, ()) if home]
        near = f"; it is a key of {' and '.join(homes)}" if homes else nearest(key, known)
        return f"expected one of the keys {listed(known)}, found {key!r}{near}"


def _missing(key: str, type_: Any) -> str:  # noqa: ANN401 whatever a field is annotated with
    item = get_args(type_)[0] if get_origin(type_) is tuple else None
    if item is not None and any(map(_is_struct, _members(item))):
        return f"expected a list of tables, [[{key}]], found none"
    if _is_struct(type_):
        keys = listed(type_.__struct_fields__)
        return f"expected a table [{key}] with keys among {keys}, found none"
    return f"expected {expected(type_)}, found none: it has no default"


def _table_words(members: list[Any]) -> str:
    if len(members) > 1:
        return "a table with a kind"
    return f"a table with keys among {listed(members[0].__struct_fields__)}"


def _plain(type_: Any, value: object) -> Any:  # noqa: ANN401 whatever a field is annotated with
    """Return the member of a union that `value` is meant for, where its keys show that."""
    members = [each for each in _members(type_) if each is not types.NoneType]
    if len(members) == 1:
        return members[0]
    if isinstance(value, dict):
        tables = [each for each in members if get_origin(each) is dict]
        return tables[0] if tables else type_
    return type_


def _members(type_: Any) -> tuple[Any, ...]:  # noqa: ANN401 whatever a field is annotated with
    if get_origin(type_) in {Union, types.UnionType}:
        return get_args(type_)
    if get_origin(type_) is Annotated and get_origin(get_args(type_)[0]) in {
        tuple,
        Union,
        types.UnionType,
    }:
        return _members(get_args(type_)[0])
    return (type_,)


def _is_struct(type_: object) -> bool:
    return isinstance(type_, type) and issubclass(type_, msgspec.Struct)


@functools.cache
def _homes(root: type[msgspec.Struct]) -> dict[str, list[str]]:
    """Return for each key the headers of the tables that know it."""
    homes: dict[str, list[str]] = {}
    for header, struct in _headers(root, ""):
        for field in msgspec.structs.fields(struct):
            known = homes.setdefault(field.encode_name, [])
            if header not in known:
                known.append(header)
    return homes


def _headers(struct: type[msgspec.Struct], name: str) -> Iterator[tuple[str, Any]]:
    for field in msgspec.structs.fields(struct):
        inner = f"{name}.{field.encode_name}" if name else field.encode_name
        for type_ in _members(field.type):
            is_list = get_origin(type_) is tuple
            is_named = get_origin(type_) is dict
            item = get_args(type_)[-1 if is_named else 0] if is_list or is_named else type_
            for each in filter(_is_struct, _members(item)):
                header = f"[[{inner}]]" if is_list else f"[{inner}{'.NAME' if is_named else ''}]"
                yield header, each
                yield from _headers(each, inner)
