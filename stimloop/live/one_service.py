"""Makes sure that only one service runs a rig: `run` listens for another one before it starts."""

import asyncio
import contextlib

from stimloop.errors import ConfigError, FaultError
from stimloop.terminal.plain_text import plain
from stimulators.operator.known_rig import KnownRig
from stimulators.operator.other_service import other_service
from stimulators.wire.keys.keys import Keys, NoKeys

#: The child processes of a killed service end by themselves within this time.
_PORT_FREE_S = 5.0
_PORT_STEP_S = 0.1


async def require_alone(rig: KnownRig, config_name: str, keys: Keys = NoKeys()) -> None:  # noqa: B008 it holds nothing
    """Return once no other service of this rig has been heard for long enough.

    With an embedded broker nobody else can be on it: then its port must be free, or become so
    while the broker of a service that was killed ends. Any other broker is listened to.

    Raises
    ------
    FaultError
        Where another service speaks, or the port is taken.
    ConfigError
        Where the configuration of the broker names a file that cannot be used.
    """
    if rig.broker.embedded:
        await _require_free_port(rig, config_name)
        return
    try:
        said = await other_service(rig, keys=keys)
    except ValueError as error:
        raise ConfigError(f"{config_name}: $.broker.{error}") from error
    if said is not None:
        drives = f", drives {', '.join(said.drives)}" if said.drives else ""
        raise FaultError(
            plain(
                f"rig {rig.name}: expected no other service on {rig.broker.host}:"
                f"{rig.broker.port}, found session {said.session} ({said.state}{drives}): end it "
                f"first, or give this rig another name"
            )
        )


async def _require_free_port(rig: KnownRig, config_name: str) -> None:
    for _ in range(round(_PORT_FREE_S / _PORT_STEP_S)):
        if not await _is_taken(rig.broker.port):
            return
        await asyncio.sleep(_PORT_STEP_S)
    raise FaultError(
        f"{config_name}: $.broker.port: expected a free port for the embedded broker, found port "
        f"{rig.broker.port} taken: another rig runs, or another broker: end it, or name another "
        f"port"
    )


async def _is_taken(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
