"""A BIDS dataset that sessions are added to: nothing in it is lost, and nothing is left half."""

import filecmp
import json
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from stimloop.errors import ConfigError
from stimloop.sharing.labels import Labels

#: Files that several recordings share: one that is there stays as it is.
_SHARED: Final = ("_electrodes.tsv", "_electrodes.json", "_coordsystem.json")
_NOTHING: Final = "n/a"
_SIMULATED: Final = "SimulatedSessions"


class Dataset:
    """The folder of a dataset.

    Parameters
    ----------
    root : Path
        The folder; `staged` makes it.
    labels : Labels
        Of the session that is added.
    acquisitions : sequence of str
        Labels that tell its streams apart; one that is empty, too.
    """

    def __init__(self, root: Path, labels: Labels, acquisitions: list[str]) -> None:
        self.root = root
        self._labels = labels
        self._acquisitions = set(acquisitions) | {labels.acquisition}

    def require_usable(self, *, overwrites: bool) -> None:
        """Raise where the folder is none of BIDS, or has this session already.

        Raises
        ------
        ConfigError
            One line.
        """
        if not self.root.exists():
            return
        if not self.root.is_dir():
            raise ConfigError(f"{self.root}: expected a folder for the dataset, found a file")
        present = [each for each in self.root.iterdir() if not each.name.startswith(".")]
        if present and not (self.root / "dataset_description.json").is_file():
            raise ConfigError(
                f"{self.root}: expected a new folder, or a BIDS dataset with its "
                f"dataset_description.json, found {present[0].name}"
            )
        if present:
            read_json(self.root / "dataset_description.json")
        taken = self._taken()
        if taken and not overwrites:
            raise ConfigError(
                f"{taken[0]}: expected no recording with these labels yet: another --session, "
                "--task or --run, or --overwrite to replace it"
            )

    @contextmanager
    def staged(self) -> Iterator[Path]:
        """Give a folder to write into, on the disk of the dataset; it is gone afterwards."""
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            with tempfile.TemporaryDirectory(dir=self.root, prefix=".stimloop-") as stage:
                yield Path(stage)
        finally:
            if not any(self.root.iterdir()):
                self.root.rmdir()

    def add(self, stage: Path, *, simulated: bool) -> list[Path]:
        """Move what was staged into the dataset, and return its files.

        Of files that belong to all of the dataset, rows are added and what is there stays.
        """
        staged = sorted(each for each in stage.rglob("*") if each.is_file())
        self._require_same_sources(stage, staged)
        replaced = self._taken()
        for each in replaced:
            each.unlink()
        added: list[Path] = []
        for each in staged:
            target = self.root / each.relative_to(stage)
            target.parent.mkdir(parents=True, exist_ok=True)
            if each.name == "participants.tsv":
                _merge_tsv(each, target)
            elif each.name.endswith("_scans.tsv"):
                gone = {f"{old.parent.name}/{old.name}" for old in replaced}
                _merge_tsv(each, target, without=gone)
            elif target.exists() and self._stays(each, stage):
                continue
            else:
                each.replace(target)
            added.append(target)
        if simulated:
            self._say_simulated()
        return added

    def _stays(self, each: Path, stage: Path) -> bool:
        parts = each.relative_to(stage).parts
        return len(parts) == 1 or each.name.endswith(_SHARED) or parts[0] == "sourcedata"

    def _taken(self) -> list[Path]:
        """Return the files of the dataset that have the session's labels."""
        folder = self.root / self._labels.folder
        return sorted(
            each
            for each in folder.rglob("*")
            if each.is_file() and not each.name.endswith(_SHARED) and self._is_of(each.name)
        )

    def _is_of(self, name: str) -> bool:
        entities = dict(
            part.partition("-")[::2] for part in name.partition(".")[0].split("_") if "-" in part
        )
        labels = self._labels
        return (entities.get("task"), entities.get("run", ""), entities.get("ses", "")) == (
            labels.task,
            labels.run,
            labels.session,
        ) and entities.get("acq", "") in self._acquisitions

    def _require_same_sources(self, stage: Path, staged: list[Path]) -> None:
        for each in staged:
            parts = each.relative_to(stage).parts
            target = self.root.joinpath(*parts)
            if parts[0] != "sourcedata" or not target.exists():
                continue
            if not filecmp.cmp(each, target, shallow=False):
                raise ConfigError(
                    f"{target}: expected the same file as before, or none, found another one"
                )

    def _say_simulated(self) -> None:
        file = self.root / "dataset_description.json"
        said = read_json(file)
        name = self._labels.stem("", only=("subject", "session")).rstrip("_")
        sessions = sorted({*said.get(_SIMULATED, []), name})
        if sessions != said.get(_SIMULATED):
            write_json(file, said | {_SIMULATED: sessions})


def read_json(file: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises
    ------
    ConfigError
        Where it is none.
    """
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ConfigError(f"{file}: expected JSON, found none: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{file}: expected a JSON object, found {type(found).__name__}")
    return found


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Write an object as people read it."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    file.write_text(f"{text}\n", encoding="utf-8")


def copy_source(source: Path, folder: Path) -> None:
    """Copy a file that a session comes from below `sourcedata`."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, folder / source.name)


def _merge_tsv(new: Path, target: Path, *, without: Collection[str] = ()) -> None:
    """Add rows to a table, and take some off first; one whose first column is there stays."""
    columns, added = _read_tsv(new)
    rows: list[dict[str, str]] = []
    if target.exists():
        own, rows = _read_tsv(target)
        columns = own or columns
        rows = [each for each in rows if each.get(columns[0]) not in without]
    known = {each.get(columns[0]) for each in rows}
    rows += [each for each in added if each.get(columns[0]) not in known]
    lines = ["\t".join(columns)]
    lines += ["\t".join(row.get(each, _NOTHING) for each in columns) for row in rows]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _read_tsv(file: Path) -> tuple[list[str], list[dict[str, str]]]:
    lines = file.read_text("utf-8-sig").splitlines()
    columns = lines[0].split("\t") if lines else []
    return columns, [
        dict(zip(columns, line.split("\t"), strict=False)) for line in lines[1:] if line
    ]
