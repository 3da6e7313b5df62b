"""Escapes text from elsewhere for a terminal: nothing in it can control one, or mislead.

Labels, markers, operators' names, file names and what devices say are whatever somebody else
wrote. Raw, an escape sequence clears a screen or writes an answer into the next prompt, a line
break forges a line of ours, a bidirectional mark shows one name as another.
"""

import json
import unicodedata
from collections.abc import Callable

#: Control, format (bidirectional marks among them), surrogate, private use, unassigned; line and
#: paragraph separators.
_UNFIT = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
#: Letters and symbols without a picture: fillers of Hangul, Khmer vowels that are inherent, the
#: empty Braille cell.
_INVISIBLE = set("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_MARKS = {"Mn", "Me", "Mc"}
#: No script has more marks on one letter; hundreds would cover the lines around it.
_N_MARKS_MAX = 4


def plain(text: str) -> str:
    r"""Return one line of text in which every character unfit for a terminal is visibly escaped.

    Letters of all languages stay, with up to four combining marks on each. What is plain already
    stays as it is.

    >>> plain("stn\x1b[2J\nok \u202e")
    'stn\\x1b[2J\\nok \\u202e'
    """
    return _escaped(text, lambda each: each.encode("unicode_escape").decode("ascii"))


def plain_json(document: str) -> str:
    r"""Return the same JSON document in which characters unfit for a terminal are JSON escapes.

    Its own line breaks stay: JSON has none within a text.

    >>> plain_json('{\n  "label": "\u202estn\x7f"\n}')
    '{\n  "label": "\\u202estn\\u007f"\n}'
    """
    lines = document.split("\n")
    return "\n".join(_escaped(line, lambda each: json.dumps(each)[1:-1]) for line in lines)


def plain_toml(document: str, is_shown: Callable[[str], bool] = lambda _: True) -> str:
    r"""Return the same TOML document in which characters unfit for a terminal are TOML escapes.

    Parameters
    ----------
    document : str
        TOML whose texts are basic strings.
    is_shown : callable
        Whether the terminal can show a character.

    >>> plain_toml('label = "\u202estn\x7f"\n')
    'label = "\\u202estn\\u007f"\n'
    """
    lines = document.split("\n")
    text = "\n".join(_escaped(line, _toml_escape) for line in lines)
    return (
        text
        if is_shown(text)
        else "".join(each if is_shown(each) else _toml_escape(each) for each in text)
    )


def _toml_escape(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _escaped(text: str, escape: Callable[[str], str]) -> str:
    if text.isascii() and text.isprintable():
        return text
    made: list[str] = []
    n_marks = 0
    for each in text:
        category = unicodedata.category(each)
        n_marks = n_marks + 1 if category in _MARKS else 0
        is_unfit = category in _UNFIT or each in _INVISIBLE or n_marks > _N_MARKS_MAX
        made.append(escape(each) if is_unfit else each)
    return "".join(made)
