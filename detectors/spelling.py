"""Labels and names as people write them: one form for one text, and which one was meant."""

import unicodedata
from collections.abc import Iterable


def normal_form(text: str) -> str:
    r"""Return a text with every letter composed, as Unicode's normal form C has it.

    One keyboard writes ``ü`` as one character, another as ``u`` and two dots: both look the same.

    Examples
    --------
    >>> normal_form("u\u0308") == "\u00fc"
    True
    """
    return unicodedata.normalize("NFC", text)


def case_hint(text: str, known: Iterable[str]) -> str:
    """Return the end of a message where a text is known but for its capitals; else nothing.

    Examples
    --------
    >>> case_hint("stn_l", ["STN_L", "STN_R"])
    " (there is 'STN_L': capital and small letters differ)"
    >>> case_hint("ch9", ["STN_L", "STN_R"])
    ''
    """
    folded = normal_form(text).casefold()
    for each in known:
        if normal_form(each).casefold() == folded:
            return f" (there is {each!r}: capital and small letters differ)"
    return ""
