"""Text that came from elsewhere, made fit for a terminal."""

import unicodedata

#: Control, format (bidi marks among them), surrogate, private, unassigned; line, paragraph breaks.
_UNFIT = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def plain(text: str) -> str:
    r"""Return the text with every character that could steer a terminal as a visible escape.

    >>> plain("stn\x1b[2J\nok")
    'stn\\x1b[2J\\nok'
    """
    return "".join(
        each.encode("unicode_escape").decode("ascii")
        if unicodedata.category(each) in _UNFIT
        else each
        for each in text
    )
