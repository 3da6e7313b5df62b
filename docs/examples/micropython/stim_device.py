"""A device of a stimloop rig, in what MicroPython has: every rule, without network and clock.

`main.py` puts it on a network. Its words for the rules are those of the contract, asyncapi.yaml.
"""

import json

from stim_clock import ServiceClocks
from stim_counts import Counts
from stim_messages import COMMAND, LEASE, REPLY, STOP, fits
from stim_output import Output
from stim_signing import opened, seal
from stim_tenancy import VALID_US_MAX, Tenancy
from stim_triggers import Triggers

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
    store, fire : callable
        Store a session, before anybody is told of it; give one trigger.
    """

    def __init__(self, table, rig, instance, new_nonce, keys=None, newest_session="",
                 store=None, fire=None) -> None:  # fmt: skip  # noqa: ANN001
        limits = table["limits"]
        self.is_level = table.get("safe_ma") is None
        self.counts = Counts(table)
        self.highest = limits["level_max"] if self.is_level else limits["amplitude_ma_max"]
        slew = limits["level_slew_per_s_max" if self.is_level else "slew_ma_per_s_max"]
        self.safe_program = table.get("safe_program", "")
        self.output = Output(self.counts.safe, self.safe_program, slew)
        self.tenancy = Tenancy(newest_session)
        self.clocks = ServiceClocks(new_nonce)
        self.triggers = Triggers(limits, fire)
        self._table = table
        self._stop_amount = table.get("stop_level" if self.is_level else "stop_ma") or 0.0
        self._root = "stimloop/" + rig + "/device/" + table["id"] + "/"
        self._stop_topic = "stimloop/" + rig + "/stop"
        self.client_id = "stimloop-device-" + rig + "-" + table["id"]
        self._keys = keys or {"to": None, "from": None, "stop": None}
        self._instance = instance
        self._store = store
        self._word = 0
        self._reason = "switched on"
        self._newest_seq = self._last_seq = 0
        self._done = []
        self._now_us = None
        self._said = []
        self._told = ("safe", "switched on")
        self._told_amount = (self.output.amount, self.output.program)
        self._report_due_us = 0
        self._reported_clock = ""
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
        return self._published("info", self._info(0, "offline", "the connection was lost"))

    def describe(self) -> list:
        """Return its description of itself: to be published at each connection."""
        self._said = []
        self._say_info()
        return self._said

    def tick(self, now_us: int) -> list:
        """Let time pass: to be called every few milliseconds, in a clock that never goes back."""
        self._said = []
        self._pass_time(now_us)
        asked = self.clocks.request(now_us, self._instance)
        if asked is not None:
            self._said.append(self._published("clock/request", asked))
        self._say_news()
        return self._said

    def hear(self, topic: str, payload: bytes, retained: bool, now_us: int) -> list:  # noqa: FBT001
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
                if self.tenancy.may_tell_time(message["session"]):
                    self.clocks.learn(message, now_us)
                    if self.clocks.heard > self._reported_clock:
                        self._report_due_us = now_us
        self._say_news()
        return self._said

    # What it does by itself.

    def _pass_time(self, now_us: int) -> None:
        if self._now_us is None:
            self._now_us = now_us
            self.tenancy.begin(now_us)
        was_live, began_us = self.state == "live", self._now_us
        while self._now_us < now_us:
            until_us, end_us = min(now_us, self._now_us + _LOOK_US), self.tenancy.end_us
            if end_us is not None:
                until_us = max(self._now_us, min(until_us, end_us))
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
        self._fire_due()

    def _advance(self, until_us: int) -> None:
        before, program = self.output.amount, self.output.program
        self.output.advance(until_us - self._now_us)
        highest = max(before, self.output.amount)
        self.counts.count(highest, program, self._now_us, until_us)
        self._now_us = until_us

    def _go_safe(self, reason: str) -> None:
        self.tenancy.end_us = None
        self.output.go(self.counts.safe, self.safe_program)
        self._reason = reason

    def _keep_limits(self) -> None:
        """Go down while the way down still fits within charge and time above safe."""
        limit = self.counts.limit(self.output.peak(_LOOK_US), self.output.program, self._now_us)
        if limit is None:
            return
        if self.state == "live":
            self._go_safe("its " + limit + " limit is reached")
        elif self.state == "stopped" and self.output.amount > 0.0:
            self.output.go(min(self.output.amount, self.counts.safe), self.safe_program)

    def _fire_due(self) -> None:
        if not self.triggers.waiting:
            return
        clock = self.clocks.time_of(self.tenancy.session, self._now_us)
        if self.state != "live" or clock is None:
            self._drop("lease" if self.state != "live" else "clock")
            return
        service_us = self._now_us + clock[0]
        for command in self.triggers.take_due(service_us):
            refused = self._trigger_refusal(command)
            if service_us >= command["expires_us"]:
                refused = "expired"
            if refused is None:
                amount = _amount_of(command)
                self.triggers.give(amount, command["program"], self._now_us)
                self.counts.count_pulse(amount, command["program"])
                self._note_done(command["seq"])
            self._answer(command, refused)

    # What it hears.

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
        self.tenancy.stop(self._now_us)
        self.output.jump(min(self.output.amount, self._stop_amount))
        self._drop("stopped")
        answered_us = self._stop_answered_us
        is_flood = answered_us is not None and self._now_us < answered_us + _SECOND_US
        if is_flood and not verified and not is_change:
            return
        if not verified:
            self._stop_answered_us = self._now_us
        text = "stop by " + stop["operator"] + ": " + stop["reason"]
        self._reason = text[:300] + ("" if verified else " (not verified)")
        ack = self._ack(self.tenancy.session or "", None)
        ack["request_id"], ack["verified"] = stop["request_id"], verified
        self._said.append(self._published("ack", ack))

    def _hear_lease(self, lease: dict) -> None:
        tenancy, was_live = self.tenancy, self.state == "live"
        clock = self.clocks.time_of(lease["session"], self._now_us)
        refused = tenancy.refusal(lease, self._now_us, clock, self._table["simulated"])
        if refused is None and not was_live:
            if tenancy.is_stopped:
                tenancy.is_stopped = False
                tenancy.armed_us = lease["armed_us"]
            self.output.go(self.counts.safe, self.safe_program)
            if self.output.is_moving():
                refused = "on the way to the safe amount"
            elif self.counts.is_spent(self.highest, self._now_us):
                refused = "no budget left"
        if refused is not None:
            if not was_live and refused != "stopped":
                self._reason = "lease refused: " + refused
            return
        if lease["session"] != tenancy.session:
            self._newest_seq = self._last_seq = 0
            self._done = []
        is_new = lease["session"] != tenancy.newest_session
        tenancy.grant(lease, clock)
        self._reason = "leased"
        if is_new and self._store is not None:
            self._store(lease["session"])

    def _hear_command(self, command: dict) -> None:
        if command["session"] == self.tenancy.session and command["seq"] in self._done:
            self._answer(command, None)
            return
        if self.triggers.is_waiting(command):
            return
        refused = self._refusal(command)
        if refused is not None:
            self._answer(command, refused)
            return
        self._newest_seq = command["seq"]
        if command["kind"] == "trigger":
            self.triggers.waiting.append(command)
            self._fire_due()
            return
        program = command["program"]
        if program in self._table.get("programs", {}):
            self.output.program = program
        else:
            program = self.output.program
        self.output.go(_amount_of(command), program)
        self._last_seq = command["seq"]
        self._note_done(command["seq"])
        self._drop("dropped")
        self._answer(command, None)

    # Why not: the order is that of the contract, and the first counts.

    def _refusal(self, command: dict) -> str | None:  # noqa: PLR0911
        if self.tenancy.is_stopped:
            return "stopped"
        if command["session"] != self.tenancy.session:
            return "session"
        if self.tenancy.end_us is None:
            return "lease"
        if command["seq"] <= self._newest_seq:
            return "order"
        if command["simulated"] != self._table["simulated"]:
            return "simulated"
        amount, other = command.get("amplitude_ma"), command.get("level")
        if self.is_level:
            amount, other = other, amount
        if amount is None or other is not None:
            return "unit"
        if not 0.0 <= amount <= self.highest:
            return "limit"
        programs = self._table.get("programs", {})
        if programs and command["program"] not in programs:
            return "program"
        return self._time_refusal(command) or self._now_refusal(command, amount)

    def _time_refusal(self, command: dict) -> str | None:
        clock = self.clocks.time_of(command["session"], self._now_us)
        if clock is None:
            return "clock"
        issued_us, expires_us = command["issued_us"], command["expires_us"]
        if expires_us - issued_us > VALID_US_MAX or issued_us < self.tenancy.armed_us:
            return "validity"
        service_us = self._now_us + clock[0]
        if issued_us > service_us + clock[1]:
            return "clock"
        if expires_us <= service_us + clock[1]:
            return "expired"
        fire_at_us = command.get("fire_at_us")
        if fire_at_us is not None and not service_us - clock[1] <= fire_at_us < expires_us:
            return "expired"
        return None

    def _now_refusal(self, command: dict, amount: float) -> str | None:
        if self._is_program_held(command["program"]):
            return "program"
        if command["kind"] == "trigger":
            if command.get("fire_at_us") is None:
                return self._trigger_refusal(command)
            return "triggers" if self.triggers.is_full() else None
        is_dearer = command["program"] != self.output.program and amount > 0.0
        if amount <= self.output.amount and not is_dearer:
            return None
        peak = self.output.peak_at_once(amount)
        return self.counts.limit(peak, command["program"], self._now_us)

    def _trigger_refusal(self, command: dict) -> str | None:
        if self._is_program_held(command["program"]):
            return "program"
        return self.triggers.refusal(self._now_us) or self.counts.limit_of_pulse(
            _amount_of(command),
            command["program"],
            self.output.peak(_LOOK_US),
            self.output.program,
            self._now_us,
        )

    def _is_program_held(self, program: str) -> bool:
        """Return whether a program may not be changed to now: above 0, to other contacts."""
        programs, present = self._table.get("programs", {}), self.output.program
        if program == present or self.output.amount == 0.0 or not programs:
            return False
        contacts = programs[program].get("contacts", "")
        return not contacts or contacts != programs[present].get("contacts", "")

    # What it says.

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
        clock = self.clocks.time_of(self.tenancy.session or self.clocks.heard, self._now_us)
        stamp_us = 0 if clock is None else self._now_us + clock[0]
        ack = self._words()
        ack["session"], ack["refused"] = session, refused
        ack["received_us"] = ack["applied_us"] = stamp_us
        self._told_amount = (self.output.amount, self.output.program)
        return ack

    def _say_info(self) -> None:
        self._told = (self.state, self._reason)
        self._told_amount = (self.output.amount, self.output.program)
        self._word += 1
        self._said.append(self._published("info", self._info(self._word, self.state, self._reason)))

    def _say_news(self) -> None:
        """Say a change of state at once, and what it gives each second and where it arrived."""
        amount = (self.output.amount, self.output.program)
        has_arrived = not self.output.is_moving() and amount != self._told_amount
        if (self.state, self._reason) != self._told or (has_arrived and self.state != "live"):
            self._say_info()
        if has_arrived or self._now_us >= self._report_due_us:
            self._report_due_us = self._now_us + _SECOND_US
            self._told_amount = amount
            self._said.append(self._published("state", self._status()))

    def _status(self) -> dict:
        status = self._words()
        session = self.tenancy.session if self.state == "live" else self.clocks.heard
        clock = self.clocks.time_of(session, self._now_us)
        status["session"], status["state"] = self.tenancy.newest_session or None, self.state
        status["charge_uc"], status["on_s"] = self.counts.charge_uc(), self.counts.on_s()
        status["counted_since_s"] = self._now_us / 1e6
        status["said_us"] = 0
        if clock is not None:
            self._reported_clock = max(self._reported_clock, session)
            status["said_us"] = self._now_us + clock[0]
            status["said_uncertainty_us"], status["said_clock"] = clock[1], session
            status["clock_asked_us"] = self.clocks.asked_us(session)
        return status

    def _words(self) -> dict:
        """Return what every answer and report holds, with the next number."""
        self._word += 1
        return {
            "instance": self._instance,
            "word": self._word,
            "last_seq": self._last_seq,
            "program": self.output.program,
            "applied_level" if self.is_level else "applied_ma": self.output.amount,
        }

    def _info(self, word: int, state: str, reason: str) -> dict:
        table, limits = self._table, self._table["limits"]
        info = {
            "device": table["id"],
            "instance": self._instance,
            "word": word,
            "state": state,
            "reason": reason,
            "last_seq": self._last_seq,
            "session": self.tenancy.newest_session or None,
            "simulated": table["simulated"],
            "firmware": "micropython example 1",
            "programs": list(table.get("programs", {})),
            "safe_program": self.safe_program,
            "program": self.output.program,
            "off_when_unpowered": True,
            "limits": {
                "triggers_per_s_max": limits["triggers_per_min_max"] / 60.0,
                "on_time_s_max": limits["on_time_s_max"],
            },
        }
        for name in ("amplitude_ma_max", "slew_ma_per_s_max", "charge_uc_per_10_min_max",
                     "level_max", "level_slew_per_s_max"):  # fmt: skip
            if limits.get(name) is not None:
                info["limits"][name] = limits[name]
        unit = "level" if self.is_level else "ma"
        info["safe_" + unit] = self.counts.safe
        info["stop_" + unit] = self._stop_amount
        info["applied_" + unit] = self.output.amount
        if table.get("amount_tolerance") is not None:
            info["amount_tolerance"] = table["amount_tolerance"]
        return info

    def _published(self, kind: str, message: dict) -> tuple:
        topic = self._root + kind
        body = json.dumps(message).encode()
        is_info = kind == "info"
        qos = 1 if kind in ("info", "ack") else 0
        return topic, seal(self._keys["from"], topic, body), qos, is_info


def _amount_of(command: dict) -> float:
    amount = command.get("amplitude_ma")
    return command["level"] if amount is None else amount
