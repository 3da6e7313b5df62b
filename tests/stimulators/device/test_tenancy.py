"""Who may drive a device, and until when: each rule at its limits, to the microsecond."""

from typing import Any

import msgspec
import pytest

from stimulators.device.device_clock import ServiceTime
from stimulators.device.tenancy import VALID_US_MAX, Tenancy
from stimulators.wire.messages import Lease

_SESSIONS = [f"{number:020d}-0000000a" for number in range(4)]
_NOW_US = 50_000_000
#: The service's clock shows from 60 s less to 60 s and 10 us more than the device's own.
_SERVICE = ServiceTime(offset_us=60_000_000, uncertainty_us=10)
_LATEST_US = _NOW_US + 60_000_010


def _lease(**changes: Any) -> Lease:
    lease = Lease(
        session=_SESSIONS[1],
        lease_seq=5,
        issued_us=_LATEST_US - 1_000,
        valid_us=250_000,
        armed_us=_LATEST_US - 2_000,
        simulated=False,
    )
    return msgspec.structs.replace(lease, **changes)


def _held() -> Tenancy:
    tenancy = Tenancy("", "stn")
    assert tenancy.lease_refusal(_lease(), _NOW_US, _SERVICE) is None
    tenancy.grant(_lease(), _SERVICE)
    return tenancy


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"valid_us": 0}, "validity"),
        ({"valid_us": 1, "issued_us": _LATEST_US}, None),
        ({"valid_us": VALID_US_MAX}, None),
        ({"valid_us": VALID_US_MAX + 1}, "validity"),
        ({"armed_us": _LATEST_US - 1_000}, None),
        ({"armed_us": _LATEST_US - 999}, "validity"),
        ({"issued_us": _LATEST_US}, None),
        ({"issued_us": _LATEST_US + 1}, "clock"),
        ({"valid_us": 1_001}, None),
        ({"valid_us": 1_000}, "expired"),
    ],
)
def test_a_lease_counts_from_its_issue_to_its_end_and_not_a_microsecond_more(
    changes: dict[str, Any], word: str | None
) -> None:
    assert Tenancy("", "stn").lease_refusal(_lease(**changes), _NOW_US, _SERVICE) == word


def test_a_lease_ends_when_it_does_by_the_latest_that_the_services_clock_may_show() -> None:
    assert _held().end_us == _LATEST_US - 1_000 + 250_000 - 60_000_010


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"lease_seq": 6}, None),
        ({"lease_seq": 5}, "order"),
        ({"lease_seq": 6, "armed_us": _LATEST_US - 2_001}, "order"),
        ({"lease_seq": 1, "session": _SESSIONS[2]}, None),
    ],
)
def test_a_lease_is_newer_than_the_one_before_it_in_its_session(
    changes: dict[str, Any], word: str | None
) -> None:
    assert _held().lease_refusal(_lease(**changes), _NOW_US, _SERVICE) == word


def test_after_a_stop_only_an_arming_that_surely_began_later_counts() -> None:
    tenancy = _held()
    tenancy.stop(_NOW_US - 500)
    assert (tenancy.is_stopped, tenancy.end_us) == (True, None)
    just_then = _lease(lease_seq=6, armed_us=_LATEST_US - 500, issued_us=_LATEST_US)
    assert tenancy.lease_refusal(just_then, _NOW_US, _SERVICE) == "stopped"
    later = msgspec.structs.replace(just_then, armed_us=_LATEST_US - 499)
    assert tenancy.lease_refusal(later, _NOW_US, _SERVICE) is None
    tenancy.resume(later)
    assert not tenancy.is_stopped
    tenancy.stop(_NOW_US - 500)
    tenancy.grant(later, _SERVICE)
    assert not tenancy.is_stopped
    # What was armed before it never counts again, though the stop is over.
    assert tenancy.lease_refusal(just_then, _NOW_US, _SERVICE) == "stopped"


