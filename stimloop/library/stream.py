"""Settings of a stream: its kind, its unit, derived channels, artifact steps."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from detectors.conditioning.quality import Kind, QualityConfig
from stimloop.checking.tables import Reading
from stimloop.library.input_errors import raise_mistakes
from stimloop.library.plain_data import plain_data
from streamer.streams import StreamConfig

#: Placeholders for values that only the stream of the samples can give.
_UNKNOWN = {"name": "stream", "kind": "lfp", "match": {"type": "LFP"}}


class _Streams(msgspec.Struct, frozen=True):
    streams: tuple[StreamConfig, ...]


class Stream:
    """How a stream is conditioned before anything is detected: a `[[streams]]` table.

    Settings that are left out are taken from the stream itself.

    Parameters
    ----------
    name : str, optional
        How detectors refer to it. By default the name under which it was recorded; for an array
        its kind in capital letters.
    kind : {"lfp", "emg", "other"}, optional
        What was recorded. Samples of LFP and EMG must have a unit of voltage and a plausible
        amplitude. By default the kind that fits the type of a recorded stream; "lfp" for an array.
    unit : str, optional
        Unit of every channel, in place of the recording's.
    montage : mapping of str to mapping of str to float
        Derived channels by label: the weights of the stream's own, summed in this order.
    artifacts : sequence
        Steps that clean or mark the samples, in this order: `StimulationPeriod`,
        `StimulationBlanking`, `LineNoise`, `Movement`, `Saturation`.
    quality : QualityConfig or mapping, optional
        When samples and stamps are not to be trusted.
    match : mapping of str to str, optional
        How a rig finds the stream on the network or in a recording: name, type, source_id.

    Raises
    ------
    InputError
        A line for each mistake.

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
        """Return the table; keys that were left out are taken from `unknown`."""
        known = {**plain_data(unknown), **self._table}
        reading = Reading(_Streams, {"streams": [{**_UNKNOWN, **known}]})
        front = "" if "name" in known else "stream"
        raise_mistakes(reading.mistakes, {"streams": [known]}, front)
        config: StreamConfig = reading.config.streams[0]
        return config
