"""Lists the LSL network: every stream's description, and the rate at which it really sends."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pylsl

from streamer.lsl.block_interval import BlockIntervalMeter
from streamer.lsl.inlet import Inlet
from streamer.lsl.network import LslConfig, configure
from streamer.lsl.search import Search
from streamer.stamp_rate import StampRate
from streamer.streams import Match, StreamConfig

_BUFFER_S = 10
_PULL_S = 0.1
_N_AT_ONCE_MAX = 32


class ListedStream(msgspec.Struct, frozen=True, kw_only=True):
    """One stream as it was found and listened to.

    Parameters
    ----------
    name, type, source_id, hostname, uid, dtype : str
        What it says of itself.
    rate_hz : float
        Nominal rate; zero for marker streams.
    channels, units : tuple of str
        Label and unit of each channel; a unit is empty where it does not say.
    n_samples : int
        Samples, or markers, that came while it was listened to.
    rate_measured_hz : float or None
        Rate over the stamps of these; None where they are too few.
    interval_s : float or None
        Usual time from one delivery to the next.
    age_s : float or None
        Age of the newest sample when it came, by this machine's LSL clock; negative where its
        stamp is ahead.
    uncertainty_s : float or None
        How well the sender's clock is known; None where it did not answer.
    problem : str
        Why it could not be listened to; empty where it could.
    """

    name: str
    type: str
    source_id: str
    hostname: str
    uid: str
    dtype: str
    rate_hz: float
    channels: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    n_samples: int = 0
    rate_measured_hz: float | None = None
    interval_s: float | None = None
    age_s: float | None = None
    uncertainty_s: float | None = None
    problem: str = ""


def listed_streams(
    network: LslConfig, *, listen_s: float, now_s: Callable[[], float]
) -> list[ListedStream]:
    """Find every stream of the network and listen to all at once; blocks.

    Parameters
    ----------
    network : LslConfig
        The `[lsl]` table.
    listen_s : float
        For how long.
    now_s : callable
        The service's clock.

    Returns
    -------
    list of ListedStream
        By name, type and source id.

    Raises
    ------
    StreamError
        Where this process's LSL has been told another network before.
    """
    configure(network)
    found = Search(None, now_s=now_s, is_over=threading.Event()).find_all()
    if not found:
        return []
    with ThreadPoolExecutor(min(len(found), _N_AT_ONCE_MAX)) as pool:
        listed = list(pool.map(lambda each: _listened(each, listen_s, now_s), found))
    return sorted(listed, key=lambda each: (each.name, each.type, each.source_id, each.uid))


def _listened(found: pylsl.StreamInfo, listen_s: float, now_s: Callable[[], float]) -> ListedStream:
    said = ListedStream(
        name=found.name(),
        type=found.type(),
        source_id=found.source_id(),
        hostname=found.hostname(),
        uid=found.uid(),
        dtype="",
        rate_hz=found.nominal_srate(),
    )
    try:
        name = found.name() or "nameless"
        anything = StreamConfig(name=name, kind="other", match=Match(name=name), buffer_s=_BUFFER_S)
        inlet = Inlet(anything, found)
        described = msgspec.structs.replace(
            said, dtype=inlet.info.dtype, channels=inlet.info.channels, units=inlet.info.units
        )
        return _measured(inlet, described, listen_s, now_s)
    except RuntimeError as error:
        return msgspec.structs.replace(said, problem=str(error) or "it does not answer")


def _measured(
    inlet: Inlet, described: ListedStream, listen_s: float, now_s: Callable[[], float]
) -> ListedStream:
    correction = inlet.measure_correction()
    inlet.open(listen_s)
    rate = StampRate(described.rate_hz or 1.0)
    meter = BlockIntervalMeter()
    n_samples, age_s = 0, None
    end_s = now_s() + listen_s
    while (left_s := end_s - now_s()) > 0.0:
        _, stamps_s = inlet.pull(min(_PULL_S, left_s))
        if not len(stamps_s):
            continue
        came_s = now_s()
        meter.add(came_s)
        rate.add(stamps_s)
        n_samples += len(stamps_s)
        if correction is not None:
            age_s = came_s - float(stamps_s[-1]) - correction[0]
    interval = meter.measured
    return msgspec.structs.replace(
        described,
        n_samples=n_samples,
        rate_measured_hz=rate.measured_hz if described.rate_hz else None,
        interval_s=None if interval is None else interval.median_s,
        age_s=age_s,
        uncertainty_s=None if correction is None else correction[1],
    )
