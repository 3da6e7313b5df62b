"""Gathers the explanation of one device, at one command or at a moment without one."""

from collections.abc import Sequence
from typing import NamedTuple

from replay.explanation.entries import OFTEN, Entry
from replay.explanation.explained import (
    Answer,
    Bind,
    Explanation,
    GateStep,
    Rule,
    SentCommand,
    Wanted,
)
from replay.explanation.gate_steps import binds_of, conditions, limits_asked
from replay.explanation.reasons import why_nothing, why_sent
from replay.explanation.rules import rule_of
from replay.explanation.scan import Scan
from replay.explanation.series import amount_of, amounts_of, features_of, samples_of
from replay.explanation.witness import Kept, RigBefore, Witness
from stimulators.decisions import Send
from stimulators.targets import Target
from stimulators.wire.messages import Ack, Command
from stimulators.wire.received import AckHeard


class Focus(NamedTuple):
    """A device and a moment.

    Parameters
    ----------
    device : str
        The device.
    record : int
        The record after which things are looked at.
    since_s, until_s : float
        The moment, in seconds since the session began.
    seq : int or None
        The command that is explained; None where none was sent.
    """

    device: str
    record: int
    since_s: float
    until_s: float
    seq: int | None


class Looked:
    """Gathers the explanation of a device and moment while a witness reads the journal.

    Parameters
    ----------
    found : Scan
        A first look at the journal.
    at : Focus
        What is looked at.
    window_s : float
        How much is told of the time before and after.
    witness : Witness
        Goes on one record before each `take`.
    """

    def __init__(self, found: Scan, at: Focus, window_s: float, witness: Witness) -> None:
        self._found = found
        self._at = at
        self._window_s = window_s
        self._witness = witness
        self._device = witness.loop.gate.devices[at.device]
        self._wiring = next((w for w in witness.loop.wirings if at.device in w.devices), None)
        self._rig = RigBefore("idle", "", None)
        self._kept: list[Kept] = []
        self._at_first: tuple[float, float] | None = None
        self._said: list[Entry] = []
        self._why: tuple[str, ...] = ()
        self._command: Command | None = None
        self._target: Target | None = None
        self._steps: tuple[GateStep, ...] = ()
        self._binds: tuple[Bind, ...] = ()
        self._ack: Ack | None = None
        self._answer: Answer | None = None
        self._heard_s = 0.0

    def take(self, number: int, since_s: float, kept: Kept | None, said: Sequence[Entry]) -> None:
        """Take in the newest record of the witness, and its entries."""
        at = self._at
        if at.since_s - self._window_s <= since_s <= at.until_s + self._window_s:
            self._said += [
                each for each in said if each.kind not in OFTEN and each.device in {"", at.device}
            ]
        if number == at.record:
            self._kept = list(self._witness.kept)
            self._at_first = self._witness.amounts.get(at.device)
            self._look()
        elif number > at.record and kept is not None:
            self._kept.append(kept)
            self._hear_answer(kept)

    def explanation(self, warnings: tuple[str, ...]) -> Explanation:
        """Return all that was gathered."""
        at, times, loop = self._at, self._found.times, self._witness.loop
        began_s = times.began_s
        kept = [each for each in self._kept if each.since_s >= at.since_s - self._window_s]
        is_current = self._device.unit == "ma"
        wiring = self._wiring
        return Explanation(
            session=self._found.header.session,
            device=at.device,
            unit="mA" if is_current else "",
            times=times,
            since_s=at.since_s,
            until_s=at.until_s,
            window_s=self._window_s,
            command=self._sent(),
            why=self._why,
            state=self._rig.state,
            state_reason=self._rig.reason,
            state_since_s=self._rig.since_s,
            data=() if wiring is None else samples_of(kept, loop, wiring, began_s),
            features=() if wiring is None else features_of(kept, loop, wiring, began_s),
            rule=self._rule(),
            wanted=self._wanted(),
            steps=self._steps,
            binds=self._binds,
            answer=self._answer,
            latencies_ms=self._latencies_ms(),
            amounts=amounts_of(self._kept, at.device, self._at_first, began_s),
            happened=tuple(self._said),
            warnings=warnings,
        )

    def _look(self) -> None:
        """Read the state of the loop right after the moment."""
        witness, at = self._witness, self._at
        kept = self._kept[-1] if self._kept else None
        self._rig = witness.rig
        if at.seq is not None and kept is not None:
            self._command = next(
                each.message
                for each in kept.outcome.decisions
                if isinstance(each, Send)
                and isinstance(each.message, Command)
                and each.message.seq == at.seq
            )
        command = self._command
        if command is None:
            self._target = self._newest_target()
        elif command.reason.policy:
            self._target = self._target_of(command)
        self._steps = tuple(self._asked(witness.rig.state))
        self._binds = binds_of(witness.told.get(at.device))
        sent = self._sent()
        if sent is not None:
            self._why = tuple(why_sent(witness, self._device, sent, self._wanted()))
        else:
            now_s = at.until_s + self._found.times.began_s if kept is None else kept.record.now_s
            self._why = tuple(why_nothing(witness, self._device, since_s=at.since_s, now_s=now_s))

    def _newest_target(self) -> Target | None:
        """Return the target of now, or the last one; a trigger only if it is of the moment."""
        wish = self._witness.wishes.get(self._at.device)
        wanted = [
            each
            for step in self._kept
            for each in step.outcome.targets
            if each.device == self._at.device
        ]
        newest = wanted[-1] if wanted else wish
        if newest is not None and newest.kind == "trigger":
            is_of_moment = newest.time_s - self._found.times.began_s >= self._at.since_s
            return newest if is_of_moment else None
        return newest

    def _target_of(self, command: Command) -> Target | None:
        """Return the target that a command follows."""
        wish = self._witness.wishes.get(self._at.device)
        if command.kind == "amplitude":
            return wish
        step = self._kept[-1]
        triggers = [each for each in step.outcome.targets if each.device == self._at.device]
        onset_us = command.onset_us
        return next((each for each in triggers if round(each.onset_s * 1e6) == onset_us), wish)

    def _asked(self, state: str) -> list[GateStep]:
        """Return the gate's checks of the newest step towards the target, in order."""
        target = self._target
        decided_s = next(
            (each.record.now_s for each in reversed(self._kept) if target in each.outcome.targets),
            None,
        )
        timing = self._witness.config.gate
        is_shadow = getattr(self._witness.loop.gate, "stage", "closed") == "shadow"
        # What the gate sends by itself is not checked against the limits.
        is_own = self._command is not None and not self._command.reason.policy
        steps = (
            []
            if is_own
            else list(conditions(state, target, decided_s, timing, is_shadow=is_shadow))
        )
        of_moment = [each for each in self._kept if each.since_s >= self._at.since_s]
        for step in reversed(of_moment):
            answered = [
                each
                for each in step.answered
                if each.device == self._at.device and each.asked.kind != "target"
            ]
            if answered:
                return [*steps, *limits_asked(answered[-1], self._device)]
        return steps

    def _hear_answer(self, kept: Kept) -> None:
        event, at = kept.event, self._at
        if self._answer is not None or at.seq is None or not isinstance(event, AckHeard):
            return
        ack = event.message
        if event.device == at.device and ack.seq == at.seq:
            self._ack, self._heard_s = ack, kept.record.now_s
            self._answer = Answer(
                record=kept.record.number,
                since_s=kept.since_s,
                refused=ack.refused,
                amount=ack.applied_level if ack.applied_ma is None else ack.applied_ma,
            )

    def _sent(self) -> SentCommand | None:
        command, began_s = self._command, self._found.times.began_s
        if command is None:
            return None
        return SentCommand(
            seq=command.seq,
            record=self._at.record,
            kind=command.kind,
            amount=amount_of(command),
            program=command.program,
            since_s=command.issued_us / 1e6 - began_s,
            expires_s=command.expires_us / 1e6 - began_s,
            fire_at_s=None if command.fire_at_us is None else command.fire_at_us / 1e6 - began_s,
            by=command.reason.policy,
        )

    def _rule(self) -> Rule | None:
        wiring, began_s = self._wiring, self._found.times.began_s
        if wiring is None:
            return None
        tables = self._witness.config.policies
        table = next(each for each in tables if each.id == wiring.policy.id)
        return rule_of(table, self._target, began_s)

    def _wanted(self) -> Wanted | None:
        target = self._target
        if target is None:
            return None
        return Wanted(
            kind=target.kind,
            amount=target.amount,
            program=target.program,
            sample=target.sample,
            since_s=target.time_s - self._found.times.began_s,
            is_withheld=target.withheld,
        )

    def _latencies_ms(self) -> dict[str, float]:
        """Return the delays from each stage to the next, as far as the journal has their times."""
        command, target, ack = self._command, self._target, self._ack
        if command is None:
            return {}
        issued_s = command.issued_us / 1e6
        found: dict[str, float] = {}
        if target is not None:
            found["sample_to_command"] = issued_s - target.time_s
        if ack is not None and ack.received_us:
            found["command_to_device"] = ack.received_us / 1e6 - issued_s
            if ack.applied_us:
                found["device_to_applied"] = (ack.applied_us - ack.received_us) / 1e6
        if ack is not None:
            found["command_to_answer"] = self._heard_s - issued_s
        return {name: round(1e3 * seconds, 4) for name, seconds in found.items()}
