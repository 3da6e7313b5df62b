"""A case of a wire vector: played to the reference device, and written down as it goes."""

from pathlib import Path
from typing import Any

import msgspec

from stimulators.device.device import FromDevice, ReferenceDevice
from stimulators.device.device_topics import DeviceTopics, Publication
from stimulators.device_config import DeviceConfig
from stimulators.wire import topics
from stimulators.wire.keys.ring import Key, KeyRing
from stimulators.wire.messages import (
    Ack,
    ClockReply,
    ClockRequest,
    Command,
    Lease,
    Reason,
    Stop,
    Wire,
)
from stimulators.wire.payload import to_payload
from stimulators.wire.topics import Topic

FOLDER = Path(__file__).parents[4] / "docs" / "vectors"
RIG = "bench"
INSTANCE = "0b007ed1"
SESSION = "00000000000000000002-0000000b"
OLDER, NEWER = "00000000000000000001-0000000a", "00000000000000000003-0000000c"
#: How far the service's clock is ahead of the device's, and how long a message travels.
AHEAD_US = 7_000_000_000
_TRAVEL_US = 500
_TICK_US = 5_000
NONCES = tuple(f"{number:032x}" for number in range(0xA0, 0xA0 + 64))
KEYS = {
    "to": Key("1a2b3c4d", "11" * 32),
    "from": Key("5e6f7a8b", "22" * 32),
    "stop": Key("9f3c1a7e", bytes(range(32)).hex()),
}
DEVICE: dict[str, Any] = {
    "id": "stn",
    "simulated": True,
    "safe_ma": 0.5,
    "stop_ma": 0.0,
    "safe_program": "adbs",
    "programs": {
        "adbs": {
            "frequency_hz": 130.0,
            "pulse_width_us": 60.0,
            "contact_area_cm2": 0.0598,
            "contacts": "1-",
        },
        "wide": {
            "frequency_hz": 130.0,
            "pulse_width_us": 90.0,
            "contact_area_cm2": 0.0598,
            "contacts": "2-",
        },
    },
    "limits": {
        "refractory_s": 0.05,
        "triggers_per_min_max": 2,
        "commands_per_s_max": 50.0,
        "on_time_s_max": 120.0,
        "off_time_s_min": 0.5,
        "rises_per_min_max": 600,
        "amplitude_ma_max": 3.0,
        "slew_ma_per_s_max": 12.0,
        "charge_density_uc_per_cm2_max": 30.0,
        "shannon_k_max": 1.5,
        "charge_uc_per_10_min_max": 14_000.0,
    },
}


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the device's table with some keys changed, limits by their own names."""
    limits = {**DEVICE["limits"], **{k: v for k, v in changes.items() if k in DEVICE["limits"]}}
    return {**DEVICE, **{k: v for k, v in changes.items() if k not in limits}, "limits": limits}


