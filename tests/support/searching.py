"""How far laws are searched for an input that breaks them."""

import os

from hypothesis import settings

#: `make slow` searches this many times as far as `make test`, and elsewhere each time.
TIMES = int(os.environ.get("STIMLOOP_SEARCH", "1"))


def search(n_examples: int) -> settings:
    """Return what lets a test be tried on so many examples; deadlines depend on the machine."""
    return settings(max_examples=TIMES * n_examples)
