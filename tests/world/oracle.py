"""Checks all electrodes of a rig at every step."""

from typing import NamedTuple

from replay.virtual.electrode import Given
from replay.virtual.operator import VirtualOperator
from replay.virtual.service import VirtualService
from replay.virtual.swarm import Swarm
from replay.virtual.world import World
from stimulators.decisions import Refusal, Send, StateChanged
from stimulators.wire.messages import Command, Control
from stimulators.wire.received import ControlHeard
from streamer.closed_loop import Outcome
from streamer.events import Event, StreamChanged, Tick
from tests.world.electrode_oracle import GRAIN_S, ElectrodeOracle, ViolationError

#: Between looks of the device at its clock, and of the service at its timers.
_LOOK_US = 30_000
_CHECK_US = 20_000
#: The longest time between two readings of its clock by a virtual device.
_DEVICE_LOOK_S = 0.0101
_TINY = 1e-6
#: Faults with which a device gives less than it is asked for.
_SHORT = frozenset({"clips", "sticks"})
#: A device that takes no lease for a minute must be reported a little later.
_UNTOLD_US_MAX = 65_000_000
#: The longest time that a device may need for the last step that it was sent.
_STEP_US = 150_000
#: In these states commands are limited; the way to safety is never refused.
_DRIVEN = frozenset({"active", "hold", "paused"})


class _Yes(NamedTuple):
    """An operator's yes: up to which amount, and until when."""

    amount: float
    until_us: int


