"""Expressions of the BIDS schema, which say to which files a rule applies, for one file."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_CONSTANTS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}


class UnknownExpressionError(Exception):
    """An expression asks for something that is not known here."""


class Expressions:
    """Works out expressions, each parsed once.

    Parameters
    ----------
    parse : callable
        `bidsschematools.expressions.parse`.

    Notes
    -----
    Known is what stands in the selectors of rules for sidecars and tables: properties, texts,
    lists, ``==``, ``!=``, ``in``, ``&&``, ``||``, ``!``, and the functions ``match``, ``type`` and
    ``intersects``. What a file does not have is null, as the schema has it.
    """

    def __init__(self, parse: Callable[[str], Any]) -> None:
        self._parse = parse
        self._trees: dict[str, Any] = {}

    def value(self, text: str, context: Mapping[str, Any]) -> Any:  # noqa: ANN401 of any type
        """Return the value of an expression for a file.

        Raises
        ------
        UnknownExpressionError
            Where it asks for what is not known here.
        """
        if text not in self._trees:
            self._trees[text] = self._parse(text)
        return self._of(self._trees[text], context)

    def _of(self, node: Any, context: Mapping[str, Any]) -> Any:  # noqa: ANN401 a library's tree
        # The classes are those of a library that may be absent: told apart by their names.
        match type(node).__name__:
            case "int" | "float":
                value = node
            case "str":
                value = self._word(node, context)
            case "Array":
                value = [self._of(each, context) for each in node.elements]
            case "Property":
                value = _member(self._of(node.name, context), node.field)
            case "RightOp":
                value = not self._of(node.rh, context)
            case "BinOp":
                value = self._operation(node, context)
            case "Function":
                value = self._call(node, context)
            case _:
                raise UnknownExpressionError(str(node))
        return value

    @staticmethod
    def _word(word: str, context: Mapping[str, Any]) -> Any:  # noqa: ANN401 of any type
        if word[:1] in {"'", '"'}:
            return word[1:-1]
        if word in _CONSTANTS:
            return _CONSTANTS[word]
        if word not in context:
            raise UnknownExpressionError(word)
        return context[word]

    def _operation(self, node: Any, context: Mapping[str, Any]) -> Any:  # noqa: ANN401 as above
        left = self._of(node.lh, context)
        if node.op == "&&":
            return left and self._of(node.rh, context)
        if node.op == "||":
            return left or self._of(node.rh, context)
        right = self._of(node.rh, context)
        if node.op == "==":
            return left == right
        if node.op == "!=":
            return left != right
        if node.op == "in":
            return right is not None and left in right
        raise UnknownExpressionError(str(node))

    def _call(self, node: Any, context: Mapping[str, Any]) -> Any:  # noqa: ANN401 as above
        values = [self._of(each, context) for each in node.args]
        if node.name == "match":
            return values[0] is not None and re.search(values[1], values[0]) is not None
        if node.name == "intersects":
            first, second = (each or [] for each in values)
            return [each for each in first if each in second] or False
        if node.name == "type":
            return _type(values[0])
        raise UnknownExpressionError(node.name)


def _member(value: Any, field: str) -> Any:  # noqa: ANN401 of any type
    if value is None:
        return None
    try:
        return value.get(field)
    except AttributeError:
        raise UnknownExpressionError(field) from None


def _type(value: object) -> str:
    for kind, name in ((bool, "boolean"), (int | float, "number"), (str, "string")):
        if isinstance(value, kind):
            return name
    return "null" if value is None else "array" if isinstance(value, list) else "object"
