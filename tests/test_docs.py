"""Files, commands and names in the documents exist."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from detectors.chain import AnyDetectorConfig
from detectors.conditioning.artifacts.path import AnyArtifactConfig
from stimloop import config as configuration
from stimloop.__main__ import run_command
from stimulators.policies.registry import POLICIES
from streamer.config import Allowed
from tests.stimloop.library.patient_file import write_patient

_ROOT = Path(__file__).parents[1]
_DOCUMENTS = sorted(
    path
    for path in (*_ROOT.glob("*.md"), *(_ROOT / "docs").rglob("*.md"), *_ROOT.glob("*/README.md"))
    if ".venv" not in path.parts
)
_LINK = re.compile(r"\]\(([^)#]+)\)")
#: A difference of another file, whose links are relative to that file.
_DIFF = re.compile(r"^````diff$.*?^````$", re.MULTILINE | re.DOTALL)
_TEST = re.compile(r"`(?P<file>(?:tests/)?(?:[\w/]+/)?test_\w+\.py)(?:::(?P<name>\w+))?`")
_PATH = re.compile(r"`((?:detectors|stimulators|streamer|replay|stimloop|docs)/[\w./]+)`")
_COMMAND = re.compile(r"\bstimloop (\w[\w-]*)")


def _named(document: Path) -> str:
    return str(document.relative_to(_ROOT))


@pytest.mark.parametrize("document", _DOCUMENTS, ids=_named)
def test_every_link_leads_somewhere(document: Path) -> None:
    text = _DIFF.sub("", document.read_text("utf-8"))
    links = [link for link in _LINK.findall(text) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", _DOCUMENTS, ids=_named)
def test_every_test_and_file_that_is_named_is_there(document: Path) -> None:
    text = document.read_text("utf-8")
    missing = [name for name in _PATH.findall(text) if not (_ROOT / name).exists()]
    for match in _TEST.finditer(text):
        files = list((_ROOT / "tests").rglob(Path(match["file"]).name))
        if not files or (match["name"] and f"def {match['name']}(" not in files[0].read_text()):
            missing.append(match[0])
    assert missing == []


def test_the_guarantees_name_their_tests() -> None:
    guarantees = (_ROOT / "docs" / "guarantees.md").read_text("utf-8")
    table = guarantees.partition("## What is guaranteed")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 10
    assert [row for row in rows if not _TEST.search(row)] == []


def test_the_readme_is_short() -> None:
    assert len((_ROOT / "README.md").read_text("utf-8").split()) <= 900


def test_the_notebook_lines_of_the_readme_find_bursts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = re.findall(
        r"```python\n(.*?)```", (_ROOT / "README.md").read_text("utf-8"), re.DOTALL
    )
    assert len([line for line in block.splitlines() if line]) <= 8
    write_patient(tmp_path)
    monkeypatch.chdir(tmp_path)
    made: dict[str, Any] = {}
    exec(block, made)  # noqa: S102 it is what a reader runs
    assert len(made["found"]["burst"].events()) > 10


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "docs/guides/your-own-rig.md",
        "docs/guides/configuration.md",
        "docs/guides/titration.md",
        "docs/guides/from-recordings-to-a-rig.md",
        "docs/guides/simulated-muscles.md",
    ],
)
def test_every_command_that_is_named_is_one(
    document: str, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (_ROOT / document).read_text("utf-8"), re.DOTALL)
    commands = {command for block in blocks for command in _COMMAND.findall(block)}
    assert commands
    for command in commands:
        assert run_command([command, "--help"]) == 0, command
    capsys.readouterr()


@pytest.mark.parametrize(
    "file", sorted((_ROOT / "docs" / "examples").glob("*.toml")), ids=lambda path: path.name
)
def test_every_example_is_a_configuration_that_holds(file: Path) -> None:
    assert configuration.load(file).streams


def test_the_guides_device_is_one(tmp_path: Path) -> None:
    guide = (_ROOT / "docs" / "guides" / "your-own-rig.md").read_text("utf-8")
    fragments: list[str] = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    rig = tmp_path / "rig.toml"
    head = 'detectors = []\n[rig]\nname = "guide"\n'
    rig.write_text(head + "\n".join(fragments), "utf-8")
    assert set(tomllib.loads(rig.read_text("utf-8"))) >= {"broker", "lsl", "streams", "devices"}
    assert configuration.load(rig).devices[0].safe_ma == 1.2


def test_every_hazard_names_the_test_of_its_control() -> None:
    safety = (_ROOT / "docs" / "safety.md").read_text("utf-8")
    tables = re.findall(r"^\| hazard \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", safety, re.MULTILINE)
    rows = [row for table in tables for row in table.splitlines()]
    assert len(tables) > 8
    assert len(rows) > 40
    assert [row for row in rows if not _TEST.search(row)] == []


def test_the_versions_of_what_others_wrote_are_those_that_are_tested() -> None:
    safety = (_ROOT / "docs" / "safety.md").read_text("utf-8")
    table = safety.partition("## Software that others wrote")[2].partition("\n## ")[0]
    told = dict(re.findall(r"^\| ([\w-]+) \| ([\w.]+) \|", table, re.MULTILINE))
    locked = dict(
        line.lower().split("==")
        for line in (_ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line
    )
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {re.split("[<>=]", each)[0].replace("-", "_") for each in project["dependencies"]}
    assert {name.replace("-", "_") for name in told} >= needed
    assert {name: told[name] for name in told if name in locked} == {
        name: locked[name] for name in told if name in locked
    }
    assert len(needed) <= len([name for name in told if name in locked])


def test_every_guide_is_in_the_list_of_guides() -> None:
    listed = set(_LINK.findall((_ROOT / "docs" / "README.md").read_text("utf-8")))
    pages = {path for path in (_ROOT / "docs").glob("*.md") if path.name != "README.md"}
    pages |= set((_ROOT / "docs" / "guides").glob("*.md"))
    assert {str(path.relative_to(_ROOT / "docs")) for path in pages} - listed == set()


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (_ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_detectors_of_the_guide_run_on_the_default_rig(tmp_path: Path) -> None:
    guide = (_ROOT / "docs" / "guides" / "detectors.md").read_text("utf-8")
    (fragment,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    default = (_ROOT / "config.toml").read_text("utf-8")
    rig = tmp_path / "rig.toml"
    rig.write_text(default.replace("[[policies]]", f"{fragment}\n[[policies]]"), "utf-8")
    kinds = {each.__struct_config__.tag for each in configuration.load(rig).detectors}
    named = set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE))
    assert kinds == named == {each.__struct_config__.tag for each in get_args(AnyDetectorConfig)}


def test_the_policies_of_the_guide_hold_on_the_default_rig(tmp_path: Path) -> None:
    guide = (_ROOT / "docs" / "guides" / "policies.md").read_text("utf-8")
    default = (_ROOT / "config.toml").read_text("utf-8")
    own, device, gate = map(default.index, ("[[policies]]", "[[devices]]", "[gate]"))
    right = default[device:gate].replace('"stn_left"', '"stn_right"')
    tables = [
        f"{before}[[policies]]\n{table}"
        for fragment in re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
        for before, *policies in [fragment.split("[[policies]]\n")]
        for table in policies
    ]
    kinds = set()
    for table in tables:
        rig = tmp_path / "rig.toml"
        others = right if "stn_right" in table else ""
        rig.write_text(f"{default[:own]}\n{table}{others}{default[device:]}", "utf-8")
        (policy,) = configuration.load(rig).policies
        kinds.add(policy.__struct_config__.tag)
    alike = {"off", "constant", "sham"}  # wrap as the other arms do
    assert kinds | alike == set(POLICIES.kinds)
    assert all(f"`{kind}`" in guide for kind in POLICIES.kinds)


def test_the_artifacts_of_the_guide_are_taken_off_on_the_default_rig(tmp_path: Path) -> None:
    guide = (_ROOT / "docs" / "guides" / "artifacts.md").read_text("utf-8")
    (fragment,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    default = (_ROOT / "config.toml").read_text("utf-8")
    rig = tmp_path / "rig.toml"
    rig.write_text(default.replace("[[detectors]]", f"{fragment}\n[[detectors]]", 1), "utf-8")
    kinds = {each.__struct_config__.tag for each in configuration.load(rig).streams[0].artifacts}
    named = set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE))
    assert kinds == named == {each.__struct_config__.tag for each in get_args(AnyArtifactConfig)}


def test_the_guide_lists_every_word_of_allow_once() -> None:
    guide = (_ROOT / "docs" / "guides" / "configuration.md").read_text("utf-8")
    table = guide.partition("## Words of")[2]
    words = re.findall(r"\| `(\w+)` \|$", table, re.MULTILINE)
    assert sorted(words) == sorted(get_args(Allowed))
