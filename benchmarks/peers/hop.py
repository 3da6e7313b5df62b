"""Types of the function that computes the hops of another package."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

#: Numbers of a comparison: rate, window, hop, bands.
Case: TypeAlias = Mapping[str, Any]
#: Computes one hop, given its number.
Run: TypeAlias = Callable[[int], object]
