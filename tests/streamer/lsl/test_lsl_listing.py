"""The list of all streams on the network with their data; real LSL on loopback."""

import threading

import pytest

from streamer.clock import now_s
from streamer.lsl.listing import ListedStream, listed_streams
from streamer.lsl.network import LslConfig
from tests.streamer.lsl.lsl_feed import outlet

_RATE_HZ = 500.0


def _listed(network: LslConfig, *, ahead_s: float) -> dict[str, ListedStream]:
    """List an outlet that sends, one that does not, and a marker stream."""
    sends = outlet("sends", rate_hz=_RATE_HZ, labels=["STN", "ECOG"], units=["uV", "mV"])
    silent = outlet("silent", rate_hz=100.0)
    cues = outlet("cues", n_channels=1, rate_hz=0.0, dtype="string", kind="Markers")
    is_over = threading.Event()

    def send() -> None:
        n_sent = 0
        start_s = now_s()
        while not is_over.wait(0.02):
            due = int((now_s() - start_s) * _RATE_HZ)
            for k in range(n_sent, due):
                sends.push_sample([0.0, 0.0], start_s + k / _RATE_HZ + ahead_s)
            n_sent = due
            cues.push_sample(["cue"])

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        found = listed_streams(network, listen_s=1.5, now_s=now_s)
    finally:
        is_over.set()
        thread.join()
    del silent
    return {each.name: each for each in found if each.name in {"sends", "silent", "cues"}}


@pytest.mark.lsl
def test_each_stream_is_listed_with_rate_channels_units_and_age(lsl_network: LslConfig) -> None:
    found = _listed(lsl_network, ahead_s=0.5)
    assert set(found) == {"sends", "silent", "cues"}
    sends = found["sends"]
    assert (sends.rate_hz, sends.channels, sends.units) == (500.0, ("STN", "ECOG"), ("uV", "mV"))
    assert (sends.type, sends.source_id, sends.dtype) == ("LFP", "sends-id", "float32")
    assert sends.n_samples > 100
    assert sends.rate_measured_hz == pytest.approx(_RATE_HZ, rel=1e-3)
    # Half a second ahead, however busy this machine is.
    assert sends.age_s is not None
    assert sends.age_s < 0.0
    assert sends.uncertainty_s is not None
    silent = found["silent"]
    assert (silent.n_samples, silent.age_s, silent.rate_measured_hz) == (0, None, None)
    assert (found["cues"].rate_hz, found["cues"].rate_measured_hz) == (0.0, None)
    assert found["cues"].n_samples > 0
    assert {each.problem for each in found.values()} == {""}