class Oracle:
    """Watches a world from its start, and raises where a rule is broken.

    Parameters
    ----------
    world : World
        As it begins.
    swarm : Swarm
        Says when the network is quiet.
    tolerance : float
        How far what a device gives may be from what is asked of it.
    is_honest : bool
        Whether all devices say what they give.
    counts_past : bool
        Whether services learn what was given before them.
    """

    def __init__(
        self,
        world: World,
        swarm: Swarm,
        *,
        tolerance: float,
        is_honest: bool = True,
        counts_past: bool = True,
    ) -> None:
        self.world = world
        self.swarm = swarm
        self.is_honest = is_honest
        self.tolerance = tolerance
        self.n_checks = 0
        self._unknown_uc: dict[tuple[str, str], float] = {}
        self.counts_past = counts_past
        self.electrodes = {
            device.id: ElectrodeOracle(device, world.devices[device.id].config, world.now_us)
            for device in world.config.devices
        }
        self._rested_us: dict[str, int] = {}
        self._steady: dict[str, tuple[object, int]] = {}
        self._wished: dict[tuple[str, str], tuple[tuple[float, str], int]] = {}
        self._short_us: dict[str, int] = {}
        self._left_out_us: dict[tuple[str, str], int] = {}
        self._boots: dict[str, dict[str, int]] = {}
        self._n_armed_by_itself: dict[str, int] = {}
        self._was_live: dict[str, bool] = {}
        self._n_leases_over: dict[str, int] = dict.fromkeys(self.electrodes, 0)
        self._armed_us = 0
        self._sender: dict[str, str] = {}
        self._yes: dict[tuple[str, str], _Yes] = {}
        for name, given in world.electrodes.given.items():
            self.electrodes[name].change(given, may_jump=True, is_set=False)
        world.electrodes.watchers.append(self._change)
        world.electrodes.pulse_watchers.append(
            lambda device, pulses: self.electrodes[device].pulse(pulses)
        )
        world.observers.append(self._observe)
        world.judges.append(self._judge)
        world.schedule.after(_CHECK_US, self._check_regularly)

    def _check_regularly(self) -> None:
        self.check()
        self.world.schedule.after(_CHECK_US, self._check_regularly)

    def _change(self, device: str, before: Given, now: Given) -> None:
        state = self.world.devices[device].device.state
        is_stopped, is_live = state == "stopped", state == "live"
        self._n_leases_over[device] += self._was_live.get(device, False) and not is_live
        self._was_live[device] = is_live
        if is_stopped and now.amount > before.amount + _TINY and now.is_powered:
            raise ViolationError(f"{device} was stopped and goes up to {now.amount:g}")
        # A device cannot tell a clock that is set forward a little from time that passes.
        is_set = now.time_us - self.world.devices[device].stepped_us < 2 * _LOOK_US
        self.electrodes[device].change(now, may_jump=is_stopped, is_set=is_set)
        if now.amount > before.amount + _TINY and before.is_powered:
            self._check_who_drives(device, now)
            self._check_stage(device, now)

    def _check_who_drives(self, device: str, now: Given) -> None:
        """Check that driving does not resume on another boot of a device without a new arming."""
        virtual = self.world.devices[device]
        if now.amount <= virtual.config.safe_amount + _TINY:
            return
        boots = self._boots.get(virtual.device.session or "")
        if boots is None:
            raise ViolationError(f"{device} goes up to {now.amount:g} and nobody armed its session")
        if boots[device] != virtual.n_boots:
            raise ViolationError(f"{device} goes up to {now.amount:g} in another boot than armed")

    def _take_yes(self, service: VirtualService, asked: Control, outcome: Outcome) -> None:
        """Note a yes that was granted; one that was refused opens nothing."""
        if not any(isinstance(each, Refusal) for each in outcome.decisions):
            until_us = self.world.now_us + round(self.world.config.rig.confirm_s * 1e6)
            self._yes[service.session, asked.device] = _Yes(asked.amount or 0.0, until_us)

    def _end_yes(self, service: VirtualService) -> None:
        """End every yes with the state that it was said in; a command may be on its way."""
        on_its_way_us = round(self.world.config.gate.command_valid_s * 1e6)
        end_us = self.world.now_us + on_its_way_us
        for key, yes in self._yes.items():
            if key[0] == service.session:
                self._yes[key] = yes._replace(until_us=min(yes.until_us, end_us))

    def _check_stage(self, device: str, now: Given) -> None:
        """Check that nothing rises above the safe amount without a live yes, or in a shadow."""
        stage, safe = self.world.config.rig.stage, self.electrodes[device].config.safe_amount
        if stage == "closed" or now.amount <= safe + self.tolerance + _TINY:
            return
        said = [yes for (_, name), yes in self._yes.items() if name == device]
        highest = max(
            (yes.amount for yes in said if now.time_us <= yes.until_us + _STEP_US), default=0.0
        )
        if stage == "shadow" or now.amount > highest + self.tolerance + _TINY:
            raise ViolationError(f"{device} goes up to {now.amount:g}, and nobody said yes to it")

    def _observe(self, service: VirtualService, event: Event, outcome: Outcome) -> None:
        for each in outcome.decisions:
            if isinstance(each, StateChanged):
                self._end_yes(service)
            if isinstance(each, StateChanged) and each.after == "armed":
                self._arm(service, event)
            elif isinstance(each, Send) and isinstance(each.message, Command):
                self._take_command(service, each.device)
        for name, wish in service.wish.items():
            before = self._wished.get((service.session, name))
            if before is None or before[0] != wish:
                self._wished[service.session, name] = wish, self.world.now_us
        if isinstance(event, ControlHeard) and event.message.action == "confirm":
            self._take_yes(service, event.message, outcome)
        if isinstance(event, Tick):
            self._check_counts(service)
        elif isinstance(event, StreamChanged) and not event.is_same_sender:
            self._check_sender(service)

    def _take_command(self, service: VirtualService, device: str) -> None:
        """Count a command; each service has its own limit a second."""
        if service.state not in _DRIVEN:
            return
        electrode = self.electrodes[device]
        if self._sender.get(device) != service.session:
            self._sender[device] = service.session
            electrode.commands_s.clear()
        electrode.check_commands(service.now_s)

    def _check_sender(self, service: VirtualService) -> None:
        """Check that driving does not go on with samples of another sender."""
        if service.state not in {"idle", "safe"}:
            raise ViolationError(f"another sender, and the rig is {service.state}")

    def _arm(self, service: VirtualService, event: Event) -> None:
        self._armed_us = self.world.now_us
        self._boots[service.session] = {
            name: device.n_boots for name, device in self.world.devices.items()
        }
        is_asked = isinstance(event, ControlHeard) and event.message.action == "arm"
        if is_asked:
            return
        n_before = self._n_armed_by_itself.get(service.session, 0)
        self._n_armed_by_itself[service.session] = n_before + 1
        if self.world.config.rig.arm != "auto" or n_before:
            raise ViolationError("the rig armed and nobody had asked for it")

    def _check_counts(self, service: VirtualService) -> None:
        """Check that the budgets count no less than was given."""
        if not self.is_honest or service is not self.world.service:
            return
        for name, electrode in self.electrodes.items():
            electrode.pass_time(self.world.now_us)
            # What simulated devices gave before the start does not count.
            known_from = 0.0 if self.counts_past else electrode.charge_uc
            before_uc = self._unknown_uc.setdefault((service.session, name), known_from)
            charge_uc, on_s = service.loop.gate.counted(name, service.now_s)
            given_uc = electrode.charge_in_window_uc(self.world.now_us)
            given_uc = min(given_uc, electrode.charge_uc - before_uc)
            if charge_uc < given_uc * (1.0 - 1e-3) - self._slack_uc(electrode):
                raise ViolationError(
                    f"{name} was given {given_uc:.5g} uC, the service counts {charge_uc:.5g}"
                )
            is_break = electrode.off_since_us is not None
            is_driven = service.state in {"active", "hold"} and not is_break
            if is_driven and on_s < electrode.on_s - 1.0:
                raise ViolationError(
                    f"{name} has been on for {electrode.on_s:.4g} s, the service counts {on_s:.4g}"
                )

    def _slack_uc(self, electrode: ElectrodeOracle) -> float:
        """Return how much less may be counted: what the device itself cannot count.

        It looks at its clock every few milliseconds: what passes before the first look after it is
        switched on, or between two looks with a clock that was set back between them, it does not
        know of. Where its lease ends between two looks it counts the way down from then on, and
        this world lets the electrode follow at the look.
        """
        config = electrode.config
        virtual = self.world.devices[config.id]
        dearest = max(map(config.charge_uc_per_s, config.programs), default=0.0)
        boots_uc = virtual.n_boots * config.safe_amount * dearest
        sets_uc = virtual.n_clock_sets * config.amount_max * dearest
        way = virtual.config.slew_per_s_max * (_DEVICE_LOOK_S + GRAIN_S)
        ends_uc = self._n_leases_over[config.id] * way * dearest
        return (boots_uc + sets_uc + ends_uc) * _DEVICE_LOOK_S

    def check(self) -> None:
        """Check all rules at this moment."""
        self.n_checks += 1
        now_us = self.world.now_us
        for name, electrode in self.electrodes.items():
            electrode.pass_time(now_us)
            self._check_lease(name, electrode)
            if self.world.devices[name].misbehaviour.kind in _SHORT:
                self._short_us[name] = now_us
            self._check_wish(name, electrode)
            for service in self.world.running:
                self._check_told(name, service)

    def _check_lease(self, name: str, electrode: ElectrodeOracle) -> None:
        """Check that nothing is given without a lease, but what the slew still needs after it."""
        virtual, gate = self.world.devices[name], self.world.config.gate
        config = virtual.config
        if not virtual.is_on:
            return
        leased_us = max(
            (each.wire.leased_us.get(name, 0) for each in self.world.services), default=0
        )
        over_s = (self.world.now_us - leased_us - _LOOK_US) / 1e6 - gate.lease_s
        ways = 2.0 if len(config.programs) > 1 else 1.0
        owed = ways * config.amount_max - config.slew_per_s_max * over_s
        rest = config.safe_amount
        if virtual.device.state == "stopped":
            rest = max(rest, config.stop_amount)
        pulses_us = self.world.electrodes.pulsing_until_us.get(name, 0) - self.world.now_us
        if pulses_us > 0 and (over_s > 0.0 or virtual.device.state != "live"):
            raise ViolationError(
                f"{name} is {virtual.device.state} and has {pulses_us / 1e6:g} s of pulses to go, "
                "expected none"
            )
        if electrode.given.amount > max(rest, owed) + self.tolerance + _TINY:
            raise ViolationError(
                f"{name} gives {electrode.given.amount:g} {over_s:.3g} s after its newest lease, "
                f"expected at most {max(rest, owed):g}"
            )

    def _check_wish(self, name: str, electrode: ElectrodeOracle) -> None:
        """Check that a rig without faults gives what its policy wants, or the safe amount."""
        virtual = self.world.devices[name]
        config = virtual.config
        wishes = tuple(each.wish.get(name) for each in self.world.running)
        states = tuple(each.state for each in self.world.running)
        now = (wishes, states, virtual.device.state, virtual.is_on)
        before, since_us = self._steady.get(name, (None, 0))
        if now != before:
            self._steady[name] = now, self.world.now_us
            return
        if abs(electrode.given.amount - config.safe_amount) <= self.tolerance:
            # A limit may keep it there for long, and then the way begins.
            self._rested_us[name] = self.world.now_us
        since_us = max(since_us, self.swarm.quiet_since_us, self._rested_us.get(name, 0))
        ways = 2.0 if len(config.programs) > 1 else 1.0
        way_s = (
            ways * config.amount_max / min(config.slew_per_s_max, electrode.config.slew_per_s_max)
        )
        if self.world.now_us - since_us < round((1.2 + way_s) * 1e6) or not virtual.is_on:
            return
        given = electrode.given
        if self.world.config.rig.stage == "confirm":
            # It stays where it is until an operator says yes.
            return
        wished = {wish[0] for wish in wishes if wish is not None}
        allowed = {config.safe_amount} | wished
        if any(self._is_clipped(name, given.amount, each) for each in self.world.running):
            allowed.add(given.amount)
        if states and set(states) <= {"paused", "idle", "safe"}:
            allowed = {config.safe_amount}
        if virtual.device.state == "stopped" and given.amount <= config.stop_amount + _TINY:
            return
        if all(abs(given.amount - each) > self.tolerance + _TINY for each in allowed):
            raise ViolationError(
                f"{name} gives {given.amount:g} on a quiet rig, expected one of {sorted(allowed)}"
            )

    def _check_told(self, name: str, service: VirtualService) -> None:
        """Check that a driven rig reports a device that takes no lease."""
        key = service.session, name
        if service.state not in _DRIVEN or self.world.devices[name].device.state == "live":
            self._left_out_us.pop(key, None)
            return
        since_us = self._left_out_us.setdefault(key, self.world.now_us)
        since_us = max(since_us, self.swarm.quiet_since_us)
        is_told = any(each.kind == "no_lease" and each.device == name for each in service.notices)
        if self.world.now_us - since_us > _UNTOLD_US_MAX and not is_told:
            raise ViolationError(f"{name} takes no lease of a rig that is {service.state}, untold")

    def _is_clipped(self, name: str, amount: float, service: VirtualService) -> bool:
        """Return whether a service may leave a device at an amount below its policy's wish.

        That is so where the device fell short of this very wish and an operator was told: it is
        not asked again until another amount is wanted.
        """
        wished, short_us = self._wished.get((service.session, name)), self._short_us.get(name)
        if wished is None or short_us is None:
            return False
        (wish, _), wished_us = wished
        is_told = any(each.kind == "clipped" and each.device == name for each in service.notices)
        return is_told and amount < wish and wished_us <= short_us + 2 * _CHECK_US

    def _judge(self, operator: VirtualOperator) -> None:
        """Check that what an operator was told is true."""
        if operator.exit_code != 0:
            return
        for name, electrode in self.electrodes.items():
            virtual = self.world.devices[name]
            amount, config = electrode.given.amount, virtual.config
            if operator.action == "stop":
                is_so = amount <= config.stop_amount + _TINY
            elif operator.action in {"disarm", "pause"}:
                is_so = amount <= config.safe_amount + self.tolerance + _TINY
            else:
                continue
            if not is_so:
                raise ViolationError(
                    f"{operator.action} ended with 0 while {name} gives {amount:g}"
                )
        if operator.action == "arm" and self._armed_us < operator.started_us:
            raise ViolationError("arm ended with 0 and no service is armed")
