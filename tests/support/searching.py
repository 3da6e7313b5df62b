"""How many examples laws are tried on."""

import os

from hypothesis import settings

#: `make slow` searches this many times as far as `make test`, and elsewhere each time.
TIMES = int(os.environ.get("STIMLOOP_SEARCH", "1"))


def search(n_examples: int) -> settings:
    """Return settings for so many examples, without a deadline that depends on the machine."""
    return settings(max_examples=TIMES * n_examples)
