"""The page of a session: one self-contained HTML file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stimloop.reporting.page import Page, Section, Table, render
from stimloop.reporting.session.decision_parts import add_decision_parts
from stimloop.reporting.session.material import Material, read_session
from stimloop.reporting.session.signal_parts import add_signal_parts
from stimloop.reporting.therapy_table import therapy_section
from streamer.watching.wall_clock import utc_text


def session_page(session: Path, progress: Callable[[int], None] = lambda _n_records: None) -> str:
    """Return the page of a session as one HTML file.

    Everything on it is computed from the journal, so a session that was killed has one, too.

    Parameters
    ----------
    session : Path
        The session folder, or its journal.
    progress : callable, optional
        Called with the number of records done so far.

    Raises
    ------
    JournalError
        Where there is no journal, it is damaged, or it cannot be computed here.
    ConfigError
        Where jinja2 or matplotlib is not installed.
    """
    folder = session if session.is_dir() else session.parent
    material = read_session(session, progress)
    page = Page(
        title=f"Session {material.header.session}",
        subtitle=f"Rig {material.config.rig.name}, {material.length_s:.1f} s, {_ended(material)}",
    )
    page.sections.append(_summary(material))
    therapy = therapy_section(material.therapy.as_dict())
    if therapy is None:
        page.left_out.append(("Therapy", "no policy of the rig drives a device"))
    else:
        page.sections.append(therapy)
    add_signal_parts(page, material)
    add_decision_parts(page, material)
    page.sections.append(_provenance(material, folder))
    return render(page)


def _ended(material: Material) -> str:
    return "unfinished" if material.end is None else f"ended: {material.end.reason}"


def _summary(material: Material) -> Section:
    began = "by a virtual clock" if material.utc_us is None else utc_text(material.utc_us)
    rows = [
        ["Began", str(began)],
        ["Lasted", f"{material.length_s:.3f} s"],
        ["Ended", _ended(material)],
        ["Samples", str(material.n_samples)],
        *(
            [f"Stream {info.name}", f"{info.rate_hz:g} Hz, {len(info.channels)} channels"]
            for info in material.header.infos
        ),
        *(
            [f"Bursts of {detector} on {channel}", str(len(spans))]
            for (detector, channel), spans in material.episodes.items()
        ),
        ["Commands sent", str(material.n_commands)],
        ["Refused", str(sum(material.refused.values()))],
        ["Flaws of samples noted", str(material.n_notes)],
    ]
    delays = [
        [id_, f"{detector.delay_s:.3f}", ", ".join(detector.channels)]
        for id_, detector in material.loop.chain.detectors.items()
    ]
    return Section(
        title="Summary",
        tables=[
            Table(["", ""], rows),
            Table(["Detector", "Declared delay, s", "Channels"], delays, "Detectors"),
        ],
    )


def _provenance(material: Material, folder: Path) -> Section:
    header = material.header
    digests: dict[str, Any] = {} if material.end is None else dict(material.end.digest)
    rows = [
        ["head of the journal", material.head],
        ["records", str(material.n_records)],
        ["configuration, sha256", header.config_sha256],
        ["config.toml, sha256", header.config_toml_sha256],
        *([f"digest of {name}", text] for name, text in digests.items()),
        *([f"version of {name}", text] for name, text in header.versions.items()),
        *([name, text] for name, text in header.machine.items() if name != "node"),
    ]
    return Section(
        title="Where it comes from",
        texts=["What stimloop verify checks: the same samples give the same decisions."],
        tables=[Table(["", ""], rows)],
        files=[("Configuration", _config_text(material, folder))],
    )


def _config_text(material: Material, folder: Path) -> str:
    """Return the configuration as the session's folder has it, else as the journal has it."""
    file = folder / "config.toml"
    if file.is_file():
        return file.read_text("utf-8", errors="replace")
    return json.dumps(json.loads(material.header.config_json), indent=2, ensure_ascii=False)
