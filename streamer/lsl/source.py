"""One LSL stream as a source: an amplifier's samples, a marker stream's events."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import pylsl

from streamer.errors import StreamError, StreamNotFoundError
from streamer.events import ClockCorrection, Event
from streamer.lsl.block_interval import BlockInterval
from streamer.lsl.choice import choose, how_to_choose, in_order, match_after_loss
from streamer.lsl.description import asked_text, describe, listed, require_as_configured
from streamer.lsl.handover import Handover
from streamer.lsl.inlet import Inlet
from streamer.lsl.network import LslConfig, configure
from streamer.lsl.reader import LslReader
from streamer.lsl.search import Search
from streamer.source import StreamInfo
from streamer.streams import Match, StreamConfig


class LslSource:
    """One stream of the network, regular or of markers; a `Source`.

    Parameters
    ----------
    config : StreamConfig
        Which stream, and what it must be.
    network : LslConfig
        The `[lsl]` table; the first source of a process settles it for all.
    now_s : callable
        The service's clock.

    Notes
    -----
    Entering finds the stream, checks it, and asks for its first clock correction: 0.8 s in all
    where the network is quick. Samples flow from the start of `feed` only, so nothing
    waits in a buffer by then and the first sample handed over is as fresh as the last.

    Gaps, repeats and jitter of the stamps are left as they are. A stream that fell silent and
    goes on by itself says what it lost by its stamps; one that was connected anew is told by
    ``resumed``, with the outlet it comes from. What answers with another rate, other channels or
    units is told by ``changed``, once, and the search goes on. After a loss with
    ``reconnect = false`` nothing more comes, but `feed` does not end: only whoever runs it
    decides what becomes of the rest.
    """

    def __init__(
        self, config: StreamConfig, network: LslConfig, now_s: Callable[[], float]
    ) -> None:
        self._config = config
        self._network = network
        self._now_s = now_s
        self._is_over = threading.Event()
        self._info: StreamInfo | None = None
        self._inlet: Inlet | None = None
        self._correction: tuple[float, float] | None = None
        self._others: frozenset[str] = frozenset()
        self._reader: LslReader | None = None

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """The one stream, known once entered."""
        return () if self._info is None else (self._info,)

    @property
    def block_interval(self) -> BlockInterval | None:
        """How often samples arrive; None until a few deliveries of a regular stream came."""
        return None if self._reader is None else self._reader.meter.measured

    async def __aenter__(self) -> Self:
        """Find and check the stream.

        Raises
        ------
        StreamNotFoundError
            Where none or several answer; the text lists what is on the network.
        StreamFormatError
            Where the stream is not what the configuration says.
        StreamError
            Where the stream does not describe itself, or liblsl was told another network before.
        """
        configure(self._network)
        try:
            self._inlet = await asyncio.to_thread(self._connect)
        except asyncio.CancelledError:
            self._is_over.set()
            raise
        self._info = self._inlet.info
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the stream go."""
        self._is_over.set()
        await asyncio.to_thread(self._disconnect)

    async def feed(self, emit: Callable[[Event], None]) -> None:
        """Open the stream and hand its events to `emit` until cancelled.

        Parameters
        ----------
        emit : callable
            Runs on the loop's thread; what it raises ends the feed.

        Raises
        ------
        Exception
            What `emit` or a thread failed with.
        """
        inlet, self._inlet = self._inlet, None
        if inlet is None:
            raise StreamError(f"stream {self._config.name}: fed before it was entered, or twice")
        if self._correction is not None:
            emit(ClockCorrection(self._config.name, *self._correction))
        handover = Handover(asyncio.get_running_loop(), emit)
        reader = self._reader = LslReader(
            self._config,
            inlet,
            handover.put,
            now_s=self._now_s,
            correction_s=self._network.correction_s,
            others=self._others,
        )
        del inlet
        threads = [
            threading.Thread(
                target=_guarded(step, handover),
                name=f"lsl {self._config.name} {step.__name__}",
                daemon=True,
            )
            for step in (reader.read, reader.watch)
        ]
        try:
            for thread in threads:
                thread.start()
            await handover.failure()
        finally:
            reader.stop()
            handover.close()
            await _finish(threads)

    def _connect(self) -> Inlet:
        config = self._config
        expected = f"stream {config.name}: expected one stream with {asked_text(config.match)}"
        search = self._search(config.match)
        found = search.find_first(self._network.resolve_s)
        if found is None:
            seen = listed(self._search(None).find_all())
            raise StreamNotFoundError(
                f"{expected}, found none in {self._network.resolve_s:g} s; on the network: {seen}"
            )
        everyone: list[pylsl.StreamInfo] = []
        if config.match.is_choosing:
            everyone = search.find_all()
            found = self._chosen(expected, everyone)
        try:
            inlet = Inlet(config, found)
            self._correction = inlet.measure_correction()
        except RuntimeError as error:
            raise StreamNotFoundError(
                f"{expected}, found {describe(found)}, which does not answer: {error}"
            ) from error
        everyone = everyone or in_order(search.find_all())
        if len(everyone) > 1 and not config.match.is_choosing:
            raise StreamNotFoundError(
                f"{expected}, found {len(everyone)}: {listed(everyone)}; {how_to_choose(everyone)}"
            )
        if config.match.uid is not None:
            everyone = self._search(match_after_loss(config.match, inlet.info)).find_all()
        self._others = frozenset(each.uid() for each in everyone) - {inlet.info.uid}
        require_as_configured(config, inlet.info)
        return inlet

    def _chosen(self, expected: str, everyone: Sequence[pylsl.StreamInfo]) -> pylsl.StreamInfo:
        left = choose(
            self._config.match,
            everyone,
            wait_s=self._network.resolve_s,
            now_s=self._now_s,
            is_over=self._is_over,
        )
        if len(left) == 1:
            return left[0]
        raise StreamNotFoundError(
            f"{expected}, found {len(left) or 'none'} of {len(everyone)} that answer: "
            f"{listed(in_order(everyone))}"
        )

    def _search(self, match: Match | None) -> Search:
        return Search(match, now_s=self._now_s, is_over=self._is_over)

    def _disconnect(self) -> None:
        # The last reference to an inlet goes on a thread: liblsl may take half a second over it.
        self._inlet = None


def _guarded(step: Callable[[], None], handover: Handover) -> Callable[[], None]:
    """Return a thread's target that runs `step` and hands its error to the feed."""

    def run() -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 handed to whoever awaits the feed
            handover.fail(error)

    return run


async def _finish(threads: list[threading.Thread]) -> None:
    """Wait for the threads, through a second cancellation too."""

    def join() -> None:
        for thread in threads:
            if thread.ident is not None:
                thread.join()

    ending = asyncio.ensure_future(asyncio.to_thread(join))
    while not ending.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(ending)
