"""What is said of a stream beside its samples: its kind, its unit, derived channels, artifacts."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from detectors.conditioning.quality import Kind, QualityConfig
from stimloop.checking.tables import Reading
from stimloop.library.input_errors import raise_mistakes
from stimloop.library.plain_data import plain_data
from streamer.streams import StreamConfig

#: Stands for what is known only once there are samples.
_UNKNOWN = {"name": "stream", "kind": "lfp", "match": {"type": "LFP"}}


class _Streams(msgspec.Struct, frozen=True):
    streams: tuple[StreamConfig, ...]


class Stream:
    """How a stream is conditioned before anything is detected: a `[[streams]]` table.

    What is left out is taken from the stream itself.

    Parameters
    ----------
    name : str, optional
        How detectors refer to it. By default the name it was recorded under; of an array its kind
        in capital letters.
    kind : {"lfp", "emg", "other"}, optional
        What it is of. Samples of LFP and EMG must have a unit of voltage and a plausible
        amplitude. By default what the type of a recorded stream says; of an array, "lfp".
    unit : str, optional
        Unit of every channel, whatever the recording says.
    montage : mapping of str to mapping of str to float
        Derived channels by label: the weights of the stream's own, summed in this order.
    artifacts : sequence
        What is taken off the samples, or marked in them, in this order: `StimulationPeriod`,
        `StimulationBlanking`, `LineNoise`, `Movement`, `Saturation`.
    quality : QualityConfig or mapping, optional
        When samples and stamps are not to be trusted.
    match : mapping of str to str, optional
        By what a rig knows the stream on the network or in a recording: name, type, source_id.

    Raises
    ------
    InputError
        A line for each thing that is wrong.

    Examples
    --------
    >>> import stimloop as sl
    >>> bipolar = {"STN_L_13": {"STN_L_1": 1.0, "STN_L_3": -1.0}}
    >>> stream = sl.Stream(kind="lfp", montage=bipolar, artifacts=[sl.LineNoise(frequency_hz=50)])
    >>> stream.config(name="LFP").montage[0].channel
    'STN_L_13'
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        kind: Kind | None = None,
        unit: str | None = None,
        montage: Mapping[str, Mapping[str, float]] | None = None,
        artifacts: Sequence[Any] = (),
        quality: QualityConfig | Mapping[str, float] | None = None,
        match: Mapping[str, str] | None = None,
    ) -> None:
        derived = [{"channel": label, "terms": terms} for label, terms in (montage or {}).items()]
        given = {
            "name": name,
            "kind": kind,
            "unit": unit,
            "montage": derived,
            "artifacts": artifacts,
            "quality": quality,
            "match": match,
        }
        self._table: dict[str, Any] = {
            key: plain_data(value) for key, value in given.items() if value is not None
        }
        self.config()

    def config(self, **unknown: object) -> StreamConfig:
        """Return the table, with what is left out of it taken from `unknown`."""
        known = {**plain_data(unknown), **self._table}
        reading = Reading(_Streams, {"streams": [{**_UNKNOWN, **known}]})
        front = "" if "name" in known else "stream"
        raise_mistakes(reading.mistakes, {"streams": [known]}, front)
        config: StreamConfig = reading.config.streams[0]
        return config
