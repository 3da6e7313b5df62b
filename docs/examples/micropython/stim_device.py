"""A device of a stimloop rig for MicroPython: every rule, without network and clock.

`main.py` puts it on a network. Its words for the rules are those of the contract, asyncapi.yaml.
"""

import json

from stim_clock import ServiceClocks
from stim_counts import Counts
from stim_messages import COMMAND, LEASE, REPLY, STOP, fits
from stim_output import Output
from stim_refusals import amount_of, exactness_refusal, refusal, trigger_refusal
from stim_signing import opened, seal
from stim_tenancy import Tenancy
from stim_triggers import Triggers
from stim_words import info, status, words

_LOOK_US = 10_000
_STEP_US_MAX = 1_000_000
_SECOND_US = 1_000_000
_N_DONE = 64


class Device:
    """One device.

    `tick` and `hear` return what is to be published, in order: (topic, payload, qos, retain).

    Parameters
    ----------
    table : dict
        The device's table of the rig's file, as JSON has it.
    rig, instance : str
        The rig's name; a random name of this boot.
    new_nonce : callable
        Gives a text that nobody can guess.
    keys : dict or None
        By "to", "from" and "stop", each with "id" and "secret"; None where the rig does not sign.
    newest_session : str
        The newest session that was stored.
    store, fire, cut : callable
        Store a session, before anybody is told of it; give one trigger; end what it still gives.
    """

    def __init__(
        self,
        table,
        rig,
        instance,
        new_nonce,
        keys=None,
        newest_session="",
        store=None,
        fire=None,
        cut=None,
    ) -> None:
        limits = table["limits"]
        self.is_level = table.get("safe_ma") is None
        self.counts = Counts(table)
        self.highest = limits["level_max"] if self.is_level else limits["amplitude_ma_max"]
        slew = limits["level_slew_per_s_max" if self.is_level else "slew_ma_per_s_max"]
        self.safe_program = table.get("safe_program", "")
        self.output = Output(self.counts.safe, self.safe_program, slew)
        self.tenancy = Tenancy(newest_session)
        self.clocks = ServiceClocks(new_nonce)
        self.triggers = Triggers(limits, fire, cut)
        self.table = table
        self.stop_amount = table.get("stop_level" if self.is_level else "stop_ma") or 0.0
        self._root = "stimloop/" + rig + "/device/" + table["id"] + "/"
        self._stop_topic = "stimloop/" + rig + "/stop"
        self.client_id = "stimloop-device-" + rig + "-" + table["id"]
        self._keys = keys or {"to": None, "from": None, "stop": None}
        self.instance = instance
        self._store = store
        self.word = 0
        self._reason = "switched on"
        self.newest_seq = self.last_seq = 0
        self._done = []
        self.now_us = None
        self._said = []
        self._told = ("safe", "switched on")
        self._told_amount = (self.output.amount, self.output.program)
        self._report_due_us = 0
        self.reported_clock = ""
        self._stop_answered_us = None

    @property
    def given(self) -> float:
        """The amount that it gives now, in its unit."""
        return self.output.amount

    @property
    def state(self) -> str:
        """Its state, in the contract's word."""
        if self.tenancy.is_stopped:
            return "stopped"
        return "safe" if self.tenancy.end_us is None else "live"

    def subscriptions(self) -> list:
        """Return the topics to subscribe to, with QoS."""
        own = [("command", 1), ("lease", 0), ("clock/reply", 0)]
        return [(self._root + each, qos) for each, qos in own] + [(self._stop_topic, 1)]

    def will(self) -> tuple:
        """Return the Last Will, to be handed to the broker with each connection."""
        return self._published("info", info(self, 0, "offline", "the connection was lost"))

    def describe(self) -> list:
        """Return its description of itself: to be published at each connection."""
        self._said = []
        self._say_info()
        return self._said

    def tick(self, now_us: int) -> list:
        """Let time pass: to be called every few milliseconds, in a clock that never goes back."""
        self._said = []
        self._pass_time(now_us)
        asked = self.clocks.request(now_us, self.instance)
        if asked is not None:
            self._said.append(self._published("clock/request", asked))
        self._say_news()
        return self._said

    def hear(self, topic: str, payload: bytes, retained: bool, now_us: int) -> list:
        """Act on a message; `retained` where the broker had kept it."""
        self._said = []
        self._pass_time(now_us)
        if topic == self._stop_topic:
            self._hear_stop(payload)
        elif not retained:
            body, verified = opened(self._keys["to"], topic, payload)
            try:
                message = json.loads(body) if verified else None
            except (ValueError, UnicodeError):
                message = None
            if topic == self._root + "command" and fits(message, COMMAND):
                self._hear_command(message)
            elif topic == self._root + "lease" and fits(message, LEASE):
                self._hear_lease(message)
            elif topic == self._root + "clock/reply" and fits(message, REPLY):
                self._hear_reply(message)
        self._say_news()
        return self._said

    def lose_link(self) -> None:
        """End all triggers, those that wait and one that lasts: nobody could any more."""
        self._said = []
        self._drop("dropped")

    # What the device does by itself.

    def _pass_time(self, now_us: int) -> None:
        if self.now_us is None:
            self.now_us = now_us
            self.tenancy.begin(now_us)
        was_live, began_us = self.state == "live", self.now_us
        while self.now_us < now_us:
            until_us, end_us = min(now_us, self.now_us + _LOOK_US), self.tenancy.end_us
            if end_us is not None:
                until_us = max(self.now_us, min(until_us, end_us))
            self._advance(until_us)
            if end_us is not None and end_us <= until_us:
                self._go_safe("the lease ended")
            self._keep_limits()
        if now_us - began_us > _STEP_US_MAX:
            self.clocks.forget()
            if self.tenancy.is_stopped:
                self.tenancy.stop(now_us)
            else:
                self._go_safe("its own clock went forward")
        if was_live and self.state != "live":
            self._say_info()
            self._drop("lease")
        self._fire_due()

    def _advance(self, until_us: int) -> None:
        before, program = self.output.amount, self.output.program
        self.output.advance(until_us - self.now_us)
        highest = max(before, self.output.amount)
        self.counts.count(highest, program, self.now_us, until_us)
        self.now_us = until_us

    def _go_safe(self, reason: str) -> None:
        self.tenancy.end_us = None
        self.output.go(self.counts.safe, self.safe_program)
        self._reason = reason

    def _keep_limits(self) -> None:
        """Go down while the way down still fits within charge and time above safe."""
        limit = self.counts.limit(self.output.peak(_LOOK_US), self.output.program, self.now_us)
        if limit is None:
            return
        if self.state == "live":
            self._go_safe("its " + limit + " limit is reached")
        elif self.state == "stopped" and self.output.amount > 0.0:
            self.output.go(min(self.output.amount, self.counts.safe), self.safe_program)

    def _fire_due(self) -> None:
        if not self.triggers.waiting:
            return
        clock = self.clocks.time_of(self.tenancy.session, self.now_us)
        if self.state != "live" or clock is None:
            self._drop("lease" if self.state != "live" else "clock")
            return
        service_us = self.now_us + clock[0]
        for command in self.triggers.take_due(service_us):
            refused = exactness_refusal(self, command) or trigger_refusal(self, command)
            if service_us >= command["expires_us"]:
                refused = "expired"
            if refused is None:
                amount = amount_of(command)
                self.triggers.give(amount, command["program"], self.now_us)
                self.counts.count_trigger(amount, command["program"])
                self._note_done(command["seq"])
            self._answer(command, refused)

    # The messages that the device receives.

    def _hear_stop(self, payload: bytes) -> None:
        body, verified = opened(self._keys["stop"], self._stop_topic, payload)
        if not body:
            return
        try:
            stop = json.loads(body)
        except (ValueError, UnicodeError):
            stop = None
        if not fits(stop, STOP):
            stop = {"request_id": "", "operator": "somebody", "reason": "not readable"}
        is_change = not self.tenancy.is_stopped
        self.tenancy.stop(self.now_us)
        self.output.jump(min(self.output.amount, self.stop_amount))
        self._drop("stopped")
        answered_us = self._stop_answered_us
        is_flood = answered_us is not None and self.now_us < answered_us + _SECOND_US
        if is_flood and not verified and not is_change:
            return
        if not verified:
            self._stop_answered_us = self.now_us
        text = "stop by " + stop["operator"] + ": " + stop["reason"]
        self._reason = text[:300] + ("" if verified else " (not verified)")
        ack = self._ack(self.tenancy.session or "", None)
        ack["request_id"], ack["verified"] = stop["request_id"], verified
        self._said.append(self._published("ack", ack))

    def _hear_reply(self, reply: dict) -> None:
        if self.tenancy.may_tell_time(reply["session"]):
            self.clocks.learn(reply, self.now_us)
            if self.clocks.heard > self.reported_clock:
                self._report_due_us = self.now_us

    def _hear_lease(self, lease: dict) -> None:
        tenancy, was_live = self.tenancy, self.state == "live"
        clock = self.clocks.time_of(lease["session"], self.now_us)
        refused = tenancy.refusal(lease, self.now_us, clock, self.table["simulated"])
        if refused is None and not was_live:
            if tenancy.is_stopped:
                tenancy.is_stopped = False
                tenancy.armed_us = lease["armed_us"]
            self.output.go(self.counts.safe, self.safe_program)
            if self.output.is_moving():
                refused = "on the way to the safe amount"
            elif self.counts.is_spent(self.highest, self.now_us):
                refused = "no budget left"
        if refused is not None:
            if not was_live and refused != "stopped":
                self._reason = "lease refused: " + refused
            return
        if lease["session"] != tenancy.newest_session and self._store is not None:
            # Before anything: a session that cannot be stored is not adopted.
            self._store(lease["session"])
        if lease["session"] != tenancy.session:
            self.newest_seq = self.last_seq = 0
            self._done = []
        tenancy.grant(lease, clock)
        self._reason = "leased"

    def _hear_command(self, command: dict) -> None:
        if command["session"] == self.tenancy.session and command["seq"] in self._done:
            self._answer(command, None)
            return
        if self.triggers.is_waiting(command):
            return
        is_newer = command["session"] == self.tenancy.session and command["seq"] > self.newest_seq
        if command["kind"] != "trigger" and is_newer:
            # Refused or not: it may have been sent to end what a trigger still gives.
            self.triggers.end()
        refused = refusal(self, command)
        if refused is not None:
            self._answer(command, refused)
            return
        self.newest_seq = command["seq"]
        if command["kind"] == "trigger":
            self.triggers.waiting.append(command)
            self._fire_due()
            return
        program = command["program"]
        if program in self.table.get("programs", {}):
            self.output.program = program
        else:
            program = self.output.program
        self.output.go(amount_of(command), program)
        self.last_seq = command["seq"]
        self._note_done(command["seq"])
        self._drop("dropped")
        self._answer(command, None)

    # The messages that the device sends.

    def _note_done(self, seq: int) -> None:
        self._done = self._done[1 - _N_DONE :] + [seq]

    def _drop(self, why: str) -> None:
        for command in self.triggers.drop():
            self._answer(command, why)

    def _answer(self, command: dict, refused: str | None) -> None:
        ack = self._ack(command["session"], refused)
        ack["seq"] = command["seq"]
        self._said.append(self._published("ack", ack))

    def _ack(self, session: str, refused: str | None) -> dict:
        clock = self.clocks.time_of(self.tenancy.session or self.clocks.heard, self.now_us)
        stamp_us = 0 if clock is None else self.now_us + clock[0]
        ack = words(self)
        ack["session"], ack["refused"] = session, refused
        ack["received_us"] = ack["applied_us"] = stamp_us
        self._told_amount = (self.output.amount, self.output.program)
        return ack

    def _say_info(self) -> None:
        self._told = (self.state, self._reason)
        self._told_amount = (self.output.amount, self.output.program)
        self.word += 1
        self._said.append(self._published("info", info(self, self.word, self.state, self._reason)))

    def _say_news(self) -> None:
        """Report a change of state at once, and the amount each second and on arrival at a goal."""
        amount = (self.output.amount, self.output.program)
        has_arrived = not self.output.is_moving() and amount != self._told_amount
        if (self.state, self._reason) != self._told or (has_arrived and self.state != "live"):
            self._say_info()
        if has_arrived or self.now_us >= self._report_due_us:
            self._report_due_us = self.now_us + _SECOND_US
            self._told_amount = amount
            self._said.append(self._published("state", status(self)))

    def _published(self, kind: str, message: dict) -> tuple:
        topic = self._root + kind
        body = json.dumps(message).encode()
        is_info = kind == "info"
        qos = 1 if kind in ("info", "ack") else 0
        return topic, seal(self._keys["from"], topic, body), qos, is_info
