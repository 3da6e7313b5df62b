"""Makes names unique that are used more than once."""


class UniqueNames:
    """Adds a number to each name that was given before.

    Parameters
    ----------
    separator : str
        Between a name and its number.

    Examples
    --------
    >>> unique = UniqueNames("_")
    >>> unique("LFP"), unique("LFP")
    ('LFP', 'LFP_2')
    """

    def __init__(self, separator: str) -> None:
        self._separator = separator
        self._taken: set[str] = set()

    def __call__(self, wanted: str) -> str:
        """Return the name as it is, or with the lowest number from 2 on that is not taken."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}{self._separator}{number}"
        self._taken.add(name)
        return name
