"""Whether a dataset keeps the rules of BIDS, as far as its schema says them for these files."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from stimloop.reporting.optional_packages import loaded
from stimloop.sharing.schema.expressions import Expressions, UnknownExpressionError

#: Folders of which BIDS says nothing.
_FREE: Final = frozenset({"sourcedata", "derivatives", "code", "stimuli"})
#: Types of JSON, and what Python makes of them.
_TYPES: Final[dict[str, Any]] = {
    "string": str,
    "number": int | float,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
}


def problems_of(root: Path) -> list[str]:
    """Return what is wrong with a dataset, a line each: file, expected, found.

    Parameters
    ----------
    root : Path
        Its folder.

    Notes
    -----
    Names and places of all files are held against the schema by bidsschematools itself. It has no
    check of contents, so that the rules of its schema for sidecars, JSON files and tables are read
    here: the fields and columns that a file must have, and the type of each field. What only the
    whole validator of BIDS looks at, as what is inside of recordings, is not looked at here.
    """
    validator = loaded("bidsschematools.validator", "--bids", "bids")
    schema = loaded("bidsschematools.schema", "--bids", "bids").load_schema()
    with _silence():
        names = validator.validate_bids(str(root), suppress_errors=True)
    found = [
        f"{each}: expected a name and a place that BIDS has, found this one"
        for each in sorted(map(str, names["path_tracking"]))
    ]
    return found + list(Contents(root, schema).problems())


class Contents:
    """The contents of a dataset, held against the rules of a schema.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    schema : object
        As bidsschematools loads it.
    """

    def __init__(self, root: Path, schema: Any) -> None:  # noqa: ANN401 of a library
        self._root = root
        self._schema = schema
        self._of_sidecars = list(_rules(schema.rules.sidecars))
        self._of_json = list(_rules(schema.rules.json))
        self._of_tables = list(_rules(schema.rules.tabular_data))
        parse = loaded("bidsschematools.expressions", "--bids", "bids").parse
        self._expressions = Expressions(parse)
        self._long = {each["name"]: name for name, each in schema.objects.entities.items()}

    def problems(self) -> Iterator[str]:
        """Yield what is wrong, a line each."""
        for file in sorted(self._root.rglob("*")):
            parts = file.relative_to(self._root).parts
            if file.is_file() and parts[0] not in _FREE and not _is_hidden(parts):
                for text in self._of(file, parts):
                    yield f"{file}: {text}"

    def _of(self, file: Path, parts: tuple[str, ...]) -> Iterator[str]:
        stem, dot, extension = file.name.partition(".")
        *entities, suffix = stem.split("_")
        context: dict[str, Any] = {
            "path": f"/{'/'.join(parts)}",
            "suffix": suffix,
            "extension": f"{dot}{extension}",
            "datatype": parts[-2] if len(parts) > 2 else None,
            "entities": {
                self._long.get(key, key): value
                for key, _, value in (each.partition("-") for each in entities)
            },
            "schema": self._schema,
        }
        try:
            if extension == "json":
                context["json"] = json.loads(file.read_text("utf-8"))
                yield from self._wrong_values(context["json"])
                yield from self._missing(self._of_json, context, context["json"])
                return
            beside = file.with_name(f"{stem}.json")
            context["sidecar"] = json.loads(beside.read_text("utf-8")) if beside.is_file() else {}
        except ValueError as error:
            yield f"expected JSON, here or beside it, found none: {error}"
            return
        yield from self._missing(self._of_sidecars, context, context["sidecar"])
        if extension == "tsv":
            columns = file.read_text("utf-8").partition("\n")[0].split("\t")
        elif extension == "tsv.gz":
            columns = context["sidecar"].get("Columns", [])
        else:
            return
        for rule in self._applying(self._of_tables, context):
            yield from self._wrong_columns(rule, columns)

    def _applying(
        self, rules: list[Mapping[str, Any]], context: Mapping[str, Any]
    ) -> Iterator[Mapping[str, Any]]:
        for rule in rules:
            try:
                if all(self._expressions.value(each, context) for each in rule["selectors"]):
                    yield rule
            except UnknownExpressionError:
                continue

    def _missing(
        self, rules: list[Mapping[str, Any]], context: Mapping[str, Any], said: Mapping[str, Any]
    ) -> Iterator[str]:
        for rule in self._applying(rules, context):
            for name, level in rule.get("fields", {}).items():
                if _level(level) == "required" and name.partition("__")[0] not in said:
                    yield f"expected the field {name} in its JSON, found none"

    def _wrong_columns(self, rule: Mapping[str, Any], columns: list[str]) -> Iterator[str]:
        written = self._schema.objects.columns
        for name, level in rule.get("columns", {}).items():
            if _level(level) == "required" and written[name]["name"] not in columns:
                yield f"expected the column {written[name]['name']}, found none"
        first = [written[each]["name"] for each in rule.get("initial_columns", ())]
        first = [each for each in first if each in columns]
        if columns[: len(first)] != first:
            yield f"expected the columns {', '.join(first)} first, found {', '.join(columns)}"

    def _wrong_values(self, said: Mapping[str, Any]) -> Iterator[str]:
        for name, value in said.items():
            allowed = self._schema.objects.metadata.get(name)
            if allowed is not None and not _fits(value, allowed):
                yield f"field {name}: expected {_told(allowed)}, found {value!r}"


@contextmanager
def _silence() -> Iterator[None]:
    """Keep bidsschematools from writing to stderr what is returned as well."""
    logger = logging.getLogger("bidsschematools")
    was_disabled, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = was_disabled


def _rules(rules: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for each in rules.values():
        if isinstance(each, Mapping):
            if "selectors" in each:
                yield each
            else:
                yield from _rules(each)


def _level(level: str | Mapping[str, Any]) -> str:
    return level if isinstance(level, str) else str(level["level"])


def _is_hidden(parts: tuple[str, ...]) -> bool:
    return any(each.startswith(".") for each in parts)


def _fits(value: object, allowed: Mapping[str, Any]) -> bool:
    """Return whether a value is of the type, and one of the words, that a field may have."""
    if "anyOf" in allowed:
        return any(_fits(value, each) for each in allowed["anyOf"])
    kind, words = allowed.get("type"), allowed.get("enum")
    if words is not None and not any(isinstance(each, Mapping) for each in words):
        return value in words
    if kind not in _TYPES:
        return True
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _told(allowed: Mapping[str, Any]) -> str:
    """Return what a field may have, for a message."""
    if "anyOf" in allowed:
        return " or ".join(_told(each) for each in allowed["anyOf"])
    if "enum" in allowed:
        return "one of " + ", ".join(map(str, allowed["enum"]))
    return str(allowed.get("type", "another value"))
