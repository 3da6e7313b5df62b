"""The text of a marker sample, whatever its data type."""

import json

import numpy as np
from numpy.typing import NDArray


def marker_text(row: NDArray[np.generic]) -> str:
    """Return one sample of a marker stream as text.

    Parameters
    ----------
    row : ndarray, shape (n_channels,)
        Bytes or text objects, or numbers.

    Returns
    -------
    str
        The one channel's text, numbers in their shortest exact form; of several channels a JSON
        array of such texts. Bytes that are not UTF-8 show as the replacement character.
    """
    texts = [
        each.decode("utf-8", errors="replace") if isinstance(each, bytes) else str(each)
        for each in row
    ]
    return texts[0] if len(texts) == 1 else json.dumps(texts, ensure_ascii=False)
