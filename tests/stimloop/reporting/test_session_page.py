"""The page of a session: every part is there, or the reason why it is not."""

import json
from pathlib import Path

import numpy as np
import pytest

from replay.session import replay_session
from stimloop.config import from_tables, to_toml
from stimloop.reporting.session.material import read_session
from stimloop.reporting.session.session_page import session_page
from streamer.errors import JournalError
from tests.replay.recordings import recording, signal
from tests.stimloop.reporting.self_contained import PageParts

_NAME = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a session of two channels with a gap, bursts and events at a phase."""
    random = np.random.default_rng(1)
    stamps_s = np.concatenate([np.arange(3000), np.arange(3250, 6000)]) / 250.0
    is_on = np.sin(2.0 * np.pi * 0.4 * stamps_s) > 0.5
    rhythm = 20.0 * is_on * np.cos(2.0 * np.pi * 20.0 * stamps_s)
    samples = np.column_stack([rhythm, 0.5 * rhythm]) + random.normal(0.0, 5.0, (stamps_s.size, 2))
    made = recording(
        signal(
            stamps_s,
            rate_hz=250.0,
            samples=samples.astype(np.float32),
            channels=(_NAME, "M1"),
        )
    )
    tables = {
        "rig": {"name": "pages"},
        "streams": [{"name": "LFP", "kind": "lfp", "match": {"type": "LFP"}}],
        "detectors": [
            {"kind": "band_power", "id": "beta", "stream": "LFP", "band_hz": [15.0, 25.0]},
            {"kind": "burst", "id": "burst", "of": "beta", "threshold": {"level": 40.0}},
            {"kind": "oscillation", "id": "rhythm", "stream": "LFP", "centre_hz": 20.0},
            {
                "kind": "target_phase",
                "id": "peaks",
                "of": "rhythm",
                "gate": {"amplitude_uv_min": 9.0},
            },
        ],
    }
    config = from_tables("rig.toml", tables)
    folder = tmp_path_factory.mktemp("session") / "made"
    replay_session(made, config.loop, config_toml=to_toml(config), out=folder)
    return folder


@pytest.fixture(scope="module")
def page(session: Path) -> str:
    return session_page(session)


def test_every_part_is_there_or_left_out_with_its_reason(page: str) -> None:
    texts = PageParts(page).texts
    for title in (
        "Summary",
        "Signal: LFP",
        "Round events: LFP",
        "Spectra: LFP",
        "Coherence: LFP",
        "Coupling of phase and amplitude: LFP",
        "Phases of events: LFP",
        "Bursts beside their null: LFP",
        "Quality",
        "Where it comes from",
    ):
        assert title in texts
    assert "it ran in virtual time, in which nothing takes any time" in texts
    assert "the rig has no device" in texts
    assert "no policy of the rig drives a device" in texts


def test_it_loads_nothing_and_no_name_of_a_stream_becomes_markup(page: str) -> None:
    found = PageParts(page)
    assert found.loads == []
    assert found.counts["script"] == 2
    assert len(found.ids) == len(set(found.ids))
    assert any(_NAME in each for each in found.texts)


def test_its_digests_and_counts_are_those_of_the_summary(page: str, session: Path) -> None:
    summary = json.loads((session / "summary.json").read_bytes())
    texts = PageParts(page).texts
    for text in summary["digest"].values():
        assert text in texts
    assert str(summary["samples"]) in texts
    assert any(summary["versions"]["numpy"] == each for each in texts)
    assert any("[[detectors]]" in each for each in texts)


def test_the_trace_spans_the_session_and_breaks_at_the_gap(page: str) -> None:
    data = json.loads(PageParts(page).data[0])
    assert [row["unit"] for row in data["rows"]] == ["µV"] * 4
    assert {each["name"] for each in data["episodes"]} == {f"burst on {_NAME}", "burst on M1"}
    spans = [span for each in data["episodes"] for span in each["spans"]]
    assert [each for each in spans if not 0.0 <= each[0] < each[1] <= 24.5] == []


def test_a_journal_without_its_folder_is_read_too(session: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal.sqlite"
    journal.write_bytes((session / "journal.sqlite").read_bytes())
    found = read_session(journal)
    assert found.n_samples == 5750
    assert len(found.episodes["burst", "M1"]) > 1


def test_a_folder_without_a_journal_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="expected a session folder with a journal, found none"):
        session_page(tmp_path)
