"""What the journal's records hold, the bytes they are kept in, and the chain that binds them."""

import hashlib
import struct
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import msgspec
import numpy as np

from detectors.estimates import Detection, Estimates, Seen
from streamer.events import Event
from streamer.source import StreamInfo

if TYPE_CHECKING:  # what is only written need not be loaded, with its kernels, to be read
    from detectors.conditioning.conditioner import Note
    from stimulators.decisions import Decision
    from stimulators.targets import DeviceEvent, Target
    from streamer.closed_loop import Outcome

#: Kept in the file's header; a reader refuses any other.
FORMAT = 3
#: What the first record is chained to.
CHAIN_START = bytes(32)

RecordKind: TypeAlias = Literal["header", "step", "failure", "end"]
RECORD_KINDS: tuple[str, ...] = get_args(RecordKind)

_FIXED = struct.Struct("<q8sd")


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first record: all that is needed to compute the session again.

    Parameters
    ----------
    session : str
        Name of the session.
    config_json : str
        The resolved sections that the loop reads (`LoopConfig`), as JSON.
    config_toml_sha256 : str
        Digest of the session folder's `config.toml`, hex.
    infos : tuple of StreamInfo
        The streams as they were found.
    versions, machine : dict
        Of what a bit may depend on.
    signs_end : bool
        Whether the end record will be signed: one without a signature proves nothing then.
    utc_offset_us : int or None
        Unix time less the service's clock as the session began, in microseconds; None where that
        clock is not a real one.
    """

    session: str
    config_json: str
    config_toml_sha256: str
    infos: tuple[StreamInfo, ...]
    versions: dict[str, str]
    machine: dict[str, str]
    signs_end: bool = False
    utc_offset_us: int | None = None

    @property
    def config_sha256(self) -> str:
        """Digest of the resolved configuration, hex."""
        return hashlib.sha256(self.config_json.encode()).hexdigest()


class SeenRecord(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What one detector saw in one step.

    Parameters
    ----------
    detector : str
        Its id.
    n_estimates : int
        Hops it completed.
    newest_sample : int
        Sample of the last of them, -1 without any.
    mark : bytes
        First eight bytes of the hops' SHA-256: enough to name the step that differs.
    detections : tuple of Detection
        In order.
    """

    detector: str
    n_estimates: int = 0
    newest_sample: int = -1
    mark: bytes = b""
    detections: tuple[Detection, ...] = ()


class OutcomeRecord(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The outcome of one step as it is encoded, each detector's estimates as raw memory."""

    notes: "tuple[Note, ...]" = ()
    seen: tuple[SeenRecord, ...] = ()
    targets: "tuple[Target, ...]" = ()
    decisions: "tuple[Decision, ...]" = ()
    device_events: "tuple[DeviceEvent, ...]" = ()


class StepRecord(msgspec.Struct, frozen=True, gc=False):
    """One event the loop was fed, and the encoded `OutcomeRecord` of its step."""

    event: Event
    outcome: msgspec.Raw


class FailureRecord(msgspec.Struct, frozen=True):
    """Something in the service failed; what was running is in the text."""

    text: str


class EndRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last record of a session that ended by itself.

    Parameters
    ----------
    reason : str
        Why it ended.
    n_steps : int
        Steps in the journal.
    digest : dict
        Of estimates, detections, targets and decisions: hex, see `streamer.journal.digests`.
    summary_json : bytes
        The content of the session folder's `summary.json`, so that no figure in it can be changed
        that cannot be computed again either. Empty where the journal has no folder.
    signature : str
        See `streamer.journal.end_signature`; empty where signing is off.
    """

    reason: str
    n_steps: int
    digest: dict[str, str]
    summary_json: bytes = b""
    signature: str = ""


Payload: TypeAlias = Header | StepRecord | FailureRecord | EndRecord


def _encode_foreign(value: object) -> object:
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise TypeError(f"expected an array of numbers, found dtype {value.dtype}")
        return value.dtype.str, value.shape, np.ascontiguousarray(value).data
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"expected something the journal can keep, found {type(value).__name__}")


def _decode_foreign(_: type[Any], value: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401 msgspec's hook
    dtype, shape, data = value
    return np.frombuffer(data, np.dtype(dtype)).reshape(shape)


_encoder = msgspec.msgpack.Encoder(enc_hook=_encode_foreign)
_decoders: dict[str, msgspec.msgpack.Decoder[Any]] = {
    "header": msgspec.msgpack.Decoder(Header),
    "step": msgspec.msgpack.Decoder(StepRecord, dec_hook=_decode_foreign),
    "failure": msgspec.msgpack.Decoder(FailureRecord),
    "end": msgspec.msgpack.Decoder(EndRecord),
}


def encode(value: object) -> bytes:
    """Return the bytes of anything that goes into a record: MessagePack, arrays as raw memory.

    An array is ``[dtype, shape, bytes]``, so every bit of it, NaN payloads too, comes back.

    Raises
    ------
    TypeError, ValueError, OverflowError
        Where a value has no bytes that would give it back.
    """
    return _encoder.encode(value)


def decode(kind: str, payload: bytes) -> Payload:
    """Return what a record holds.

    Raises
    ------
    ValueError
        Where the bytes are not a record of that kind (`msgspec.DecodeError` is one).
    """
    decoded: Payload = _decoders[kind].decode(payload)
    return decoded


def encode_outcome(outcome: "Outcome") -> bytes:
    """Return the bytes of one step's `OutcomeRecord`: equal outcomes have equal bytes."""
    seen = [
        _seen_record(each) for each in outcome.seen if each.estimates.sample.size or each.detections
    ]
    return encode(
        OutcomeRecord(
            outcome.notes, tuple(seen), outcome.targets, outcome.decisions, outcome.device_events
        )
    )


def encode_step(event: Event, outcome: bytes) -> bytes:
    """Return the bytes of a step record, from the event and `encode_outcome`."""
    return encode(StepRecord(event, msgspec.Raw(outcome)))


def link(previous: bytes, number: int, kind: str, now_s: float, payload: bytes) -> bytes:
    """Return a record's link of the chain: SHA-256 over the link before and every column.

    Number, kind and time have a fixed width, so no two records share the same bytes.
    """
    fixed = _FIXED.pack(number, kind.encode(), now_s)
    return hashlib.sha256(b"".join((previous, fixed, payload))).digest()


def _seen_record(seen: Seen) -> SeenRecord:
    estimates = seen.estimates
    n_hops = estimates.sample.size
    if not n_hops:
        return SeenRecord(estimates.detector, detections=seen.detections)
    newest, mark = estimates.sample.item(-1), mark_of(estimates)
    return SeenRecord(estimates.detector, n_hops, newest, mark, seen.detections)


def mark_of(estimates: Estimates) -> bytes:
    """Return the first eight bytes of the SHA-256 of hops; nothing where there are none."""
    if not estimates.sample.size:
        return b""
    hops = (
        estimates.sample.tobytes(),
        estimates.time_s.tobytes(),
        estimates.values.tobytes(),
        estimates.valid.tobytes(),
        estimates.taint.tobytes(),
    )
    return hashlib.sha256(b"".join(hops)).digest()[:8]
