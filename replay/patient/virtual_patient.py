"""The simulated patient in virtual time: a source that responds to devices on the same loop."""

import asyncio
from collections.abc import Callable

import numpy as np

from replay.patient.patient import Patient
from replay.unheld_source import UnheldSource
from replay.virtual_devices import VirtualDevices
from streamer.events import Chunk, ClockCorrection, Event
from streamer.source import StreamInfo

#: The stated uncertainty of the patient's clock, which is the loop's own.
_UNCERTAINTY_S = 1e-4


class VirtualPatient(UnheldSource):
    """A `Source` without end: the samples of a patient who responds to a virtual device.

    Parameters
    ----------
    patient : Patient
        The patient, or what has its `config` and its `generate`.
    info : StreamInfo
        Its stream, as the rig names it.
    devices : VirtualDevices
        The devices; the one that the patient's table names is felt.

    Notes
    -----
    What a device gives at the end of a chunk is felt throughout it: 5 ms by default.
    """

    def __init__(self, patient: Patient, info: StreamInfo, devices: VirtualDevices) -> None:
        self._patient = patient
        self._info = info
        self._devices = devices

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """Its stream."""
        return (self._info,)

    async def feed(self, emit: Callable[[Event], None]) -> None:
        """Emit the samples, each chunk when its last one is due, until cancelled."""
        loop = asyncio.get_running_loop()
        config, start_s = self._patient.config, loop.time()
        felt = self._devices.devices.get(config.device)
        within = np.arange(config.chunk_samples)
        emit(ClockCorrection(self._info.name, 0.0, _UNCERTAINTY_S))
        n_sent = 0
        while True:
            stamps_s = start_s + (n_sent + within) / config.rate_hz
            await asyncio.sleep(max(0.0, float(stamps_s[-1]) - loop.time()))
            amount_ma = 0.0 if felt is None else felt.applied_ma or 0.0
            samples_uv = self._patient.generate(config.chunk_samples, amount_ma)
            samples_uv.flags.writeable = False
            stamps_s.flags.writeable = False
            emit(Chunk(self._info.name, n_sent, samples_uv, stamps_s))
            n_sent += config.chunk_samples
