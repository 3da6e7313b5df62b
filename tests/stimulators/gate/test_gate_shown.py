"""What displays are shown of a device: what is wanted, what it was sent, and what was decided."""

import pytest

from stimulators.decisions import NothingSent, Refusal, State
from stimulators.targets import Observation
from stimulators.wire.display_messages import DecisionMessage
from stimulators.wire.messages import DeviceStatus
from stimulators.wire.received import DeviceStatusHeard, InfoHeard
from tests.stimulators.gate.driving.bench import Bench
from tests.stimulators.gate.gate_rig import SESSION, GateRig
from tests.stimulators.gate.test_gate_stages import StagedRig


def _shown(rig: GateRig) -> DecisionMessage:
    return rig.gate.decision("stn", rig.now_s)


def test_before_anything_is_wanted_nothing_is_shown_as_wanted_or_sent() -> None:
    shown = _shown(GateRig().be_ready())
    assert (shown.wanted, shown.allowed, shown.decided) == (None, None, "")
    assert (shown.reason, shown.text, shown.bounds) == ("", "", ())


def test_a_command_is_shown_with_what_is_wanted_and_what_was_sent() -> None:
    rig = GateRig().be_active(0.5)
    rig.want(2.0)
    shown = _shown(rig)
    assert shown.time_us == round(rig.now_s * 1e6)
    assert (shown.wanted, shown.decided, shown.reason) == (2.0, "sent", "wanted")
    assert (shown.text, len(shown.bounds)) == ("", 2)
    assert shown.allowed == rig.commands[-1].amplitude_ma
    assert 0.5 < (shown.allowed or 0.0) < 2.0


def test_a_refused_amount_is_shown_with_its_reason() -> None:
    rig = GateRig().be_held(0.5)
    rig.want(1.5)
    shown = _shown(rig)
    assert (shown.wanted, shown.decided, shown.reason) == (1.5, "refused", "hold")
    assert (shown.allowed, shown.text) == (0.5, "hold, expected active, on valid estimates")


def test_a_refused_trigger_is_shown_with_its_reason() -> None:
    rig = GateRig().be_held(0.5)
    rig.trigger(1.5)
    shown = _shown(rig)
    assert (shown.wanted, shown.decided, shown.reason) == (1.5, "refused", "hold")


def test_what_a_device_may_give_is_shown_once_it_has_said_so() -> None:
    shown = _shown(GateRig())
    assert (shown.lowest, shown.highest) == (None, None)
    rig = GateRig().be_active(0.5)
    assert (_shown(rig).lowest, _shown(rig).highest) == (0.5, 0.5)
    rig.answers = False
    rig.want(2.0)
    shown = _shown(rig)
    assert shown.allowed is not None
    assert (shown.lowest, shown.highest, shown.certain) == (0.5, shown.allowed, False)


def test_where_nothing_was_sent_that_is_shown_with_its_reason() -> None:
    rig = GateRig().be_active(0.5)
    rig.run(0.3, amount=0.5)
    assert (_shown(rig).decided, _shown(rig).reason) == ("nothing", "there")


# When it is told that nothing is sent.


def _told(bench: Bench, state: State = "active") -> str | None:
    """Return why nothing is sent, where that is told; None where it was told before."""
    decided = bench.drive.next_decision(state, bench.now_s)
    return str(decided.reason) if isinstance(decided, NothingSent) else None


def _there() -> Bench:
    bench = Bench().be_live(0.5).want(0.5)
    assert _told(bench) == "there"
    assert _told(bench) is None
    return bench


def test_out_of_the_driven_states_nothing_is_told_and_afterwards_it_is_told_again() -> None:
    bench = _there()
    assert _told(bench, "idle") is None
    assert _told(bench) == "there"


def test_of_a_device_that_is_not_live_nothing_is_told_and_afterwards_it_is_told_again() -> None:
    bench = _there()
    bench.drive.lapse()
    assert _told(bench) is None
    bench.drive.go_live()
    bench.want(0.5)
    assert _told(bench) == "there"


@pytest.mark.parametrize("is_engaged", [False, True])
@pytest.mark.parametrize("is_there", [False, True])
def test_limits_count_time_for_a_device_that_is_driven_or_heard(
    monkeypatch: pytest.MonkeyPatch, *, is_engaged: bool, is_there: bool
) -> None:
    bench = Bench()
    if is_engaged:
        bench.be_live()
    if not is_there:
        bench.now_s += 1000.0
        assert bench.drive.presence.lose_if_silent(bench.now_s)
    counted: list[float] = []
    monkeypatch.setattr(bench.drive.limits, "advance", counted.append)
    bench.drive.send_next("active", bench.now_s)
    assert counted == [bench.now_s] * (is_engaged or is_there)


