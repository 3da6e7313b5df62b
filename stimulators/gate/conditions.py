"""What must hold before a rig is armed, by whomever."""

from collections.abc import Iterator, Sequence

from stimulators.decisions import Refusal
from stimulators.gate.freshness import StreamWatch
from stimulators.gate.presence import Presence
from stimulators.limits import GateConfig

#: Data are good without a break for so long before a rig is armed.
_GOOD_S_MIN = 2.0


class Conditions:
    """Looks at link, devices and streams.

    Parameters
    ----------
    timing : GateConfig
        How old and how uncertain data may be.
    session : str
        Name of this session.
    presences : sequence of Presence
        The devices.
    streams : sequence of StreamWatch
        The watched streams.
    """

    def __init__(
        self,
        timing: GateConfig,
        session: str,
        presences: Sequence[Presence],
        streams: Sequence[StreamWatch],
    ) -> None:
        self._timing = timing
        self._session = session
        self._presences = presences
        self._streams = streams

    def objections(self, now_s: float, *, is_linked: bool) -> Iterator[Refusal]:
        """Yield every condition that does not hold."""
        if not is_linked:
            yield Refusal("link", found="no broker", expected="a link to the broker")
        if not self._presences:
            yield Refusal("device", found="no device", expected="at least one device")
        for presence in self._presences:
            yield from presence.objections(self._session)
        for watch in self._streams:
            yield from self._stream_objections(watch, now_s)

    def _stream_objections(self, watch: StreamWatch, now_s: float) -> Iterator[Refusal]:
        flaw = watch.flaw(now_s)
        budget_s = self._timing.data_age_s_max
        if watch.interval_s > budget_s:
            yield Refusal(
                "interval",
                found=f"stream {watch.name}: blocks every {watch.interval_s:.3f} s",
                expected=f"at most data_age_s_max, {budget_s:g} s",
            )
        if flaw is not None:
            yield Refusal(
                "clock" if flaw.reason == "clock" else "data",
                found=f"stream {watch.name}: {flaw.found}",
                expected=flaw.expected,
            )
        elif watch.good_since_s is None or now_s - watch.good_since_s < _GOOD_S_MIN:
            good_s = 0.0 if watch.good_since_s is None else now_s - watch.good_since_s
            yield Refusal(
                "data",
                found=f"stream {watch.name}: good for {good_s:.2f} s",
                expected=f"at least {_GOOD_S_MIN:g} s",
            )
