"""A rig and everything around it, on one schedule: what a seed decides happens the same again."""

import math
from collections.abc import Sequence
from random import Random

from replay.virtual.amplifier import Amplifier
from replay.virtual.device import VirtualDevice
from replay.virtual.electrode import Electrodes
from replay.virtual.ledger import MemoryLedger
from replay.virtual.machine import Machine
from replay.virtual.network.broker import Broker, Client
from replay.virtual.operator import Action, Done, VirtualOperator
from replay.virtual.schedule import Schedule
from replay.virtual.service import Observer, VirtualService
from stimulators.device_config import DeviceConfig
from streamer.config import LoopConfig

#: The virtual time begins here, so that no clock is near zero.
START_US = 1_000_000_000
_SESSION_US = 1_700_000_000_000_000


class World:
    """A rig in virtual time.

    Parameters
    ----------
    config : LoopConfig
        The rig: see `replay.virtual.rig`.
    seed : int
        Decides everything that is random.
    devices : sequence of DeviceConfig, optional
        What the devices really are, where that is not what the configuration says.
    step, ceiling : float
        The devices give whole multiples of this, and no more than that: see `ReferenceDevice`.

    Attributes
    ----------
    config : LoopConfig
        As given.
    schedule, random, broker, electrodes, amplifier, ledger, machine
        The parts; `machine` is what all services run on.
    devices : dict of str to VirtualDevice
        By name.
    services : list of VirtualService
        All lives of the service, the newest last.
    operators : list of VirtualOperator
        All commands of operators, the newest last.
    observers : list of callable
        Called after each step of any service.
    judges : list of callable
        Called with each operator that has ended.
    """

    def __init__(
        self,
        config: LoopConfig,
        *,
        seed: int,
        devices: Sequence[DeviceConfig] | None = None,
        step: float = 0.0,
        ceiling: float = math.inf,
    ) -> None:
        self.config = config
        self.random = Random(seed)  # noqa: S311 a seed must give the same run again
        self.schedule = Schedule(START_US)
        self.broker = Broker(self.schedule, self.random)
        self.electrodes = Electrodes()
        self.ledger = MemoryLedger()
        self.machine = Machine(self.schedule)
        self.amplifier = Amplifier(
            self.schedule, clock_offset_us=self.random.randrange(-5_000_000, 5_000_000)
        )
        self.devices = {
            device.id: VirtualDevice(
                device,
                self.broker,
                self.electrodes,
                offset_us=self.random.randrange(10_000_000_000),
                drift_ppm=self.random.randrange(-50, 51),
                step=step,
                ceiling=ceiling,
            )
            for device in devices or config.devices
        }
        self.services: list[VirtualService] = []
        self.operators: list[VirtualOperator] = []
        self.observers: list[Observer] = []
        self.judges: list[Done] = []

    @property
    def now_us(self) -> int:
        """The virtual time."""
        return self.schedule.now_us

    @property
    def running(self) -> list[VirtualService]:
        """The services that have not ended."""
        return [service for service in self.services if service.phase != "ended"]

    @property
    def service(self) -> VirtualService:
        """The service that drives; else the first that runs; else the newest."""
        running = [service for service in self.services if service.phase == "running"]
        driving = [service for service in running if service.loop.gate.driven]
        return (driving or running or self.services[-1:])[0]

    @property
    def clients(self) -> dict[str, Client]:
        """The connections of devices and running services, by a name for each."""
        found = {f"device {name}": each.client for name, each in self.devices.items()}
        return found | {
            f"service {index}": each.wire.client
            for index, each in enumerate(self.services)
            if each.phase == "running"
        }

    def start_service(self, *, listens: bool = True) -> VirtualService:
        """Start a service: a process of its own, in a new session."""
        micros = _SESSION_US + self.now_us
        session = f"{micros:020d}-{self.random.getrandbits(32):08x}"
        service = VirtualService(
            self.config,
            self.broker,
            session,
            self.ledger,
            self.machine,
            listens=listens,
            first=lambda: (self.amplifier.correction(),),
        )
        service.observers = self.observers
        self.amplifier.listeners.append(service.hear)
        self.services.append(service)
        return service

    def suspend(self, for_us: int, *, does_clock_stand: bool = True) -> None:
        """Let the services' machine sleep; the amplifier, the broker and the devices go on."""
        if self.machine.is_asleep:
            return
        self.machine.sleep(for_us, does_clock_stand=does_clock_stand)
        for service in self.running:
            service.suspend()
        if does_clock_stand:
            # The next look at the amplifier's clock finds it ahead.
            self.schedule.after(for_us, lambda: self.amplifier.run_ahead(for_us))

    def operate(self, action: Action) -> VirtualOperator:
        """Let an operator run a command; all of `judges` are told when it ends."""
        operator = VirtualOperator(
            self.broker,
            self.config.devices,
            action,
            lease_s=self.config.gate.lease_s,
            done=self._judge,
        )
        self.operators.append(operator)
        return operator

    def _judge(self, operator: VirtualOperator) -> None:
        for judge in self.judges:
            judge(operator)

    def run(self, for_us: int) -> None:
        """Let time pass."""
        self.schedule.run_until(self.schedule.now_us + for_us)
