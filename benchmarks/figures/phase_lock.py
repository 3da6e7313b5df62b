"""How well triggers meet a phase, from the samples to the electrode, in virtual time.

``python -m benchmarks.figures.phase_lock`` runs a rhythm of 20 Hz through the whole loop (policy
``phase_lock``, gate, wire, reference device), prints a table, and draws
``docs/pictures/phase-lock.png``: the true phases at which the device gave its triggers, as its
answers say, beside those of a filter without delay, which has seen the future. It is simulated,
with fixed seeds.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import msgspec
import numpy as np
import pyarrow.parquet as pq
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.signal import hilbert

from benchmarks.figures import drawing
from benchmarks.figures.rhythms import CHANNEL, HOP_S, STREAM, noisy, rig
from benchmarks.figures.statements import RATE_HZ, in_band, pink
from detectors.block import Block, StreamLayout, Taint
from detectors.chain import DetectorChain
from replay.recording_source import Chunking
from replay.session import replay_session
from stimloop import colours
from stimulators.policies.phase_lock import PhaseLock
from streamer.config import LoopConfig
from streamer.wiring.observations import Observations
from streamer.wiring.wiring import wirings
from tests.replay.recordings import recording, signal

if TYPE_CHECKING:
    from matplotlib.projections.polar import PolarAxes

_PICTURE: Final = Path(__file__).parents[2] / "docs" / "pictures" / "phase-lock.png"
#: Phase diffusion of the rhythm, and its power over the noise of 15-25 Hz.
LOST_PER_S: Final = (2.0, 5.0)
SNRS_DB: Final = (10.0, 5.0)
_SECONDS: Final = 220.0
_START_S: Final = 50.0
_SEED: Final = 6
_N_BINS: Final = 36
#: Share of triggers in one bin at the edge of a polar histogram.
_SHARE_MAX: Final = 0.3


class SessionTriggers(NamedTuple):
    """The triggers of one session.

    Parameters
    ----------
    at_s : ndarray
        When the device gave each, in the service's clock, as it answered.
    late_s : ndarray
        How much later than its time to fire that was.
    refused : mapping of str to int
        How many were not given, by reason.
    """

    at_s: NDArray[np.float64]
    late_s: NDArray[np.float64]
    refused: Mapping[str, int]


class Met(NamedTuple):
    """The phases at which triggers were given, and the error of a filter without delay."""

    true_rad: NDArray[np.float64]
    floor_rad: NDArray[np.float64]
    given: SessionTriggers


def resultant(angles_rad: NDArray[np.float64]) -> float:
    """Return the length of the mean of unit vectors at these angles."""
    return float(abs(np.exp(1j * angles_rad).mean()))


def given_in(session: Path) -> SessionTriggers:
    """Return the triggers of a session folder, from its table of events."""
    columns = ["event", "kind", "time_s", "seq", "fire_at_s", "policy", "text"]
    rows = pq.read_table(session / "events.parquet", columns=columns).to_pylist()
    fire_at_s = {
        row["seq"]: row["fire_at_s"]
        for row in rows
        if row["event"] == "command" and row["kind"] == "trigger"
    }
    answers = [row for row in rows if row["event"] == "ack" and row["seq"] in fire_at_s]
    done = [row for row in answers if row["kind"] == "done"]
    at_s = np.array([row["time_s"] for row in done])
    refused = Counter(row["kind"] for row in rows if row["event"] == "refusal" and row["policy"])
    refused.update(row["text"] for row in answers if row["kind"] == "refused")
    refused.pop("refused", None)
    return SessionTriggers(at_s, at_s - np.array([fire_at_s[row["seq"]] for row in done]), refused)


def meet(
    lost_per_s: float,
    snr_db: float,
    *,
    seconds: float = _SECONDS,
    policy: Mapping[str, Any] | None = None,
) -> Met:
    """Run a rhythm through the loop and return at which phases triggers were given.

    Parameters
    ----------
    lost_per_s, snr_db, seconds
        See `benchmarks.figures.rhythms.noisy`.
    policy
        See `benchmarks.figures.rhythms.rig`.
    """
    truth, signal_uv = noisy(lost_per_s, snr_db, seconds, _SEED)
    made = recording(
        signal(
            _START_S + np.arange(truth.size) / RATE_HZ,
            rate_hz=RATE_HZ,
            samples=signal_uv[:, None],
            channels=(CHANNEL,),
            units=("uV",),
            offsets=[(_START_S, 0.0)],
        )
    )
    config_toml = rig(policy=policy)
    with tempfile.TemporaryDirectory() as folder:
        session = Path(folder) / "session"
        replay_session(
            made,
            msgspec.toml.decode(config_toml, type=LoopConfig),
            config_toml=config_toml,
            out=session,
            chunking=Chunking(n_samples_max=round(HOP_S * RATE_HZ)),
        )
        given = given_in(session)
    at = (given.at_s - _START_S) * RATE_HZ
    indices = np.arange(truth.size)
    true_rad = np.interp(at, indices, np.unwrap(np.angle(truth)))
    offline_rad = np.interp(at, indices, np.unwrap(np.angle(hilbert(in_band(signal_uv)))))
    return Met(true_rad, offline_rad - true_rad, given)


def draw(met: Mapping[tuple[float, float], Met]) -> Figure:
    """Return polar histograms of the trigger phases, the floor drawn over each."""
    figure = Figure(figsize=(13, 13), layout="constrained")
    axes = figure.subplots(
        len(SNRS_DB), len(LOST_PER_S), subplot_kw={"projection": "polar"}, squeeze=False
    )
    edges = np.linspace(-np.pi, np.pi, _N_BINS + 1)
    for (lost_per_s, snr_db), each in met.items():
        axis = cast("PolarAxes", axes[SNRS_DB.index(snr_db), LOST_PER_S.index(lost_per_s)])
        shares = _shares(each.true_rad, edges)
        floor = _shares(each.floor_rad, edges)
        middle = 0.5 * (edges[:-1] + edges[1:])
        axis.bar(
            middle, shares, np.diff(edges), color=colours.ORANGE, label="triggers, 10 ms ahead"
        )
        axis.step(
            np.append(edges, edges[1]),
            np.append(np.append(floor, floor[0]), floor[1]),
            where="post",
            color=colours.BLUE,
            label="a filter without delay",
        )
        axis.set_title(
            f"phase lost at {lost_per_s:g}/s, {snr_db:g} dB\n"
            f"R = {resultant(each.true_rad):.2f}, without delay {resultant(each.floor_rad):.2f}"
        )
        axis.set_thetagrids((0.0, 90.0, 180.0, 270.0), ("peak", "90°", "trough", "-90°"))
        axis.set_rmax(_SHARE_MAX)
        axis.set_rticks([0.1, 0.2, _SHARE_MAX], labels=[])
        axis.tick_params(pad=10.0)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return figure


def confidences() -> Iterator[str]:
    """Yield how confident the policy is of the phase, of noise and of rhythms."""
    random = np.random.default_rng(_SEED)
    n_samples = round(_SECONDS * RATE_HZ)
    seen_uv = {
        "white noise": random.normal(size=n_samples),
        "1/f noise": pink((n_samples, 1), random)[:, 0],
    } | {
        f"phase lost at {lost_per_s:g}/s, {snr_db:g} dB": noisy(
            lost_per_s, snr_db, _SECONDS, _SEED
        )[1]
        for lost_per_s in LOST_PER_S
        for snr_db in (*SNRS_DB, 0.0)
    }
    yield "| confidence of the phase | 5 % | median | 95 % | of events at least 0.9 |"
    yield "|---|---|---|---|---|"
    for name, samples_uv in seen_uv.items():
        found = _confidences(samples_uv)
        low, middle, high = np.percentile(found, [5.0, 50.0, 95.0])
        sure = 100.0 * (found >= 0.9).mean()
        yield f"| {name} | {low:.2f} | {middle:.2f} | {high:.2f} | {sure:.0f} % |"


def _confidences(samples_uv: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the confidence at each phase event of a signal, once there is one."""
    config = msgspec.toml.decode(rig(), type=LoopConfig)
    chain = DetectorChain(config.detectors, {STREAM: StreamLayout(STREAM, RATE_HZ, (CHANNEL,))})
    (wiring,) = wirings(config, chain)
    policy = wiring.policy.policy
    assert isinstance(policy, PhaseLock)  # noqa: S101 of `rig`
    taint = np.zeros((samples_uv.size, 1), dtype=np.uint16)
    taint[0] = np.uint16(Taint.RESTART)
    time_s = np.arange(samples_uv.size) / RATE_HZ
    seen = chain.update(Block(STREAM, 0, samples_uv[:, None].copy(), time_s, taint))
    found: list[float] = []
    for observation in Observations(wiring.reads, [chain.detectors["peaks"]]).of(seen):
        policy.decide(observation)
        if observation.moments and policy.confidence is not None:
            found.append(policy.confidence)
    return np.array(found)


