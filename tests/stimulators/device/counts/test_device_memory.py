"""What a device remembers survives a restart, whole or not at all, until somebody deletes it."""

from pathlib import Path

import msgspec
import pytest

from stimulators.device.counts.counts import BIN_US, Counts
from stimulators.device.counts.memory import DeviceMemory
from stimulators.device_config import DeviceConfig
from tests.stimulators.device.device_bench import Bench, feedback_device, stimulator

_COUNTS = Counts(bins_fc=(1, 2, 3), newest_us=10, on_us=5_000_000, off_us=0, counted_us=77)
_LATE = "02000000000000000000-0000000a"


class _Day:
    """The time of day, as a test sets it."""

    def __init__(self) -> None:
        self.unix_us = 1_700_000_000_000_000

    def __call__(self) -> int:
        return self.unix_us


@pytest.fixture
def day() -> _Day:
    return _Day()


def _memory(folder: Path, day: _Day, config: DeviceConfig | None = None) -> DeviceMemory:
    return DeviceMemory(folder / "memory", config or stimulator(), day)


def test_a_session_is_kept_in_one_step(tmp_path: Path, day: _Day) -> None:
    memory = _memory(tmp_path, day)
    assert memory.session() == ""
    memory.keep_session("one")
    memory.keep_session("two")
    assert _memory(tmp_path, day).session() == "two"
    assert [path.name for path in (tmp_path / "memory").iterdir()] == ["stn.session"]


def test_a_session_is_forgotten_on_the_spot(tmp_path: Path, day: _Day) -> None:
    memory = _memory(tmp_path, day)
    memory.keep_session("one")
    memory.forget_session()
    memory.forget_session()
    assert _memory(tmp_path, day).session() == ""


def test_counts_come_back_older_by_the_time_the_device_was_off(tmp_path: Path, day: _Day) -> None:
    _memory(tmp_path, day).keep_counts(_COUNTS, is_end=True)
    day.unix_us += 400_000
    assert _memory(tmp_path, day).counts() == _COUNTS.after(400_000)


def test_a_day_that_was_set_back_makes_nothing_older(tmp_path: Path, day: _Day) -> None:
    _memory(tmp_path, day).keep_counts(_COUNTS, is_end=True)
    day.unix_us -= 10**12
    assert _memory(tmp_path, day).counts() == _COUNTS


def test_a_device_that_was_killed_may_have_given_its_maximum_since_it_last_kept_its_counts(
    tmp_path: Path, day: _Day
) -> None:
    _memory(tmp_path, day).keep_counts(_COUNTS, is_end=False)
    day.unix_us += 60_000_000
    counts = _memory(tmp_path, day).counts()
    most_uc = 2.0 * 3.0 * 60.0 * 130.0 / 1000.0
    assert sum(counts.bins_fc) == pytest.approx(6 + most_uc * 1e9)
    assert (counts.on_us, counts.off_us) == (7_000_000, 58_000_000)
    assert counts.counted_us == _COUNTS.counted_us + 60_000_000
    # What was not seen may have been given at the end of the two seconds.
    assert counts.bins_fc[:3] == (1, 2, 3)
    assert counts.newest_us == 58_000_010
    n_newer = 58_000_010 // BIN_US
    assert Bench(counts=counts).device.counts.bins_fc[-4 - n_newer :][:4] == counts.bins_fc


