"""Which of several streams that answer to one match is meant."""

import threading
from collections.abc import Callable, Sequence

import pylsl

from streamer.source import StreamInfo
from streamer.streams import Match

_PULL_S = 0.05
_OPEN_S = 3.0


def in_order(found: Sequence[pylsl.StreamInfo]) -> list[pylsl.StreamInfo]:
    """Return streams in the order in which they were created, each of them once."""
    by_uid = {each.uid(): each for each in found}
    return sorted(by_uid.values(), key=lambda each: (each.created_at(), each.uid()))


def how_to_choose(found: Sequence[pylsl.StreamInfo]) -> str:
    """Return the keys and values that would tell streams of one match apart, for an error."""
    return (
        f"say which: match.index = 0 to {len(found) - 1}, match.uid, or match.has_samples = true "
        "for the one that sends"
    )


def match_after_loss(match: Match, info: StreamInfo) -> Match:
    """Return the match by which a lost stream is searched.

    An outlet that its sender makes anew has another uid, and stands elsewhere among its like: a
    stream that was chosen by either is looked for by all else that it said of itself.
    """
    if match.uid is None and not match.is_choosing:
        return match
    return Match(
        name=info.lsl_name or None,
        type=info.lsl_type or None,
        source_id=info.source_id or None,
        hostname=info.hostname or None,
    )


def choose(
    match: Match,
    found: Sequence[pylsl.StreamInfo],
    *,
    wait_s: float,
    now_s: Callable[[], float],
    is_over: threading.Event,
) -> list[pylsl.StreamInfo]:
    """Return the streams that the choosing keys leave; blocks while it waits for samples.

    Parameters
    ----------
    match : Match
        With ``has_samples`` or ``index``.
    found : sequence of pylsl.StreamInfo
        All that answer to its other keys.
    wait_s : float
        How long a sample is waited for.
    now_s : callable
        The service's clock.
    is_over : threading.Event
        Ends the waiting once set.
    """
    left = in_order(found)
    if match.has_samples:
        left = _sending(left, now_s() + wait_s, now_s, is_over)
    if match.index is not None:
        left = left[match.index : match.index + 1]
    return left


def _sending(
    found: Sequence[pylsl.StreamInfo],
    end_s: float,
    now_s: Callable[[], float],
    is_over: threading.Event,
) -> list[pylsl.StreamInfo]:
    """Return the streams that give a sample; all are listened to for as long, side by side."""
    is_sending = [False] * len(found)

    def listen(index: int) -> None:
        try:
            inlet = pylsl.StreamInlet(found[index], max_buflen=1, recover=False)
            inlet.open_stream(timeout=_OPEN_S)
            while not is_sending[index] and now_s() < end_s and not is_over.is_set():
                is_sending[index] = inlet.pull_sample(timeout=_PULL_S)[1] is not None
        except RuntimeError:
            return  # gone already: it sends nothing

    listeners = [
        threading.Thread(target=listen, args=(index,), daemon=True) for index in range(len(found))
    ]
    for listener in listeners:
        listener.start()
    for listener in listeners:
        listener.join()
    return [each for each, sends in zip(found, is_sending, strict=True) if sends]
