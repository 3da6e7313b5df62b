"""The ledger of charge and time from one service to the next: complete, aged, one writer."""

import signal
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from stimulators.gate.usage.past import DevicePast
from streamer.errors import LedgerError
from streamer.ledger import Ledger, NoLedger, ledger_of, state_folder
from tests.stimulators.gate.gate_rig import device_of
from tests.streamer import ledger_process

PAST = DevicePast(device="stn", known_age_s=0.5, charges=((30.0, 7.0), (2.0, 1.5)), on_s=4.0)
BEGAN_US = 1_700_000_000_000_000


def at(seconds: float) -> Callable[[], int]:
    """Return a wall clock that stands still at this many seconds."""
    return lambda: BEGAN_US + round(seconds * 1e6)


def keep(folder: Path, *past: DevicePast, seconds: float = 0.0) -> None:
    with Ledger(folder, at(seconds)) as ledger:
        ledger.keep(past)


def test_what_is_kept_comes_back_older_by_the_time_that_passed(tmp_path: Path) -> None:
    keep(tmp_path / "rig", PAST, DevicePast(device="gpi", known_age_s=float("inf")))
    with Ledger(tmp_path / "rig", at(10.0)) as ledger:
        assert ledger.past == (
            DevicePast(
                device="stn", known_age_s=10.5, charges=((40.0, 7.0), (12.0, 1.5)), on_s=4.0
            ),
        )


def test_a_rig_without_a_ledger_knows_nothing(tmp_path: Path) -> None:
    with Ledger(tmp_path / "new" / "rig", at(0.0)) as ledger:
        assert ledger.past == ()


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b'{"written_us": 1}', b"\x00\xff", b'{"written_us":"x","devices":[]}'],
)
def test_a_damaged_ledger_is_as_good_as_none_and_is_written_anew(
    tmp_path: Path, text: bytes
) -> None:
    (tmp_path / "ledger.json").write_bytes(text)
    with Ledger(tmp_path, at(0.0)) as ledger:
        assert ledger.past == ()
        ledger.keep((PAST,))
    with Ledger(tmp_path, at(0.0)) as ledger:
        assert ledger.past == (PAST,)


def test_a_ledger_that_was_cut_anywhere_says_nothing_wrong(tmp_path: Path) -> None:
    keep(tmp_path, PAST)
    whole = (tmp_path / "ledger.json").read_bytes()
    for length in range(len(whole)):
        (tmp_path / "ledger.json").write_bytes(whole[:length])
        with Ledger(tmp_path, at(0.0)) as ledger:
            assert ledger.past == ()


@pytest.mark.parametrize(
    "keys",
    [
        '"known_age_s":-1.0',
        '"known_age_s":1e999',
        '"known_age_s":null',
        '"known_age_s":0.0,"on_s":-3.0',
        '"known_age_s":0.0,"charges":[[1.0,-5.0]]',
        '"known_age_s":0.0,"charges":[[-700.0,5.0]]',
        '"known_age_s":0.0,"charges_lowest":[[1.0,-5.0]]',
        '"known_age_s":0.0,"charges_lowest":[[1.0,1e999]]',
    ],
)
def test_ages_and_charges_that_cannot_be_say_nothing(tmp_path: Path, keys: str) -> None:
    text = f'{{"written_us":{BEGAN_US},"devices":[{{"device":"stn",{keys}}}]}}'
    (tmp_path / "ledger.json").write_text(text, "utf-8")
    with Ledger(tmp_path, at(0.0)) as ledger:
        assert ledger.past == ()


def test_what_is_sure_and_what_nobody_counted_grow_older_together(tmp_path: Path) -> None:
    past = msgspec.structs.replace(PAST, unknown=(1,), charges_lowest=((30.0, 6.0),))
    keep(tmp_path, past)
    with Ledger(tmp_path, at(10.0)) as ledger:
        assert ledger.past == (past.aged(10.0),)
        assert ledger.past[0].charges_lowest == ((40.0, 6.0),)
        assert ledger.past[0].unknown == (1,)


def test_a_ledger_of_the_future_is_as_good_as_none(tmp_path: Path) -> None:
    keep(tmp_path, PAST, seconds=5.0)
    with Ledger(tmp_path, at(4.9)) as ledger:
        assert ledger.past == ()
    with Ledger(tmp_path, at(5.0)) as ledger:
        assert ledger.past == (PAST,)


def test_a_second_writer_is_refused_in_one_clear_line(tmp_path: Path) -> None:
    with Ledger(tmp_path, at(0.0)) as first:
        first.keep((PAST,))
        with pytest.raises(LedgerError) as caught, Ledger(tmp_path, at(0.0)):
            pass
        assert "\n" not in str(caught.value)
        assert str(caught.value) == (
            f"{tmp_path}: expected one service a rig, found another that keeps its ledger; "
            "end it first"
        )
    with Ledger(tmp_path, at(0.0)) as third:
        assert third.past == (PAST,)


def test_a_service_that_is_killed_leaves_a_whole_ledger_and_no_lock(tmp_path: Path) -> None:
    for _ in range(5):
        writer = ledger_process.start(tmp_path)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        with pytest.raises(LedgerError, match="found another"), Ledger(tmp_path, at(0.0)):
            pass
        writer.send_signal(signal.SIGKILL)
        writer.wait(10.0)
        writer.stdout.close()
        with Ledger(tmp_path, at(0.0)) as ledger:
            assert [len(each.charges) for each in ledger.past] == [300]


def test_only_its_user_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "rig"
    folder.mkdir(mode=0o755)
    keep(folder, PAST)
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes == {"ledger.json": 0o600, "lock.sqlite": 0o600}


def test_a_folder_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LedgerError, match="cannot be used"), Ledger(tmp_path / "file", at(0.0)):
        pass
    with Ledger(tmp_path / "rig", at(0.0)) as ledger:
        (tmp_path / "rig" / "ledger.json").mkdir()
        with pytest.raises(LedgerError, match="cannot be written"):
            ledger.keep((PAST,))


def test_nothing_is_kept_of_simulated_devices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with ledger_of("rig", [device_of()], at(0.0)) as ledger:
        assert isinstance(ledger, NoLedger)
        ledger.keep((PAST,))
    assert list(tmp_path.iterdir()) == []
    with ledger_of("rig", [device_of(), device_of("gpi", simulated=False)], at(0.0)) as ledger:
        ledger.keep((PAST,))
    assert (tmp_path / "stimloop" / "rig" / "ledger.json").is_file()


def test_the_state_folder_is_where_it_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert state_folder() == Path.home() / ".local" / "state"
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere")
    assert state_folder() == Path("/somewhere")