def test_the_arming_that_ends_a_stop_makes_every_earlier_one_old_before_it_is_granted() -> None:
    tenancy = _held()
    tenancy.stop(_NOW_US - 500)
    ends_it = _lease(lease_seq=7, armed_us=_LATEST_US - 100, issued_us=_LATEST_US)
    tenancy.resume(ends_it)
    between = msgspec.structs.replace(ends_it, lease_seq=8, armed_us=_LATEST_US - 101)
    assert tenancy.lease_refusal(between, _NOW_US, _SERVICE) == "order"
    assert tenancy.lease_refusal(ends_it, _NOW_US, _SERVICE) is None


def test_a_lease_of_one_that_was_never_stopped_leaves_its_arming_to_the_grant() -> None:
    tenancy = _held()
    tenancy.resume(_lease(armed_us=_LATEST_US - 1_500))
    assert tenancy.armed_us == _LATEST_US - 2_000


def test_while_a_lease_runs_no_other_session_drives_the_device_or_tells_its_time() -> None:
    tenancy = _held()
    newer = _lease(session=_SESSIONS[2])
    assert tenancy.sender_refusal(newer, is_simulated=False) == "session"
    assert tenancy.sender_refusal(_lease(), is_simulated=False) is None
    assert not tenancy.may_tell_time(_SESSIONS[2])
    assert tenancy.may_tell_time(_SESSIONS[1])
    tenancy.end()
    assert tenancy.sender_refusal(newer, is_simulated=False) is None
    assert [tenancy.may_tell_time(each) for each in (*_SESSIONS[:3], "z")] == [
        *(False, True, True),
        False,
    ]


def test_a_session_that_is_not_newer_is_told_the_two_dates_and_the_way_out() -> None:
    tenancy = Tenancy(_SESSIONS[2], "stn")
    told = tenancy.sender_refusal(_lease(session=_SESSIONS[1]), is_simulated=False)
    assert told is not None
    assert told.startswith("session: it remembers one of ")
    assert "stimloop device --forget-session --id stn --memory DIR" in told
    for newer in _SESSIONS[2:]:
        assert tenancy.sender_refusal(_lease(session=newer), is_simulated=False) is None
    assert tenancy.sender_refusal(_lease(session=_SESSIONS[3]), is_simulated=True) == "simulated"


def test_the_session_it_remembers_is_taken_up_again_by_a_device_that_holds_no_other() -> None:
    tenancy = Tenancy(_SESSIONS[1], "stn")
    assert tenancy.sender_refusal(_lease(), is_simulated=False) is None
    newer = _lease(session=_SESSIONS[2])
    tenancy.grant(newer, _SERVICE)
    tenancy.end()
    assert tenancy.sender_refusal(newer, is_simulated=False) is None
    assert tenancy.sender_refusal(_lease(), is_simulated=False) is not None


def test_the_session_it_remembers_counts_from_an_arming_that_surely_began_after_switching_on() -> (
    None
):
    tenancy = Tenancy(_SESSIONS[1], "stn")
    tenancy.begin(_NOW_US - 500)
    tenancy.begin(_NOW_US)
    before = _lease(armed_us=_LATEST_US - 500, issued_us=_LATEST_US)
    told = "session: it was switched on since that arming: arm anew"
    assert tenancy.lease_refusal(before, _NOW_US, _SERVICE) == told
    after = msgspec.structs.replace(before, armed_us=_LATEST_US - 499)
    assert tenancy.lease_refusal(after, _NOW_US, _SERVICE) is None
    newer = msgspec.structs.replace(before, session=_SESSIONS[2])
    assert tenancy.lease_refusal(newer, _NOW_US, _SERVICE) is None
    # Once it is held the arming of its leases may be what it was.
    tenancy.grant(after, _SERVICE)
    held = msgspec.structs.replace(after, lease_seq=6)
    assert tenancy.lease_refusal(held, _NOW_US, _SERVICE) is None
