"""The rises of a rig that wait for an operator's yes."""

from collections.abc import Callable

import msgspec

from stimulators.operator.known_rig import KnownRig
from stimulators.operator.operator_link import OperatorLink
from stimulators.operator.sessions import addressed
from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys
from stimulators.wire.messages import RiseOffer

#: Services send a heartbeat each second: within this time a second service is heard, too.
_LISTEN_S = 1.3


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """The rises that wait for a yes, by the newest status of the service.

    Parameters
    ----------
    session : str
        Its session.
    state, stage : str
        What the rig is in.
    now_us : int
        The service's clock when it said so.
    offers : tuple of RiseOffer
        What it offers.
    """

    session: str
    state: str
    stage: str
    now_us: int
    offers: tuple[RiseOffer, ...]


async def waiting(
    rig: KnownRig,
    *,
    now_s: Callable[[], float],
    device: str | None = None,
    wait_s: float = 5.0,
    keys: Keys | None = None,
) -> Waiting:
    """Return the rises that wait for a yes.

    Parameters
    ----------
    rig : KnownRig
        The rig, its broker and devices.
    now_s : callable
        Any clock that never goes back.
    device : str, optional
        Of this device alone.
    wait_s : float
        Seconds to wait for each of broker and service.
    keys : Keys, optional
        Check what is received: an offer that nobody signed is not shown.

    Raises
    ------
    OperatorError
        Where there is no broker or no service; SeveralServicesError where several services run
        and none alone drives a device.
    ValueError
        Where the broker's configuration names a file that cannot be used.
    """
    async with OperatorLink(rig, (topics.STATUS,), now_s=now_s, keys=keys) as link:
        await link.require(wait_s)
        await link.listen(_LISTEN_S)
        await link.until(lambda: bool(link.services), max(0.0, wait_s - _LISTEN_S))
        session = addressed(rig.name, link.services)
        status = link.services[session].status
    return Waiting(
        session=session,
        state=status.state,
        stage=status.stage,
        now_us=status.now_us,
        offers=tuple(each for each in status.offers if device in {None, each.device}),
    )
