"""Recordings of any format that is known here: `readers.open(path)`; one file a format."""

from replay.readers.opening import open_recording as open  # noqa: A004 the name says it best

__all__ = ["open"]
