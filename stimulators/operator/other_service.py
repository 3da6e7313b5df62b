"""One service a rig: before a service starts, it listens for another one."""

from stimulators.operator.known_rig import KnownRig
from stimulators.operator.operator_link import OperatorError, OperatorLink
from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys
from stimulators.wire.messages import Status

#: A service sends a heartbeat each second; even if one is lost, another arrives within this time.
LISTEN_S = 2.5


async def other_service(
    rig: KnownRig, *, listen_s: float = LISTEN_S, keys: Keys | None = None
) -> Status | None:
    """Return the status of another service of the rig that is running; None without one.

    A status that the broker had kept, or that says ``offline``, is not of a running service. A
    broker that is not there is waited for as long as it would be listened to; without it no service
    is found.

    Parameters
    ----------
    rig : KnownRig
        The rig and its broker.
    listen_s : float
        How long to listen, once there is a link.
    keys : Keys, optional
        Check what is received: a message that they do not accept is not of this rig.

    Raises
    ------
    ValueError
        Where the broker's configuration names a file that cannot be used.
    """
    async with OperatorLink(rig, (topics.STATUS,), keys=keys) as link:
        try:
            await link.require(listen_s)
        except OperatorError:
            return None
        await link.until(lambda: bool(link.services), listen_s)
        return next((said.status for said in link.services.values()), None)