def _shares(angles_rad: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    wrapped = np.angle(np.exp(1j * angles_rad))
    counts, _ = np.histogram(wrapped, edges)
    shares: NDArray[np.float64] = counts / wrapped.size
    return shares


def main() -> int:
    """Print the table and draw."""
    met: dict[tuple[float, float], Met] = {}
    print("| phase lost, over the noise of 15-25 Hz | triggers | mean | R | without delay | late |")
    print("|---|---|---|---|---|---|")
    for lost_per_s in LOST_PER_S:
        for snr_db in SNRS_DB:
            each = met[lost_per_s, snr_db] = meet(lost_per_s, snr_db)
            mean_deg = np.degrees(np.angle(np.exp(1j * each.true_rad).mean()))
            late_us = 1e6 * np.percentile(each.given.late_s, [50.0, 99.0])
            print(
                f"| {lost_per_s:g}/s, {snr_db:g} dB | {each.true_rad.size} | {mean_deg:.0f}° "
                f"| {resultant(each.true_rad):.3f} | {resultant(each.floor_rad):.3f} "
                f"| {late_us[0]:.0f}, p99 {late_us[1]:.0f} µs |",
                flush=True,
            )
    with drawing.house_style():
        figure = draw(met)
        figure.savefig(_PICTURE, dpi=drawing.DPI, metadata={"Software": None})
    print(_PICTURE, end="\n\n")
    for row in confidences():
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