class Script:
    """Plays a service to the reference device.

    Parameters
    ----------
    device : dict
        The device's table.
    newest_session : str
        The newest session that it remembers.

    Attributes
    ----------
    now_us : int
        The device's own clock.
    steps : list of dict
        What was heard and what was said, as the vector has it.
    """

    def __init__(self, device: dict[str, Any], newest_session: str = "") -> None:
        config = msgspec.convert(device, DeviceConfig, strict=False)
        nonces = iter(NONCES)
        self.device = ReferenceDevice(
            config,
            instance=INSTANCE,
            newest_session=newest_session,
            new_nonce=lambda: next(nonces),
        )
        ring = KeyRing(RIG, {f"{way}/stn": [KEYS[way]] for way in ("to", "from")})
        self._stop_ring = KeyRing(RIG, {"stop": [KEYS["stop"]]})
        self._ring = ring
        keys = {f"{way}/stn": [KEYS[way]] for way in ("to", "from")} | {"stop": [KEYS["stop"]]}
        self.topics = DeviceTopics(rig=RIG, device="stn", keys=KeyRing(RIG, keys))
        self.now_us = 0
        self.steps: list[dict[str, Any]] = []
        self.said: list[FromDevice] = []
        self.published: list[Publication] = []
        self._state = "offline"
        self._answers: list[Ack] = []
        self._requests: list[ClockRequest] = []
        self._n_leases = self._n_commands = 0

    # The service's side.

    def know_clock(
        self, *, session: str = SESSION, nonce: str | None = None, shift_us: int = 0
    ) -> None:
        """Let the device ask, and answer its first request."""
        if not self._requests:
            self.look()
        asked = self._requests[0]
        self.now_us = max(self.now_us, asked.sent_us + 2 * _TRAVEL_US)
        reply = ClockReply(
            request_seq=asked.request_seq,
            sent_us=asked.sent_us,
            nonce=asked.nonce if nonce is None else nonce,
            session=session,
            received_us=asked.sent_us + _TRAVEL_US + AHEAD_US + shift_us,
            replied_us=self.now_us - _TRAVEL_US + AHEAD_US + shift_us,
        )
        self.hear(topics.CLOCK_REPLY, reply)

    def live(self, **changes: Any) -> None:
        """Let the device know the time, and lease it."""
        self.know_clock()
        self.pass_us(1_000)
        self.lease(**changes)
        if self.device.state != "live":
            raise AssertionError(self.device.info.reason)

    def lease(self, **changes: Any) -> None:
        """Send the next lease; see `next_lease`."""
        self.hear(topics.LEASE, self.next_lease(**changes))

    def next_lease(self, **changes: Any) -> Lease:
        """Return the next lease, of a second; times in `changes` count from now."""
        self._n_leases += 1
        now_us = self.now_us + AHEAD_US
        for name in ("issued_us", "armed_us"):
            if name in changes:
                changes[name] += now_us
        made = Lease(
            session=SESSION,
            lease_seq=self._n_leases,
            issued_us=now_us - _TRAVEL_US,
            valid_us=1_000_000,
            armed_us=AHEAD_US + 1_500,
            simulated=True,
        )
        return msgspec.structs.replace(made, **changes)

    def make(self, amount_ma: float | None, **changes: Any) -> Command:
        """Return the next command; times in `changes` count from now."""
        self._n_commands += 1
        now_us = self.now_us + AHEAD_US
        for name in ("issued_us", "expires_us", "fire_at_us"):
            if changes.get(name) is not None:
                changes[name] += now_us
        made = Command(
            session=SESSION,
            seq=self._n_commands,
            kind="amplitude",
            channel="STN_L_13",
            program="adbs",
            onset_us=now_us - 20_000,
            issued_us=now_us - _TRAVEL_US,
            expires_us=now_us + 100_000,
            reason=Reason(detector="beta", value=1.5, threshold=1.0, policy="adbs"),
            simulated=True,
            amplitude_ma=amount_ma,
        )
        return msgspec.structs.replace(made, **changes)

    def command(self, amount_ma: float | None, **changes: Any) -> Command:
        """Send a command, which must be done."""
        made = self.make(amount_ma, **changes)
        self.ask(made, None)
        return made

    def refused(self, word: str, amount_ma: float | None = 1.0, **changes: Any) -> Command:
        """Send a command, which must be refused in this word."""
        made = self.make(amount_ma, **changes)
        self.ask(made, word)
        return made

    def ask(self, command: Command, word: str | None) -> None:
        """Send a command, and check the reason in its one answer."""
        self.hear(topics.COMMAND, command)
        answers = [each.refused for each in self.said if isinstance(each, Ack)]
        if answers[-1:] != [word]:
            raise AssertionError(f"expected {word}, found {answers}")

    def stop(self, request_id: str = "stop-1") -> None:
        """Send a stop."""
        self.hear(topics.STOP, Stop(request_id=request_id, operator="anna", reason="test"))

    def hear(
        self,
        topic: Topic,
        message: Wire | bytes,
        *,
        retained: bool = False,
        signed: bool = True,
        payload: bytes | None = None,
    ) -> None:
        """Let the device hear a message now, and end the step."""
        address = topic.at(rig=RIG, device="stn")
        body = message if isinstance(message, bytes) else to_payload(message)
        ring = self._stop_ring if topic is topics.STOP else self._ring
        sealed = (ring.seal(address, body) if signed else body) if payload is None else payload
        heard = self.topics.read(address, sealed, retained=retained)
        self.said = []
        if heard is not None:
            self._take(self.device.hear(heard.message, self.now_us, verified=heard.verified))
        self._end_step({"topic": address, "payload": sealed.decode(), "retained": retained})

    def sealed(self, message: Wire, topic: Topic) -> bytes:
        """Return the payload of a message as it is signed for a topic."""
        return self._ring.seal(topic.at(rig=RIG, device="stn"), to_payload(message))

    def unanswered(self, topic: Topic, message: Wire | bytes, **how: Any) -> None:
        """Send a message that the device must neither answer nor act on."""
        before = (self.device.state, self.device.applied)
        self.hear(topic, message, **how)
        after = (self.device.state, self.device.applied)
        if after != before or any(isinstance(each, Ack) for each in self.said):
            raise AssertionError(f"expected nothing, found {self.said}, {before}, {after}")

    def is_now(self, state: str, amount: float) -> None:
        """Check what the device says and gives against the case."""
        if (self.device.state, round(self.device.applied, 6)) != (state, amount):
            raise AssertionError(f"found {self.device.state} at {self.device.applied}")

    # Time.

    def look(self) -> None:
        """Let the device read its clock now, and end the step."""
        self.said = []
        self.tick()
        self._end_step(None)

    def tick(self) -> None:
        """Let the device read its clock now."""
        self._take(self.device.tick(self.now_us))

    def pass_us(self, passed_us: int) -> None:
        """Let time pass, in which the device ticks."""
        until_us = self.now_us + passed_us
        while self.now_us + _TICK_US < until_us:
            self.now_us += _TICK_US
            self._take(self.device.tick(self.now_us))
        self.now_us = until_us

    def hold(self, passed_us: int) -> None:
        """Let time pass under leases that are renewed."""
        while passed_us > 0:
            self.lease()
            self.pass_us(min(passed_us, 500_000))
            passed_us -= 500_000

    def _take(self, said: tuple[FromDevice, ...]) -> None:
        for each in said:
            self.said.append(each)
            self.published.append(self.topics.write(each))
            if isinstance(each, Ack):
                self._answers.append(each)
            elif isinstance(each, ClockRequest):
                self._requests.append(each)
            else:
                self._state = each.state

    def _end_step(self, heard: dict[str, Any] | None) -> None:
        answers, self._answers = self._answers, []
        self.steps.append(
            {
                "at_us": self.now_us,
                "hears": heard,
                "answers": [_expected(each) for each in answers],
                "asks": [] if self.steps else [_asked(each) for each in self._requests],
                "gives": round(self.device.applied, 6),
                "state": self._state,
            }
        )


def _expected(ack: Ack) -> dict[str, Any]:
    """Return what an answer has to say: every field but its own number, defaults left out."""
    plain: dict[str, Any] = msgspec.to_builtins(ack)
    usual = {"request_id": None, "seq": None, "applied_level": None, "verified": True}
    own = {"word", "instance"}
    return {
        name: round(value, 6) if isinstance(value, float) else value
        for name, value in plain.items()
        if name not in own and not (name in usual and value == usual[name])
    }


def _asked(request: ClockRequest) -> dict[str, Any]:
    return {"request_seq": request.request_seq, "sent_us": request.sent_us, "nonce": request.nonce}