# What is wanted and waits for a yes.


def test_where_nobody_is_asked_no_rise_waits() -> None:
    bench = Bench().be_live().want(2.0)
    assert bench.drive.wanted_rise(bench.now_s) is None


def test_a_rise_waits_only_on_valid_estimates() -> None:
    rig = StagedRig().be_offered()
    drive = rig.gate.drive_of("stn")
    assert drive.wanted_rise(rig.now_s) is not None
    drive.hops.observe(Observation(sample=1, time_s=rig.now_s, valid=False))
    assert drive.wanted_rise(rig.now_s) is None


@pytest.mark.parametrize("end", ["lapse", "disengage"])
def test_a_device_that_is_driven_no_more_has_no_offer(end: str) -> None:
    rig = StagedRig().be_offered()
    drive = rig.gate.drive_of("stn")
    if end == "lapse":
        drive.lapse()
    else:
        drive.disengage(rig.now_s)
    assert drive.rises.offer is None


def test_a_yes_is_acted_on_at_once_and_told() -> None:
    rig = StagedRig().be_offered()
    n_before = len(rig.commands)
    assert rig.yes() == []
    assert [each.kind for each in rig.commands[n_before:]] == ["amplitude"]
    assert "confirmed" in rig.notices


def test_how_long_an_offer_and_a_yes_are_good_for_is_shown() -> None:
    rig = StagedRig().be_offered()
    assert rig.offer.until_us / 1e6 == pytest.approx(rig.now_s + 10.0, abs=0.021)
    rig.yes()
    rig.run(9.9, amount=2.0)
    assert "may rise to 2 mA for 0 s more" in rig.gate.status_text
    rig.now_s += 0.11
    rig.report()
    assert "may rise to 2 mA for 0 s more" in rig.gate.status_text


def test_the_end_of_a_yes_is_told() -> None:
    rig = StagedRig().be_confirmed()
    rig.run(10.1, amount=2.0)
    assert "yes_over" in rig.notices


def test_in_a_pause_nothing_is_offered_and_a_yes_is_refused() -> None:
    rig = StagedRig().be_offered()
    offer = rig.offer
    rig.control("pause")
    rig.run(1.0, amount=2.0)
    assert rig.gate.offers() == ()
    assert rig.yes(offer) == ["state"]


def test_a_yes_on_data_that_are_late_by_now_is_refused() -> None:
    rig = StagedRig().be_offered()
    rig.now_s += rig.timing.data_age_s_max + 0.1
    assert rig.yes() == ["state"]


@pytest.mark.parametrize(
    ("yes_to", "expected"), [(None, "an operator's yes"), (0.5, "at most 0.5")]
)
def test_a_trigger_of_more_than_is_open_is_refused_with_what_is_open(
    yes_to: float | None, expected: str
) -> None:
    rig = StagedRig().be_active()
    if yes_to is not None:
        rig.trigger(yes_to)
        assert rig.yes() == []
    before = len(rig.log)
    rig.trigger(2.0)
    refused = [each for _, each in rig.log[before:] if isinstance(each, Refusal)]
    assert [(each.reason, each.expected) for each in refused] == [("unconfirmed", expected)]


def test_a_trigger_of_nothing_needs_no_yes() -> None:
    rig = StagedRig().be_active()
    rig.trigger(0.0)
    assert "unconfirmed" not in rig.refusals


# Another boot of a device.


def _say_time(rig: GateRig) -> None:
    device = rig.obedient["stn"]
    said = DeviceStatus(
        session=device.session,
        state=device.state,
        said_us=round(rig.now_s * 1e6),
        said_uncertainty_us=1000,
        said_clock=SESSION,
        **device.words(),
    )
    rig.hear(DeviceStatusHeard("stn", said))


def test_of_another_boot_nobody_knows_how_well_it_knows_the_time() -> None:
    rig = GateRig().be_ready()
    drive, device = rig.gate.drive_of("stn"), rig.obedient["stn"]
    first, second = device.instance, "second"
    device.instance = second
    rig.hear(InfoHeard("stn", device.info(), retained=False))
    assert drive.known_time.uncertainty_s(rig.now_s) is None
    _say_time(rig)
    assert drive.known_time.uncertainty_s(rig.now_s) is not None
    device.instance = first
    rig.hear(InfoHeard("stn", device.info(), retained=False))
    assert drive.known_time.uncertainty_s(rig.now_s) is not None
    device.instance = "third"
    rig.hear(InfoHeard("stn", device.info(), retained=False))
    assert drive.known_time.uncertainty_s(rig.now_s) is None
