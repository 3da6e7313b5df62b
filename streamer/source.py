"""What gives samples and markers to the loop: an amplifier, a recording or a simulator."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

import msgspec

from streamer.events import Event


class StreamInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream says of itself; the session's journal keeps it.

    Parameters
    ----------
    name : str
        The stream's name in the configuration.
    rate_hz : float
        Nominal rate; zero for marker streams.
    channels : tuple of str
        Labels, unique; ``ch1``, ``ch2``, ... where the stream has none.
    units : tuple of str
        Unit of each channel as the stream writes it; empty where it does not say.
    dtype : str
        numpy name of the sample type, or ``string``.
    lsl_name, lsl_type, source_id, uid, hostname : str
        Who it is on the network.
    unlabelled : tuple of int
        Columns of channels without a label, which are numbered.
    repeated : tuple of int
        Columns of channels whose label others have too, which are numbered as well.
    """

    name: str
    rate_hz: float
    channels: tuple[str, ...]
    units: tuple[str, ...]
    dtype: str
    lsl_name: str = ""
    lsl_type: str = ""
    source_id: str = ""
    uid: str = ""
    hostname: str = ""
    unlabelled: tuple[int, ...] = ()
    repeated: tuple[int, ...] = ()

    @property
    def is_signal(self) -> bool:
        """Whether it gives samples at a rate; all other streams give markers."""
        return self.rate_hz > 0.0 and self.dtype != "string"


class Source(Protocol):
    """One or more streams. Entering opens and checks them; `feed` hands over their events."""

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """The streams, known once entered."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    async def feed(self, emit: Callable[[Event], None]) -> None:
        """Hand every event to `emit`, on the loop's thread, until the source ends."""
        ...
