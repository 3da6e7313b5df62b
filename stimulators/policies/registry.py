"""Every kind of policy a table can name: the built-in ones, and those of installed packages."""

from collections.abc import Iterable
from importlib import metadata
from typing import TYPE_CHECKING, Final, TypeAlias, Union

from stimulators.policies.kinds import GROUP, PolicyRegistry, find_in

__all__ = ["GROUP", "POLICIES", "AnyPolicyConfig", "PolicyRegistry", "find"]

_FOLDERS: Final = (
    "stimulators.policies",
    "stimulators.policies.wrapping",
    "stimulators.policies.arms",
    "stimulators.policies.titration",
)


def find(entry_points: Iterable[metadata.EntryPoint]) -> PolicyRegistry:
    """Return the built-in policies, also those that wrap another one, and those of entry points."""
    return find_in(_FOLDERS, entry_points, without=__name__)


#: The policies that are installed here.
POLICIES: Final = find(metadata.entry_points(group=GROUP))

#: Any `[[policies]]` table: its `kind` names the struct.
if TYPE_CHECKING:
    from stimulators.policies.policy import PolicyConfig

    AnyPolicyConfig: TypeAlias = PolicyConfig
else:  # the union is known only once the installed packages have been searched
    AnyPolicyConfig = Union[tuple(POLICIES.policies)]  # noqa: UP007
