"""Misbehaving devices: how each changes the messages that it receives and sends."""

import math
from dataclasses import dataclass
from typing import Literal

import msgspec

from stimulators.device_config import DeviceConfig
from stimulators.wire.messages import Ack, Command, DeviceInfo, DeviceStatus, Wire

MisbehaviourKind = Literal[
    "honest",
    "says_high",
    "clips",
    "steps",
    "sticks",
    "refuses",
    "refuses_way_down",
    "invents",
    "mute_acks",
]


@dataclass(frozen=True)
class Misbehaviour:
    """Changes the messages between a reference device and the network.

    Parameters
    ----------
    kind : str
        ``says_high`` says `amount` whatever it gives; ``clips`` gives no more than `amount` and
        says so; ``steps`` gives multiples of `amount` and says so; ``sticks`` takes commands and
        goes on giving what it gives, and says so; ``refuses`` does no amplitude
        command, ``refuses_way_down`` none that is lower than what it gives; ``invents`` answers
        commands that were never sent; ``mute_acks`` answers none.
    amount : float
        In the device's unit.
    """

    kind: MisbehaviourKind = "honest"
    amount: float = 0.0

    def asked(self, message: Wire, config: DeviceConfig, gives: float) -> Wire:
        """Return the message that the device acts on instead of the one that came."""
        if not isinstance(message, Command) or message.kind != "amplitude":
            return message
        key = "amplitude_ma" if config.unit == "ma" else "level"
        asked: float = getattr(message, key) or 0.0
        if self.kind == "sticks":
            return msgspec.structs.replace(message, **{key: gives})
        if self.kind == "clips":
            return msgspec.structs.replace(message, **{key: min(asked, self.amount)})
        if self.kind == "steps":
            stepped = min(round(asked / self.amount) * self.amount, config.amount_max)
            return msgspec.structs.replace(message, **{key: stepped})
        is_refused = self.kind == "refuses" or (self.kind == "refuses_way_down" and asked < gives)
        if is_refused:
            return msgspec.structs.replace(message, **{key: math.nextafter(math.inf, 0.0)})
        return message

    def said(self, message: Wire, config: DeviceConfig) -> Wire | None:
        """Return what reaches the network instead of what the device says; None where nothing."""
        if isinstance(message, Ack) and message.seq is not None:
            if self.kind == "mute_acks":
                return None
            if self.kind == "invents":
                return msgspec.structs.replace(message, seq=message.seq + 1_000_000)
        if self.kind == "says_high" and isinstance(message, Ack | DeviceInfo | DeviceStatus):
            key = "applied_ma" if config.unit == "ma" else "applied_level"
            return msgspec.structs.replace(message, **{key: self.amount})
        return message


HONEST = Misbehaviour()
