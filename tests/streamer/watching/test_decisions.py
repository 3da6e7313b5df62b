"""What is wanted of a device, sent and why is shown on each change, ten times a second at most."""

from stimulators.wire.display_messages import DecisionMessage
from stimulators.wire.received import LinkChanged
from streamer.closed_loop import Outcome
from streamer.events import Tick
from streamer.watching.decisions import DecisionDisplays
from tests.stimulators.gate.gate_rig import GateRig, device_of
from tests.streamer.recording_transport import RecordingTransport


class _Watched:
    """A rig whose decisions are shown."""

    def __init__(self) -> None:
        self.rig = GateRig(device_of(safe_ma=0.5)).be_active()
        self.transport = RecordingTransport()
        self.displays = DecisionDisplays(self.transport, self.rig.gate)

    def run(self, seconds: float, amount: float) -> list[DecisionMessage]:
        """Let time pass, and return what is shown meanwhile."""
        before = len(self.transport.kept)
        for _ in range(round(seconds / 0.02)):
            self.rig.run(0.02, amount=amount)
            self.displays.watch(Tick(), self.rig.now_s, Outcome())
        kept = self.transport.kept[before:]
        return [message for _, message in kept if isinstance(message, DecisionMessage)]


def test_a_change_is_shown_and_what_stays_is_not() -> None:
    watched = _Watched()
    shown = watched.run(1.0, 2.0)
    assert 2 <= len(shown) <= 10
    last = shown[-1]
    assert (last.state, last.stage, last.decided, last.reason) == (
        "active",
        "closed",
        "nothing",
        "there",
    )
    assert (last.wanted, last.allowed, last.lowest, last.highest) == (2.0, 2.0, 2.0, 2.0)
    assert watched.run(5.0, 2.0) == []


def test_a_way_up_is_shown_with_the_limit_that_binds() -> None:
    watched = _Watched()
    (first, *_) = watched.run(0.1, 2.9)
    assert (first.decided, first.reason, first.wanted) == ("sent", "wanted", 2.9)
    assert first.bounds[0].limit == "slew_ma_per_s_max"
    assert first.allowed is not None
    assert first.allowed < 2.9


def test_a_refusal_is_shown_with_what_was_wanted() -> None:
    rig = _Watched().rig
    rig.run(0.5, amount=0.5)
    rig.want(2.0, time_s=rig.now_s - 5.0)
    shown = rig.gate.decision("stn", rig.now_s)
    assert (shown.decided, shown.reason, shown.wanted, shown.highest) == (
        "refused",
        "late",
        2.0,
        0.5,
    )
    assert shown.text.startswith("5 s old, expected at most 0.1 s")


def test_all_is_shown_again_on_a_new_link_and_later_where_there_is_none() -> None:
    watched = _Watched()
    watched.run(1.0, 2.0)
    watched.displays.watch(LinkChanged(is_up=True), watched.rig.now_s, Outcome())
    assert len(watched.run(0.2, 2.0)) == 1
    watched.transport.is_up = False
    watched.displays.watch(LinkChanged(is_up=True), watched.rig.now_s, Outcome())
    assert len(watched.run(1.0, 2.0)) >= 9
