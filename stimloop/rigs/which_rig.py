"""Finds the rig that an operator means: by a configuration, or the only one that runs."""

import os
from pathlib import Path

import msgspec

from stimloop.address import read_address
from stimloop.errors import ConfigError, DoesNotHoldError
from stimloop.rigs.running import RunningRig, running_rigs
from stimloop.terminal.plain_text import plain
from stimulators.operator.known_rig import KnownRig

#: Environment variable with the configuration, if the command line names none.
CONFIG_VARIABLE = "STIMLOOP_CONFIG"


class ChosenRig(msgspec.Struct, frozen=True, kw_only=True):
    """The rig that an operator means, and where it was found.

    Parameters
    ----------
    known : KnownRig
        The rig.
    source : str
        Where it was read, for messages.
    config : Path or None
        Its configuration, where it was named; else the rig itself left word.
    is_alive : bool
        Whether that process is there.
    """

    known: KnownRig
    source: str
    config: Path | None = None
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
    if config is None:
        return None
    return ChosenRig(known=read_address(config), source=str(config), config=config)


def all_running_rigs() -> list[ChosenRig]:
    """Return every rig of this user that has a file, those with a running process first."""
    found = sorted(running_rigs(), key=lambda each: not each.is_alive)
    return [_chosen(each) for each in found]


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
    return _chosen(running[0])


def _chosen(rig: RunningRig) -> ChosenRig:
    return ChosenRig(
        known=rig.rig,
        source=rig.config,
        is_alive=rig.is_alive,
    )


def _described(rig: RunningRig) -> str:
    return plain(f"{rig.rig.name} ({rig.config}, process {rig.pid})")
