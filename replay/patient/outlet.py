"""The simulated patient in real time: samples onto LSL, the applied amplitude in by MQTT."""

import asyncio
import contextlib
import math
from collections.abc import Callable

from replay.patient.patient import Patient, PatientConfig
from stimulators.wire import topics
from stimulators.wire.keys.keys import without_signature
from stimulators.wire.messages import Ack, DeviceInfo, DeviceStatus
from stimulators.wire.mqtt import BrokerConfig, MqttLink
from stimulators.wire.payload import from_payload
from streamer.clock import now_s
from streamer.lsl.outlet import open_outlet

#: A patient further behind than this (the machine was suspended) leaves the time between out.
_BEHIND_S_MAX = 1.0


class FeltDevice:
    """The amplitude that a device applies, as known from its messages.

    Parameters
    ----------
    rig, device : str
        Whose messages count.

    Attributes
    ----------
    current_ma : float
        The newest amplitude that the device said it gives. Where the device is offline, or
        we have no link to the broker, it is the device's safe amplitude: without a lease that
        is where it goes. 0 before its first word, and for a device that speaks level.
    """

    def __init__(self, rig: str, device: str) -> None:
        self.current_ma = 0.0
        self._safe_ma = 0.0
        self._ack_topic = topics.ACK.at(rig=rig, device=device)
        self._info_topic = topics.INFO.at(rig=rig, device=device)
        self._status_topic = topics.DEVICE_STATUS.at(rig=rig, device=device)

    @property
    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        """Topics to hear, each with its QoS."""
        return (
            (self._ack_topic, topics.ACK.qos),
            (self._info_topic, topics.INFO.qos),
            (self._status_topic, topics.DEVICE_STATUS.qos),
        )

    def hear(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: ARG002
        """Read a message; one that cannot be decoded changes nothing."""
        said = without_signature(payload)
        with contextlib.suppress(ValueError):
            if topic == self._ack_topic:
                self._feel(from_payload(said, Ack).applied_ma)
            elif topic == self._status_topic:
                self._feel(from_payload(said, DeviceStatus).applied_ma)
            elif topic == self._info_topic:
                self._take_info(from_payload(said, DeviceInfo))

    def link(self, is_up: bool, reason: str) -> None:  # noqa: ARG002
        """Note that the broker was reached or lost."""
        if not is_up:
            self.current_ma = self._safe_ma

    def _take_info(self, info: DeviceInfo) -> None:
        if info.safe_ma is not None and math.isfinite(info.safe_ma):
            self._safe_ma = info.safe_ma
        self._feel(self._safe_ma if info.state == "offline" else info.applied_ma)

    def _feel(self, amplitude_ma: float | None) -> None:
        if amplitude_ma is not None and math.isfinite(amplitude_ma):
            self.current_ma = amplitude_ma


class Pace:
    """When each sample is due, and how it is stamped: exact multiples of the interval.

    Parameters
    ----------
    rate_hz : float
        Sampling rate.
    first_s : float
        Stamp of sample 0.
    """

    def __init__(self, rate_hz: float, first_s: float) -> None:
        self._interval_s = 1.0 / rate_hz
        self._first_s = first_s

    def stamp_s(self, sample: int) -> float:
        """Return when a sample is due, which is its stamp too."""
        return self._first_s + sample * self._interval_s

    def leave_out(self, sample: int, now_s: float) -> None:
        """Skip ahead where `sample` has been due for more than a second."""
        behind_s = now_s - self.stamp_s(sample)
        if behind_s > _BEHIND_S_MAX:
            self._first_s += math.floor(behind_s / self._interval_s) * self._interval_s


async def run_patient(
    config: PatientConfig,
    *,
    rig: str,
    broker: BrokerConfig,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Send the patient's samples, feeling the configured device, until cancelled.

    Parameters
    ----------
    config : PatientConfig
        The patient; without a `device` no broker is looked for.
    rig : str
        Name of the rig.
    broker : BrokerConfig
        Where the device's messages are heard. While it is away the samples go on.
    ready : callable
        Called once the stream is there.

    Notes
    -----
    Sample k is stamped k sampling intervals after the first, whenever it is sent: the stamps
    neither drift nor jitter. A patient that falls more than a second behind leaves a gap. Liblsl
    is configured by the caller, before.
    """
    patient = Patient(config)
    patient.generate(0, 0.0)  # compiles what has to be, before the clock runs
    felt = FeltDevice(rig, config.device)
    async with asyncio.TaskGroup() as group:
        if config.device:
            link = MqttLink(
                broker.for_operators,
                client_id=f"stimloop-patient-{rig}-{config.source_id}",
                subscriptions=felt.subscriptions,
            )
            group.create_task(link.feed(felt.hear, felt.link), name="patient link")
        group.create_task(_send(patient, felt, ready), name="patient samples")


async def _send(patient: Patient, felt: FeltDevice, ready: Callable[[], None]) -> None:
    config = patient.config
    outlet = open_outlet(config.info(config.name))
    ready()
    pace = Pace(config.rate_hz, now_s())
    n_sent = 0
    while True:
        last = n_sent + config.chunk_samples - 1
        await asyncio.sleep(max(0.0, pace.stamp_s(last) - now_s()))
        pace.leave_out(last, now_s())
        samples_uv = patient.generate(config.chunk_samples, felt.current_ma)
        outlet.push_chunk(samples_uv, [pace.stamp_s(k) for k in range(n_sent, last + 1)])
        n_sent = last + 1
