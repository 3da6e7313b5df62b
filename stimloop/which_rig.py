"""Which rig an operator means who names no configuration."""

import os
from pathlib import Path

import msgspec

from stimloop.address import read_address
from stimloop.errors import ConfigError, DoesNotHoldError
from stimloop.plain_text import plain
from stimloop.running import RunningRig, running_rigs
from stimulators.operator.known_rig import KnownRig

#: Names the configuration where the command line does not.
CONFIG_VARIABLE = "STIMLOOP_CONFIG"


class ChosenRig(msgspec.Struct, frozen=True):
    """A rig, and where it was read, for messages."""

    known: KnownRig
    source: str
    is_alive: bool = True


def named_rig(config: Path | None) -> ChosenRig | None:
    """Return the rig of the configuration on the command line, else of `STIMLOOP_CONFIG`.

    Raises
    ------
    ConfigError
        Where that file cannot be used.
    """
    if config is None and (named := os.environ.get(CONFIG_VARIABLE)):
        config = Path(named)
    return None if config is None else ChosenRig(read_address(config), str(config))


def all_running_rigs() -> list[ChosenRig]:
    """Return every rig of this user that left word, the living first."""
    found = sorted(running_rigs(), key=lambda each: not each.is_alive)
    return [ChosenRig(each.rig, each.config, each.is_alive) for each in found]


def the_rig(config: Path | None) -> ChosenRig:
    """Return the rig that is named, else the only one that runs.

    Raises
    ------
    ConfigError
        Where several run; the text names them.
    DoesNotHoldError
        Where none runs.
    """
    named = named_rig(config)
    if named is not None:
        return named
    running = [each for each in running_rigs() if each.is_alive]
    if not running:
        raise DoesNotHoldError(
            f"expected a rig of this user that runs, found none: name its CONFIG, or set "
            f"{CONFIG_VARIABLE}"
        )
    if len(running) > 1:
        raise ConfigError(
            f"expected CONFIG, as {len(running)} rigs run, found none: "
            + "; ".join(_described(each) for each in running)
        )
    return ChosenRig(running[0].rig, running[0].config)


def _described(rig: RunningRig) -> str:
    return plain(f"{rig.rig.name} ({rig.config}, process {rig.pid})")
