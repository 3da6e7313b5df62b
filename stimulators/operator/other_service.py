"""One service a rig: whoever starts one listens first whether another is there."""

from stimulators.operator.known_rig import KnownRig
from stimulators.operator.operator_link import OperatorError, OperatorLink
from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys
from stimulators.wire.messages import Status

#: A service speaks once a second; this leaves one word to be lost.
LISTEN_S = 2.5


async def other_service(
    rig: KnownRig, *, listen_s: float = LISTEN_S, keys: Keys | None = None
) -> Status | None:
    """Return what another service of the rig says, or None where none speaks.

    What the broker had kept, and a goodbye, is nobody who speaks. A broker that is not there is
    waited for as long as is listened; it may come later, then nobody was heard.

    Parameters
    ----------
    rig : KnownRig
        Where to listen.
    listen_s : float
        For how long, once there is a link.
    keys : Keys, optional
        Checks what is said; what it cannot open was said by nobody of this rig.

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
