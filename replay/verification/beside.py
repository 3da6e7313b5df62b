"""Compares `config.toml` and `summary.json` with the journal beside them."""

import hashlib
from pathlib import Path
from typing import Any, Final

import msgspec

from replay.verification import differences
from replay.verification.verdict import Difference
from streamer.journal.records import EndRecord, Header

#: What summaries did not have from the beginning.
_LATER: Final = frozenset({"time", "therapy"})


def check_config(path: Path, header: Header) -> str | None:
    """Compare `config.toml` with its digest in the journal's header; return a warning, or None.

    Raises
    ------
    Difference
        Where it is not that file.
    """
    if not path.exists():
        return f"{path.name} is not beside the journal"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != header.config_toml_sha256:
        raise Difference(f"{path}: expected sha256 {header.config_toml_sha256}, found {digest}")
    return None


def check_summary(path: Path, end: EndRecord | None, recomputed: dict[str, Any]) -> str | None:
    """Compare `summary.json` with the end record, and that with what was computed again.

    Returns
    -------
    str or None
        A warning.

    Raises
    ------
    Difference
        At the first value that is not what it was.
    """
    if end is None:
        if path.exists():
            raise Difference(
                f"{path}: the journal has no end record, though a summary is written after it: "
                "records were taken away, or the summary is of another session"
            )
        return None
    recorded = _decoded(end.summary_json, "end record: summary")
    if isinstance(recorded.get("commands"), dict):
        # Whether the network took what was sent cannot be computed again.
        recomputed["commands"]["unsent"] = recorded["commands"].get("unsent")
    for key, value in recomputed.items():
        if key in _LATER and key not in recorded:
            continue
        difference = differences.in_values(recorded.get(key), value, key)
        if difference is not None:
            raise Difference(f"end record: summary: {difference}")
    if not path.exists():
        return f"{path.name} is not beside the journal: the end record has its content"
    content = path.read_bytes()
    if content != end.summary_json:
        found = _decoded(content, str(path))
        difference = differences.in_values(recorded, found, names=("in the journal", "in the file"))
        raise Difference(f"{path}: {difference or 'the same values in other bytes'}")
    return None


def _decoded(content: bytes, what: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise Difference(f"{what}: expected JSON, found {error}") from error
