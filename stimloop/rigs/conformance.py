"""Checks a device of any maker against the wire contract, on its broker."""

from collections.abc import Callable

import msgspec

from stimloop.config import Config
from stimloop.errors import ConfigError, FaultError
from stimloop.key_path import with_path_first
from stimulators.conformance.examiner import Examiner
from stimulators.conformance.mqtt_line import LostBrokerError, MqttLine, mqtt_line
from stimulators.conformance.report import ConformanceReport
from stimulators.conformance.run import OtherServiceError, try_device
from stimulators.wire.keys.files import service_keys
from stimulators.wire.mqtt import BrokerConfig
from streamer.clock import new_session_id, now_s

_PORT_MAX = 65_535
#: A device may be switched on after the command, so that it is seen from its first word.
_INFO_S_MAX = 20.0


def broker_at(broker: BrokerConfig, host: str) -> BrokerConfig:
    """Return the broker at ``HOST`` or ``HOST:PORT``, reached as the configuration says.

    Raises
    ------
    ConfigError
        Where that is no address.
    """
    name, _, port = host.partition(":")
    if not name or (port and not (port.isdigit() and 0 < int(port) <= _PORT_MAX)):
        raise ConfigError(f"--conformance: expected HOST or HOST:PORT of a broker, found {host!r}")
    number = int(port) if port else broker.port
    return msgspec.structs.replace(broker, embedded=False, host=name, port=number)


async def try_on_broker(
    config: Config,
    *,
    device: str,
    host: str,
    may_drive: bool,
    by_hand: bool,
    told: Callable[[str], None],
) -> ConformanceReport:
    """Check a device, acting as the service of its rig.

    Parameters
    ----------
    config : Config
        The rig: its name, how its broker is reached, its keys.
    device : str
        The device's name.
    host : str
        Its broker, ``HOST`` or ``HOST:PORT``.
    may_drive : bool
        Whether nobody is connected to the device.
    by_hand : bool
        Whether somebody switches the device off and on when asked.
    told : callable
        Takes a line for each finding, and for what somebody has to do.

    Raises
    ------
    ConfigError
        Where the address, or a file that the configuration names, cannot be used.
    FaultError
        Where there is no broker, or another service of the rig is on it.
    """
    broker, session, rig = broker_at(config.broker, host), new_session_id(), config.rig.name
    try:
        keys = service_keys(config.signing, rig, [device])
    except ValueError as error:
        raise ConfigError(f"{rig}: {with_path_first(f'signing.{error}')}") from error
    line = MqttLine(broker, rig=rig, device=device, session=session, keys=keys, now_s=now_s)
    examiner = Examiner(line, rig=rig, device=device, keys=keys, session=session)
    examiner.operator = told if by_hand else None
    try:
        async with mqtt_line(line):
            return await try_device(
                examiner,
                may_drive=may_drive,
                info_s_max=_INFO_S_MAX,
                told=lambda finding: told(f"missing: {finding}"),
            )
    except ValueError as error:
        raise ConfigError(f"{rig}: {with_path_first(f'broker.{error}')}") from error
    except LostBrokerError as error:
        raise FaultError(f"rig {rig}: expected a broker, found: {error}") from error
    except OtherServiceError as error:
        raise FaultError(
            f"rig {rig}: expected no other service on {broker.host}:{broker.port}, "
            f"found session {error}: end it first"
        ) from error
