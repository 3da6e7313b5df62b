"""From a notebook to a rig: detectors and streams as a configuration file."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import msgspec

from detectors.detector import DetectorConfig
from stimloop.config import from_tables
from stimloop.errors import ConfigError
from stimloop.library.input_errors import InputError, without_position
from stimloop.library.library_loop import checked, on_streams
from stimloop.library.plain_data import plain_data
from stimloop.library.recording import FileStream
from stimloop.library.signals import array_defaults
from stimloop.library.stream import Stream
from stimloop.short_toml import short_toml
from streamer.streams import StreamConfig

#: A table of a configuration file: plain data, or the struct it becomes.
Table = Mapping[str, Any] | msgspec.Struct


class Rig:
    """A configuration, checked as `stimloop config check` checks a file.

    Parameters
    ----------
    detectors : sequence of DetectorConfig
        Made by `BandPower`, `Burst` and the other kinds.
    streams : Stream, FileStream or sequence of them, optional
        What is read; by default one stream of type LFP. A recorded stream is matched by the name,
        type and source id under which it was recorded.
    name : str
        The rig's name.
    policies, devices : sequence of mapping
        Their tables, with the keys of a file. Without any the rig drives nothing.
    **sections : mapping
        Further tables as a file has them: ``broker``, ``patient``, ``session``, ``gate``, ``lsl``,
        ``signing``. Without `broker` it is the embedded one.

    Attributes
    ----------
    config : Config
        The configuration.

    Raises
    ------
    InputError
        A line for each mistake.

    Examples
    --------
    >>> import stimloop as sl
    >>> beta = sl.BandPower("beta", band_hz=(13, 30), window_s=0.4)
    >>> burst = sl.Burst("burst", of="beta", threshold=sl.Percentile(75, calibrate_s=20))
    >>> rig = sl.Rig(detectors=[beta, burst])
    >>> rig.to_toml("rig.toml")
    >>> rig
    <rig rig: beta, burst on LFP>
    """

    def __init__(
        self,
        detectors: Sequence[DetectorConfig],
        *,
        streams: Stream
        | FileStream
        | StreamConfig
        | Sequence[Stream | FileStream | StreamConfig]
        | None = None,
        name: str = "rig",
        policies: Sequence[Table] = (),
        devices: Sequence[Table] = (),
        **sections: Table,
    ) -> None:
        tables: dict[str, Any] = {"rig": {"name": name}, "broker": {"embedded": True}}
        configs = _streams(streams)
        read = on_streams(checked(detectors), [each.name for each in configs])
        tables |= {"streams": configs, "detectors": read, "policies": policies, "devices": devices}
        rig = {**tables["rig"], **plain_data(sections.pop("rig", {}))}
        tables = plain_data({**tables, **sections, "rig": rig})
        try:
            self.config = from_tables("", tables)
        except ConfigError as error:
            told = [without_position(line.removeprefix(": ")) for line in error.lines]
            raise InputError("\n".join(told)) from error

    @property
    def toml(self) -> str:
        """Return the text of the file, without keys that have their default."""
        return short_toml(self.config)

    def to_toml(self, path: str | PathLike[str]) -> None:
        """Write the file that `stimloop run`, `replay` and `config check` take as it is.

        Parameters
        ----------
        path : path
            The file; an existing one is replaced.
        """
        Path(path).write_text(self.toml, encoding="utf-8")

    def __repr__(self) -> str:
        detectors = ", ".join(each.id for each in self.config.detectors)
        streams = ", ".join(each.name for each in self.config.streams)
        return f"<rig {self.config.rig.name}: {detectors} on {streams}>"


def _streams(given: Any) -> list[StreamConfig]:  # noqa: ANN401 as `Rig` takes it
    each = given if isinstance(given, list | tuple) else [Stream() if given is None else given]
    return [_stream(position, one) for position, one in enumerate(each)]


def _stream(position: int, given: object) -> StreamConfig:
    if isinstance(given, FileStream):
        return given.config()
    if isinstance(given, Stream):
        return given.config(**array_defaults(given.config().kind))
    if isinstance(given, StreamConfig):
        return given
    raise InputError(
        f"streams[{position}]: expected sl.Stream(...) or a recorded stream, found {given!r}"
    )
