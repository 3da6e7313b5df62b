"""Every kind of policy a table can ask for: our own, and those that are installed beside us."""

from collections.abc import Iterable
from importlib import metadata
from typing import TYPE_CHECKING, Final, TypeAlias, Union

from stimulators.policies.kinds import GROUP, PolicyRegistry, find_in

__all__ = ["GROUP", "POLICIES", "AnyPolicyConfig", "PolicyRegistry", "find"]

_FOLDERS: Final = (
    "stimulators.policies",
    "stimulators.policies.wrapping",
    "stimulators.policies.arms",
)


def find(entry_points: Iterable[metadata.EntryPoint]) -> PolicyRegistry:
    """Return our own policies, those that wrap another among them, and those of entry points."""
    return find_in(_FOLDERS, entry_points, without=__name__)


#: What is installed here.
POLICIES: Final = find(metadata.entry_points(group=GROUP))

#: A `[[policies]]` table; its `kind` says which.
if TYPE_CHECKING:
    from stimulators.policies.policy import PolicyConfig

    AnyPolicyConfig: TypeAlias = PolicyConfig
else:  # which kinds there are is known once those from elsewhere have been found
    AnyPolicyConfig = Union[tuple(POLICIES.policies)]  # noqa: UP007
