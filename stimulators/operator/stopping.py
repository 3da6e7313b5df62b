"""Stop: sent to every device directly, not through the service, until each one's words show it."""

import secrets

import msgspec

from stimulators.operator.countdown import Countdown, no_countdown, wait_for
from stimulators.operator.known_rig import KnownRig
from stimulators.operator.operator_link import OperatorLink
from stimulators.operator.verdict import DeviceVerdict, bad, stopped
from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys
from stimulators.wire.messages import Stop
from stimulators.wire.payload import to_payload

#: A device reports each second: within this time a second device of the same name is heard, too.
_LISTEN_S = 1.3
_HEARD = (topics.ACK, topics.INFO, topics.DEVICE_STATUS)


class StopResult(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a stop.

    Parameters
    ----------
    devices : tuple of DeviceVerdict
        One for every device of the configuration, and for every other that is there.
    """

    devices: tuple[DeviceVerdict, ...]

    @property
    def is_so(self) -> bool:
        """Whether there is a device, and every one reports that it is stopped."""
        return bool(self.devices) and not bad(self.devices)

    @property
    def is_answered(self) -> bool:
        """Whether any device answered."""
        return any(each.kind not in {"no answer", "offline"} for each in self.devices)


async def stop(
    rig: KnownRig,
    *,
    operator: str,
    reason: str,
    broker_wait_s: float | None = None,
    wait_s: float | None = None,
    countdown: Countdown = no_countdown,
    keys: Keys | None = None,
) -> StopResult:
    """Stop every device of a rig directly, and wait until each reports that it is stopped.

    The stop is repeated while a device has not answered, or gives more than it may. Even where all
    answer at once this takes as long as devices take from one report to the next, so that a second
    device of the same name is noticed.

    Parameters
    ----------
    rig : KnownRig
        The rig, its broker, and the devices that must answer.
    operator, reason : str
        Who stops the devices, and why.
    broker_wait_s, wait_s : float, optional
        Seconds to wait for the broker, and then for the devices; by default as long as the rig may
        take (`KnownRig.wait_s`).
    countdown : callable
        Called with the seconds that it may still take.
    keys : Keys, optional
        Sign the stop, and check the devices' answers.

    Raises
    ------
    OperatorError
        Where there is no broker.
    ValueError
        Where the broker's configuration names a file that cannot be used.
    """
    within_s = rig.wait_s if wait_s is None else wait_s
    pressed = Stop(request_id=secrets.token_hex(8), operator=operator, reason=reason)
    said = (topics.STOP, to_payload(pressed))
    configured = {each.id for each in rig.devices}

    async with OperatorLink(rig, _HEARD, first=said, keys=keys) as link:

        def verdicts() -> tuple[DeviceVerdict, ...]:
            return tuple(
                stopped(
                    rig.device(name),
                    link.devices.get(name),
                    pressed.request_id,
                    is_configured=name in configured,
                )
                for name in sorted(configured | link.present)
            )

        def is_over() -> bool:
            found = verdicts()
            return bool(found) and all(each.kind in {"so", "two devices"} for each in found)

        await link.require(within_s if broker_wait_s is None else broker_wait_s)
        await link.listen(min(_LISTEN_S, within_s))
        await wait_for(
            link,
            is_over,
            wait_s=within_s,
            waits_for=lambda: ", ".join(each.device for each in bad(verdicts())) or "any device",
            countdown=countdown,
            again=lambda: link.offer(*said),
        )
        return StopResult(devices=verdicts())
