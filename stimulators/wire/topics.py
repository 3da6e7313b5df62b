"""The MQTT topics of all messages, below ``stimloop/{rig}/``, with QoS and retain flag."""

import msgspec

_ROOT = "stimloop/{rig}/"


class Topic(msgspec.Struct, frozen=True):
    """One topic, with placeholders for the names in it.

    Parameters
    ----------
    address : str
        The topic, with ``{rig}``, ``{device}`` or ``{detector}`` in place of names.
    qos : int
        Its MQTT quality of service.
    retain : bool
        Whether the broker keeps the newest message for clients that connect later.
    """

    address: str
    qos: int
    retain: bool = False

    def at(self, **names: str) -> str:
        """Return the topic with its names filled in; ``+`` for a name makes a filter."""
        return self.address.format(**names)


STATUS = Topic(_ROOT + "status", 1, retain=True)
INFO = Topic(_ROOT + "device/{device}/info", 1, retain=True)
COMMAND = Topic(_ROOT + "device/{device}/command", 1)
#: A late trigger is of no use, so it is sent once and not repeated.
TRIGGER = Topic(COMMAND.address, 0)
LEASE = Topic(_ROOT + "device/{device}/lease", 0)
DEVICE_STATUS = Topic(_ROOT + "device/{device}/state", 0)
ACK = Topic(_ROOT + "device/{device}/ack", 1)
CLOCK_REQUEST = Topic(_ROOT + "device/{device}/clock/request", 0)
CLOCK_REPLY = Topic(_ROOT + "device/{device}/clock/reply", 0)
STOP = Topic(_ROOT + "stop", 1)
CONTROL = Topic(_ROOT + "control", 1)
DETECTOR_INFO = Topic(_ROOT + "detector/{detector}/info", 1, retain=True)
ESTIMATE = Topic(_ROOT + "estimate/{detector}", 0)
EVENT = Topic(_ROOT + "event/{detector}", 1)


def device_client_id(rig: str, device: str) -> str:
    """Return the MQTT client id of a device: fixed, so that each device is on a broker once.

    A second connection of the same device, or its next after a half-dead one, takes the place of
    the first, and the broker publishes the Last Will of the first.

    Examples
    --------
    >>> device_client_id("demo", "stn_left")
    'stimloop-device-demo-stn_left'
    """
    return f"stimloop-device-{rig}-{device}"
