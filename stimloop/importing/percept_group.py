"""The groups of programs in a session report, and which of them adapts."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from stimloop.checking.mistakes import Mistake
from stimloop.checking.wording import listed
from stimloop.importing.importer import RefusedError
from stimloop.importing.percept_report import is_adaptive


class Group(NamedTuple):
    """A group of programs with its JSON path."""

    path: str
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Such as ``GROUP_C``."""
        return str(self.content.get("GroupId", "")).rpartition(".")[2]

    @property
    def sensing(self) -> list[tuple[str, Any]]:
        """Its sensing channels, each with its path; one alone may stand without a list."""
        settings = self.content.get("ProgramSettings")
        found = settings.get("SensingChannel") if isinstance(settings, dict) else None
        return _listed(found, f"{self.path}.ProgramSettings.SensingChannel")

    @property
    def adaptive(self) -> list[tuple[str, Any]]:
        """The channels of sides that adapt."""
        return [(path, each) for path, each in self.sensing if is_adaptive(each)]


def groups_of(document: Mapping[str, Any]) -> list[Group]:
    """Return the groups at the end of the session, or those at its beginning where it has none."""
    found = document.get("Groups")
    for when in ("Final", "Initial"):
        content = found.get(when) if isinstance(found, dict) else None
        if groups := _listed(content, f"$.Groups.{when}"):
            return [Group(path, each) for path, each in groups if isinstance(each, dict)]
    return []


def chosen(groups: Sequence[Group], dates: Sequence[Mistake]) -> tuple[Group, list[Group]]:
    """Return the group that adapts, the active one if it does, and the others that adapt."""
    adaptive = [each for each in groups if each.adaptive]
    if not adaptive:
        path = groups[0].path.partition("[")[0] if groups else "$.Groups"
        sensing = listed(each.name for each in groups if each.sensing)
        text = (
            "expected a group with adaptive therapy (a SensingChannel with its Mode), found "
            f"{len(groups)} groups without; that sense: {sensing}"
        )
        raise RefusedError([Mistake(path, text), *dates])
    active = [each for each in adaptive if each.content.get("ActiveGroup") is True]
    taken = (active or adaptive)[0]
    return taken, [each for each in adaptive if each is not taken]


def _listed(content: Any, path: str) -> list[tuple[str, Any]]:  # noqa: ANN401 plain data
    """Return the entries of a list with their paths; what is no list is one entry."""
    if isinstance(content, list):
        return [(f"{path}[{number}]", each) for number, each in enumerate(content)]
    return [(path, content)] if isinstance(content, dict) else []
