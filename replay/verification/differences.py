"""The first difference between what was recorded and what was computed again."""

from itertools import zip_longest
from typing import Any

import msgspec


def in_outcomes(recorded: bytes, recomputed: bytes) -> str:
    """Name the first difference of two encoded outcomes that are known to differ.

    Returns
    -------
    str
        The detector and sample where estimates differ, else the path of the value.
    """
    before = msgspec.msgpack.decode(recorded)
    after = msgspec.msgpack.decode(recomputed)
    for old, new in zip_longest(before.get("seen", ()), after.get("seen", ())):
        if old != new:
            return _in_seen(old or {}, new or {})
    return in_values(before, after) or "the same values in other bytes"


def in_values(
    recorded: Any,  # noqa: ANN401 any data
    recomputed: Any,  # noqa: ANN401 any data
    path: str = "",
    names: tuple[str, str] = ("recorded", "recomputed"),
) -> str | None:
    """Name the first difference of two trees of plain data, or return None."""
    if isinstance(recorded, dict) and isinstance(recomputed, dict):
        pairs = [
            (f"{path}.{key}" if path else str(key), recorded.get(key), recomputed.get(key))
            for key in sorted(recorded.keys() | recomputed.keys(), key=str)
        ]
    elif isinstance(recorded, list) and isinstance(recomputed, list):
        pairs = [
            (f"{path}[{index}]", old, new)
            for index, (old, new) in enumerate(zip_longest(recorded, recomputed))
        ]
    elif recorded == recomputed:
        return None
    else:
        return f"{path}: {names[0]} {_brief(recorded)}, {names[1]} {_brief(recomputed)}"
    differences = (in_values(old, new, where, names) for where, old, new in pairs)
    return next((each for each in differences if each is not None), None)


def _in_seen(recorded: dict[str, Any], recomputed: dict[str, Any]) -> str:
    either = recorded or recomputed
    where = f"detector {either['detector']}"
    estimates = {"detector", "n_estimates", "newest_sample", "mark"}
    if all(recorded.get(key) == recomputed.get(key) for key in estimates):
        return f"{where}: {in_values(recorded, recomputed)}"
    counts = [each.get("n_estimates", 0) for each in (recorded, recomputed)]
    return (
        f"{where}: estimates up to sample {either.get('newest_sample')}: "
        f"recorded {counts[0]}, recomputed {counts[1]}, not the same bits"
    )


def _brief(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
