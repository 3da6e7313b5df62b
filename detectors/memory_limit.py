"""How much a detector may keep: what its table asks for is known before it is allocated."""

from typing import Final

#: Bytes that the arrays of a detector may take, in all that grows with a key of its table.
_BYTES_MAX: Final = 1 << 30


def require_room(key: str, found: float, n_values: int) -> None:
    """Expect so many values of eight bytes to be of a decent size.

    Parameters
    ----------
    key : str
        The key of the detector's table that they grow with most.
    found : float
        What it says.
    n_values : int
        Values that are kept because of it, over all channels.

    Raises
    ------
    ValueError
        Where they are not.
    """
    if 8 * n_values > _BYTES_MAX:
        raise ValueError(
            f"{key}: expected one for which at most {_BYTES_MAX / 1e9:.1f} GB is kept, "
            f"found {found:g} ({8 * n_values / 1e9:.1f} GB; less of fewer channels)"
        )
