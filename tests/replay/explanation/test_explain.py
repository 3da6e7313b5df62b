"""Why a command was sent, or none, is what the session's own journal and tables say."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from replay.explanation.explain import NoSuchCommandError, explain_command, explain_moment
from replay.explanation.explained import Explanation
from replay.explanation.reading import filtered, read_entries
from replay.explanation.scan import scan
from replay.explanation.therapy import therapy_of
from stimloop.library.results.explanation_picture import draw_explanation
from stimloop.library.session import session as open_session
from stimloop.terminal.explanation_text import explanation_lines
from stimulators.gate.limits.registry import LIMITS
from streamer.config import LoopConfig
from streamer.errors import JournalError
from streamer.journal.records import Header, decode, encode
from tests.replay.rig import derive, make_session, rig, short_recording
from tests.replay.verification import broken
from tests.support.rig_toml import small_rig


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "session"
    make_session(folder)
    return folder


@pytest.fixture
def session(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "session"))


def _first_rise(session: Path) -> tuple[int, dict[str, Any]]:
    """Return the number of the first command, and its row."""
    commands = open_session(session).commands.to_dict("records")
    return int(commands[0]["seq"]), commands[0]


def test_a_command_is_explained_by_what_the_tables_have(made: Path) -> None:
    seq, row = _first_rise(made)
    told = explain_command(made, seq, window_s=2.0)
    assert told.command is not None
    assert told.rule is not None
    assert told.wanted is not None
    began_s = told.times.began_s
    assert told.command.amount == row["amount"]
    assert told.command.since_s + began_s == pytest.approx(row["time_s"], abs=1e-6)
    assert (told.rule.value, told.rule.threshold) == (row["value"], row["threshold"])
    assert told.rule.side == "above"
    assert told.rule.text.startswith("On after the detector has been on for long enough")
    assert told.wanted.amount == 2.0
    assert (told.state, told.command.by) == ("active", "adbs")
    # The measure, hop by hop, is that of the table, and its newest hop the one that was decided on.
    table = open_session(made).estimates.query("detector == 'burst' and measure == 'value'")
    value = next(each for each in told.features if each.measure == "value")
    rows = table[table.time_s.between(value.since_s[0] + began_s, value.since_s[-1] + began_s)]
    assert value.values == [each if each == each else None for each in rows.value]  # noqa: PLR0124
    assert told.data[0].channel == "STN_13"
    assert len(told.data[0].since_s) > 400


def test_each_limit_that_is_asked_of_an_amplitude_says_something_in_their_order(
    made: Path,
) -> None:
    told = explain_command(made, _first_rise(made)[0])
    names = [each.name for each in told.steps]
    # Limits that no key of the device sets are not asked.
    left_out = {"clinical_share_max", "above_mean_ma_max", "above_mean_level_max"}
    asked = [
        limit for limit in LIMITS if "amplitude" in limit.kinds and not left_out & set(limit.keys)
    ]
    keys = [[key for key in limit.keys if key in names] for limit in asked]
    assert all(len(each) == 1 for each in keys)
    assert names[-len(keys) :] == [key for each in keys for key in each]
    assert names[: -len(keys)] == ["state", "withheld", "data_age_s_max"]
    assert all(each.allows for each in told.steps)
    limits = {each.name: each.limit for each in told.steps}
    assert (limits["amplitude_ma_max"], limits["slew_ma_per_s_max"]) == (3.0, 12.0)


def test_the_answer_and_how_long_each_thing_took(made: Path) -> None:
    seq, row = _first_rise(made)
    told = explain_command(made, seq)
    acks = open_session(made).events.query("event == 'ack'").set_index("seq")
    assert told.answer is not None
    assert told.answer.refused is None
    assert told.answer.amount == acks.amount[seq]
    heard_s = acks.known_s[seq]
    expected_ms = 1e3 * (heard_s - row["time_s"])
    assert told.latencies_ms["command_to_answer"] == pytest.approx(expected_ms, abs=1e-2)
    assert list(told.latencies_ms) == [
        "sample_to_command",
        "command_to_device",
        "device_to_applied",
        "command_to_answer",
    ]
    lines = list(explanation_lines(told))
    assert "command 1 to left: amplitude 1.2 mA in program adbs" in lines[0]
    headings = [line[2:15].strip() for line in lines if line[2:3].strip()]
    for heading in ("why", "data", "features", "rule", "wanted", "limits", "allowed", "sent"):
        assert heading in headings
    assert any(line.startswith("  acknowledged ") and "done" in line for line in lines)


def _why(session: Path, at: str) -> Explanation:
    (told,) = explain_moment(session, at, window_s=1.0)
    return told


def test_a_moment_with_a_command_is_that_command(made: Path) -> None:
    first = min(scan(made).commands.values(), key=lambda each: each.record)
    told = _why(made, f"+{int(first.since_s)}")
    assert told.command is not None
    assert told.command.seq == first.seq
    assert told.why[0].startswith("policy adbs wanted 2 mA")


def test_a_moment_without_one_says_why(made: Path) -> None:
    before = _why(made, "+0.5")
    assert before.command is None
    assert before.why[0].startswith("the rig was idle: not armed; waits")
    at_rest = _why(made, "+4.1")
    already = "it gave what policy adbs wanted already: 0 mA, so there was nothing to say"
    assert at_rest.why[0] == already
    # The gap of the recording, of 0.3 s, begins 5.1 s after the session.
    held = _why(made, "+5.3")
    assert held.state == "hold"
    assert held.why[0].startswith("the rig held (data of 0.1")
    assert not held.steps[0].allows
    assert any("nothing was sent to left" in line for line in explanation_lines(held))


def test_what_the_gate_sends_by_itself_is_told_as_its_own(made: Path) -> None:
    last = max(scan(made).commands)
    told = explain_command(made, last, window_s=1.0)
    assert told.command is not None
    assert told.command.by == ""
    assert told.why[0] == (
        "the gate itself: on the way to the safe amount, as the rig is idle (disarmed by service)"
    )
    assert told.wanted is None


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (
            {
                "kind": "sham",
                "wraps": {"id": "p", "kind": "threshold", "of": "burst", "device": "left"}
                | {"on_ma": 2.0},
            },
            "what policy policy wanted was refused as withheld (the policy",
        ),
        (
            {"kind": "on_event", "of": "burst", "event": "onset", "device": "left", "on_ma": 1.0},
            "its policy wanted no trigger, as nothing it waits for was detected",
        ),
    ],
    ids=lambda each: each["kind"] if isinstance(each, dict) else "",
)
def test_what_is_withheld_or_not_detected_is_the_reason(
    table: dict[str, Any], why: str, tmp_path: Path
) -> None:
    def change(tables: dict[str, Any]) -> None:
        derive(tables)
        tables["policies"] = [{"id": "policy", **table}]

    toml = small_rig(change)
    config = msgspec.toml.decode(toml, type=LoopConfig)
    make_session(tmp_path / "session", short_recording(4.0), config, config_toml=toml)
    told = _why(tmp_path / "session", "+2.9")
    assert told.command is None
    assert told.why[0].startswith(why)
    assert told.features


def _kinds(told: Explanation) -> set[str]:
    return {each.kind for each in told.happened}


def test_what_happened_is_of_the_time_around_it_and_of_this_device(made: Path) -> None:
    told = _why(made, "+5.3")
    assert all(4.3 <= each.since_s <= 6.4 for each in told.happened)
    assert {"state", "quality"} <= _kinds(told)
    assert not {"tick", "samples", "target"} & _kinds(told)


def test_a_picture_shows_it_all(made: Path) -> None:
    told = explain_command(made, _first_rise(made)[0])
    figure = draw_explanation(told)
    *panels, text = figure.axes
    labels = [axis.get_ylabel() for axis in panels]
    assert labels == ["STN_13\n(µV)", "burst\n(µV²)", "left\n(mA)"]
    assert panels[-1].get_legend() is not None
    assert text.texts[0].get_text().count("✓") == len(told.steps)
    assert "command 1 to left" in figure.get_suptitle()
    # Letters of 15 points on 13 inches are still read at half size.
    assert min(each.get_fontsize() for each in text.texts) >= 15


def test_the_therapy_of_the_journal_alone_is_that_of_the_summary(session: Path) -> None:
    found = open_session(session)
    assert found.summary is not None
    therapy = therapy_of(session)
    assert therapy == found.summary["therapy"] == found.therapy
    assert therapy["left"]["switches"] > 0
    (session / "summary.json").unlink()
    assert open_session(session).therapy == therapy


def _with_utc(session: Path, offset_us: int, **changes: Any) -> None:
    """Give a session the wall clock of a live one."""

    def edit(rows: list[broken.Row]) -> list[broken.Row]:
        header = decode("header", rows[0][3])
        assert isinstance(header, Header)
        changed = msgspec.structs.replace(header, utc_offset_us=offset_us, **changes)
        return [(0, rows[0][1], rows[0][2], encode(changed), b""), *rows[1:]]

    broken.forge(session, edit)


@pytest.fixture
def dated(session: Path) -> Path:
    """Return a session that began at 2026-03-01 12:00:00 UTC."""
    began_s = scan(session).times.began_s
    _with_utc(session, 1_772_366_400_000_000 - round(began_s * 1e6))
    return session


def test_the_wall_clock_of_a_live_session_finds_the_same_moment(dated: Path, made: Path) -> None:
    (told,) = explain_moment(dated, "2026-03-01T12:00:05.3Z", window_s=1.0)
    assert told.why == _why(made, "+5.3").why
    entries = [each for each, _ in read_entries(dated, filtered(("state",)))]
    began_us = 1_772_366_400_000_000
    assert [each.utc_us for each in entries] == [
        began_us + round(each.since_s * 1e6) for each in entries
    ]


def _problems(session: Path) -> Iterator[str]:
    for ask in (
        lambda: explain_command(session, 4711),
        lambda: explain_moment(session, "+1000"),
        lambda: explain_moment(session, "+1", device="right"),
    ):
        with pytest.raises((NoSuchCommandError, ValueError, JournalError)) as raised:
            ask()
        yield str(raised.value)


def test_what_is_not_in_the_session_is_one_line(made: Path, tmp_path: Path) -> None:
    command, moment, device = _problems(made)
    assert f"{made}: expected the number of a command, from 1 to " in command
    assert "expected a time of the session, from +0.000 s to +" in moment
    assert device == "--device: expected a device (left), found 'right'"
    with pytest.raises(JournalError, match="expected a session folder with a journal, found none"):
        explain_command(tmp_path, 1)


def test_an_empty_session_says_that_nothing_was_sent(session: Path) -> None:
    with broken.opened(session) as connection:
        connection.execute("DELETE FROM records WHERE number > 0")
        connection.commit()
        connection.execute("PRAGMA journal_mode=WAL")
    with pytest.raises(NoSuchCommandError, match="nothing was sent in this session"):
        explain_command(session, 1)
    (told,) = explain_moment(session, "+0")
    assert told.why == ("the rig was idle: not armed",)
    assert "the session has no end" in told.warnings[0]
    assert explanation_lines(told)


def test_a_session_that_was_cut_is_explained_as_far_as_it_goes(session: Path) -> None:
    found = scan(session)
    last = max(found.commands.values(), key=lambda each: each.record)
    with broken.opened(session) as connection:
        connection.execute("DELETE FROM records WHERE number > ?", (last.record,))
        connection.commit()
        connection.execute("PRAGMA journal_mode=WAL")
    told = explain_command(session, last.seq)
    assert told.answer is None
    (warning,) = told.warnings
    assert warning.startswith("the session has no end, as one that was killed or goes on: nothing")
    assert warning.endswith(f"followed record {last.record}")
    broken.change(session, last.record - 1, "now_s", 1.0)
    with pytest.raises(JournalError, match="the chain is broken"):
        explain_command(session, last.seq)


def test_a_configuration_of_another_version_is_one_line(session: Path) -> None:
    header = scan(session).header
    newer = header.config_json.replace('"tick_s"', '"tick_of_then_s"')
    _with_utc(session, 0, config_json=newer)
    with pytest.raises(JournalError, match="the configuration cannot be used here, explain it wit"):
        explain_command(session, 1)


def test_what_comes_out_otherwise_here_is_told(session: Path) -> None:
    header = scan(session).header
    narrower = header.config_json.replace('"amplitude_ma_max":3.0', '"amplitude_ma_max":2.5')
    assert narrower != header.config_json
    _with_utc(session, 0, config_json=narrower)
    told = explain_command(session, 1)
    assert "comes out otherwise here: from there on data, features and limits" in told.warnings[0]


def test_short_recordings_without_a_device_have_nothing_to_explain(tmp_path: Path) -> None:
    make_session(tmp_path / "bare", short_recording(1.0), rig(policies=(), devices=()))
    with pytest.raises(NoSuchCommandError, match="expected a session with a device, found none"):
        explain_moment(tmp_path / "bare", "+0.5")
    assert therapy_of(tmp_path / "bare") == {}
