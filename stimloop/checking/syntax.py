"""Errors of TOML syntax: the line, what is wrong in it, and what to write instead."""

import re
from typing import Final

from stimloop.checking.wording import shown

_WHERE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
#: Patterns of a line with a syntax error, each with the remedy.
_HABITS: Final = (
    (r"[\u201c\u201d\u2018\u2019]", "write straight quotes"),
    (r"=\s*[+-]?\d+,\d", "write a decimal point"),
    (r"=\s*(True|False|TRUE|FALSE|yes|no|on|off)\b", "write true or false"),
    (r"=\s*(None|null|nil)\b", "leave the key out"),
    (r"=\s*[A-Za-z_]", "write the text in quotes"),
    (r"^\s*[\w.-]+\s*:\s", "write = in place of :"),
    (r"=\s*\"[^\"]*\\", "write / for \\, or single quotes around the text"),
    (r"^\s*(//|;|%)", "begin a comment with #"),
    (r"=\s*[+-]?(\.\d|\d+\.(\D|$))", "write a digit on both sides of the decimal point"),
    (r"=\s*$", "write a value after ="),
    (r"=\s*[+-]?[\d.]+\s*[A-Za-z%\u00b5\u03bc]", "write the number alone: the key says the unit"),
)


def refusal(text: str, said: str) -> str:
    r"""Return one line: where a text is not TOML and, where that is clear, what to write.

    Parameters
    ----------
    text : str
        The text.
    said : str
        What the parser says of it.

    Examples
    --------
    >>> refusal("[rig]\nname = demo", "Invalid value (at line 2, column 8)")
    "line 2: expected TOML, found 'name = demo' (Invalid value); write the text in quotes"
    """
    where = _WHERE.search(said)
    reason = said[: where.start()] if where else said
    rows = text.splitlines()
    number = min(int(where[1]), len(rows)) if where and where[1] else len(rows)
    row = rows[number - 1].strip() if rows else ""
    advice = next((f"; {what}" for habit, what in _HABITS if re.search(habit, row)), "")
    if reason.startswith(("Cannot declare", "Cannot overwrite")):
        advice = "; a table or key may stand once: write [[...]] for one more of a list"
    return f"line {number}: expected TOML, found {shown(row)} ({reason}){advice}"
