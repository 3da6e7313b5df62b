"""Steps and headers for journals in tests: every kind of event, every part of outcomes."""

import numpy as np

from detectors.conditioning.conditioner import Note
from detectors.estimates import Detection, Estimates, Seen
from stimulators.decisions import (
    Bound,
    Decision,
    NothingSent,
    Notice,
    Refusal,
    Send,
    SendStop,
    StateChanged,
)
from stimulators.gate.usage.past import DevicePast
from stimulators.reasons import NothingReason, SendReason
from stimulators.refusals import RefusalReason
from stimulators.targets import Target
from stimulators.wire.messages import (
    Ack,
    ClockRequest,
    Command,
    Control,
    DeviceInfo,
    DeviceLimits,
    DeviceStatus,
    Lease,
    Reason,
    Status,
    Stop,
)
from stimulators.wire.received import (
    AckHeard,
    ClockAsked,
    ControlHeard,
    DeviceStatusHeard,
    Flooded,
    InfoHeard,
    LinkChanged,
    StatusHeard,
    StopHeard,
    Unreadable,
)
from streamer.closed_loop import Outcome
from streamer.events import (
    Chunk,
    ClockCorrection,
    Event,
    Fault,
    Marker,
    NullArrived,
    NullLate,
    PastKnown,
    RecorderChanged,
    Slept,
    StreamChanged,
    Tick,
)
from streamer.journal.records import Header
from streamer.source import StreamInfo

COMMAND = Command(
    session="s",
    seq=1,
    kind="amplitude",
    channel="STN_L_13",
    program="adbs",
    onset_us=1_000,
    issued_us=2_000,
    expires_us=3_000,
    reason=Reason(detector="beta", value=0.1, threshold=0.2, policy="adbs"),
    simulated=True,
    amplitude_ma=1.5,
)
TARGET = Target(
    policy="adbs",
    device="stn_left",
    detector="beta",
    channel="STN_L_13",
    program="adbs",
    kind="amplitude",
    amount=1.5,
    sample=7,
    time_s=0.07,
    onset_s=0.05,
    value=0.3,
    threshold=0.2,
)
DETECTION = Detection("burst", "STN_L_13", "onset", 5, 7, 0.05, 0.3)

BOUNDS = (Bound("slew_ma_per_s_max", 1.0), Bound("amplitude_ma_max", 0.5))

DECISIONS: tuple[Decision, ...] = (
    Send("stn_left", COMMAND, SendReason.WANTED, BOUNDS),
    NothingSent("stn_left", NothingReason.LIMIT, BOUNDS),
    Send(
        "stn_left",
        Lease(session="s", lease_seq=1, issued_us=1, valid_us=2, armed_us=1, simulated=True),
    ),
    SendStop("r1", "device lost"),
    Refusal(RefusalReason.LATE, device="stn_left", sample=7),
    Refusal(RefusalReason.CHARGE, device="stn_left", sample=7, bounds=BOUNDS),
    StateChanged("active", "hold", "late data"),
    Notice("arming", "waiting"),
)

EVENTS: tuple[Event, ...] = (
    Chunk("LFP", 0, np.array([[1.5, np.nan], [-0.0, np.inf]], np.float32), np.array([1.0, 1.1])),
    Chunk("LFP", 2, np.zeros((0, 2), np.int16), np.zeros(0)),
    Marker("events", 1.25, "grip µ \U0001f9e0"),
    ClockCorrection("LFP", -1e-3, 1e-4),
    StreamChanged("LFP", "silent", "0.5 s"),
    Tick(),
    Slept(12.5),
    PastKnown((DevicePast(device="stn_left", known_age_s=3.0, charges=((4.0, 1.5),), on_s=2.0),)),
    NullLate("statistics", "STN_L_13", "out of memory"),
    NullArrived("statistics", "STN_L_13"),
    RecorderChanged(is_recording=False, detail="the disk is full", remedy="make room"),
    Fault("out of memory"),
    AckHeard(
        "stn_left",
        Ack(
            session="s",
            instance="b0",
            word=2,
            last_seq=3,
            received_us=1,
            applied_us=2,
            seq=3,
            applied_ma=0.5,
        ),
    ),
    InfoHeard(
        "stn_left",
        DeviceInfo(
            device="stn_left",
            instance="b0",
            word=1,
            state="live",
            limits=DeviceLimits(amplitude_ma_max=3.0),
        ),
        retained=True,
    ),
    DeviceStatusHeard(
        "stn_left",
        DeviceStatus(instance="b0", word=3, session="s", state="live", last_seq=3, charge_uc=1.5),
    ),
    ClockAsked("stn_left", ClockRequest(request_seq=1, sent_us=5, nonce="n", instance="b0")),
    ControlHeard(
        Control(
            request_id="r",
            session="s",
            operator="o",
            issued_us=1,
            expires_us=2,
            action="mark",
            text="x",
        ),
        retained=False,
    ),
    StopHeard(Stop(request_id="r", operator="o", reason="pain")),
    LinkChanged(is_up=False, reason="refused"),
    StatusHeard(Status(state="idle", session="other")),
    Unreadable("stimloop/rig/control", "not JSON"),
    Flooded("stimloop/rig/device/stn_left/ack", 100),
)


def estimates(detector: str = "beta", first: int = 0, n_hops: int = 2) -> Estimates:
    """Return some hops: values depend on their sample only."""
    sample = np.arange(first, first + n_hops, dtype=np.int64)
    values = np.sin(np.column_stack((sample, sample + 0.5)))
    taint = np.zeros(n_hops, dtype=np.uint16)
    time_s = sample.astype(np.float64) * 1e-3
    return Estimates(detector, sample, time_s, values, values > 0.0, taint)


def outcome(number: int = 0) -> Outcome:
    """Return an outcome with something in every part."""
    return Outcome(
        notes=(Note(stream="LFP", sample=number, kind="gap", text="750 samples"),),
        seen=(
            Seen(estimates("beta", number)),
            Seen(estimates("burst", number, n_hops=1), (DETECTION,)),
        ),
        targets=(TARGET,),
        decisions=(DECISIONS[number % len(DECISIONS)],),
    )


HEADER = Header(
    session="0001-abc",
    config_json="{}",
    config_toml_sha256="00",
    infos=(
        StreamInfo(name="LFP", rate_hz=1e3, channels=("a", "b"), units=("uV", ""), dtype="float32"),
    ),
    versions={"numpy": "2", "stimloop": "0.1.0"},
    machine={"node": "rig"},
)
