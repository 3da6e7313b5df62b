"""The packets of a JSON file, one after the other: no file is ever in memory as a whole."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

_N_BYTES: Final = 2**20
#: What lies between two packets.
_NEXT: Final = re.compile(r"[ \t\r\n,]*")


class Packet(NamedTuple):
    """One packet, and where in the file its text lies.

    Parameters
    ----------
    start, end : int
        Offsets of its first byte, and of that after its last.
    content : dict
        What it holds.
    """

    start: int
    end: int
    content: dict[str, Any]


def scan(path: Path, section: str, broken: list[str]) -> Iterator[Packet]:
    """Yield the packets of a section, ``TimeDomainData``; with no section, the records of the file.

    Parameters
    ----------
    path : Path
        The file: a list of records, or of one record whose section is a list of packets.
    section : str
        Name of the section, or nothing.
    broken : list of str
        Gets a line where the file breaks off or holds something else.

    Notes
    -----
    The text is taken as Latin-1 to keep offsets those of bytes; these files are plain ASCII.
    """
    decoder = json.JSONDecoder()
    with path.open("rb") as file:
        text = file.read(_N_BYTES).decode("latin-1")
        at = _list_start(text, section)
        before, n_packets = 0, 0
        while at is not None:
            between = _NEXT.match(text, at)
            at = between.end() if between else at
            if text.startswith("]", at):
                return
            try:
                content, end = decoder.raw_decode(text, at)
            except ValueError:
                more = file.read(_N_BYTES)
                if not more:
                    broken.append(f"{path.name} breaks off after {n_packets} packets")
                    return
                text, before, at = text[at:] + more.decode("latin-1"), before + at, 0
                continue
            if isinstance(content, dict):
                yield Packet(before + at, before + end, content)
                n_packets += 1
            at = end


def _list_start(text: str, section: str) -> int | None:
    """Return where the list of packets begins; None where there is none."""
    at = text.find(f'"{section}"') if section else 0
    start = text.find("[", at) if at >= 0 else -1
    return start + 1 if start >= 0 else None