def test_a_day_that_was_set_back_hides_nothing_that_a_killed_device_gave(
    tmp_path: Path, day: _Day
) -> None:
    _memory(tmp_path, day).keep_counts(_COUNTS, is_end=False)
    day.unix_us -= 1
    counts = _memory(tmp_path, day).counts()
    most_uc = 2.0 * 3.0 * 60.0 * 130.0 / 1000.0
    assert sum(counts.bins_fc) == pytest.approx(6 + most_uc * 1e9)
    assert (counts.on_us, counts.off_us) == (7_000_000, 0)


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"{",
        b"\xff",
        b"[]",
        b'{"unix_us": 1, "is_end": true}',
        b'{"unix_us": 1, "is_end": true, "counts": {"bins_fc": [1.5]}}',
        b'{"unix_us": 1, "is_end": true, "counts": {"bins_fc": [-5]}}',
        b'{"unix_us": 1, "is_end": true, "counts": {"on_us": -1}}',
        b'{"unix_us": 1, "is_end": true, "counts": {"newest_us": -1}}',
    ],
)
def test_without_a_file_that_is_whole_it_counts_from_power_on(
    tmp_path: Path, day: _Day, content: bytes | None
) -> None:
    memory = _memory(tmp_path, day)
    if content is not None:
        (tmp_path / "memory" / "stn.counts").write_bytes(content)
    assert memory.counts() == Counts()


def test_counts_that_cannot_be_written_are_not_remembered_at_all(tmp_path: Path, day: _Day) -> None:
    memory = _memory(tmp_path, day)
    memory.keep_counts(_COUNTS, is_end=True)
    (tmp_path / "memory" / "stn.counts.new").mkdir()
    memory.keep_counts(_COUNTS, is_end=True)
    assert memory.counts() == Counts()


def test_where_nothing_was_kept_before_counts_that_cannot_be_written_are_no_fault(
    tmp_path: Path, day: _Day
) -> None:
    memory = _memory(tmp_path / "made" / "for it", day)
    (tmp_path / "made" / "for it" / "memory" / "stn.counts.new").mkdir()
    memory.keep_counts(_COUNTS, is_end=True)
    assert memory.counts() == Counts()


def test_a_session_that_cannot_be_kept_leaves_no_half_of_it(tmp_path: Path, day: _Day) -> None:
    memory = _memory(tmp_path, day)
    (tmp_path / "memory" / "stn.session").mkdir()
    with pytest.raises(OSError, match="stn"):
        memory.keep_session("one")
    assert [path.name for path in (tmp_path / "memory").iterdir()] == ["stn.session"]


def test_what_a_device_may_have_given_unseen_is_its_dearest_programs_rounded_up(
    tmp_path: Path, day: _Day
) -> None:
    pulses = stimulator().programs["adbs"]
    dear = msgspec.structs.replace(pulses, frequency_hz=130.00001)
    config = stimulator(programs={"adbs": pulses, "dear": dear, "adbs2": pulses})
    _memory(tmp_path, day, config).keep_counts(Counts(), is_end=False)
    day.unix_us += 1
    assert _memory(tmp_path, day, config).counts().bins_fc == (23_401,)


def test_a_feedback_device_gave_no_charge_unseen(tmp_path: Path, day: _Day) -> None:
    _memory(tmp_path, day, feedback_device()).keep_counts(Counts(), is_end=False)
    day.unix_us += 500_000
    counts = _memory(tmp_path, day, feedback_device()).counts()
    assert (counts.bins_fc, counts.on_us) == ((0,), 500_000)


def test_a_refused_lease_names_both_dates_and_the_way_back() -> None:
    newer = "00001900000000000000-0000000a"
    bench = Bench(newest_session=newer)
    bench.tick()
    bench.tell(bench.lease(session="00001700000000000000-0000000b"))
    assert bench.device.info.reason == (
        "lease refused: session: it remembers one of 2030-03-17 17:46:40 UTC, this one of "
        "2023-11-14 22:13:20 UTC is not newer; to forget it, at the device: "
        "stimloop device --forget-session --id stn --memory DIR"
    )
    assert msgspec.json.encode(bench.device.info)


def test_where_no_time_passed_nothing_was_given_unseen(tmp_path: Path, day: _Day) -> None:
    _memory(tmp_path, day).keep_counts(_COUNTS, is_end=False)
    assert _memory(tmp_path, day).counts() == _COUNTS.with_unknown(0, 0)
