"""An error of the link names a mismatch of TLS where there is one, on a real broker."""

import asyncio
import gc
from pathlib import Path

import pytest

from stimulators.broker.certificates import Authority
from stimulators.wire.link_reasons import why_not_connected
from stimulators.wire.mqtt import BrokerConfig, MqttLink
from tests.support.mosquitto import Mosquitto, free_port


async def _reason(broker: BrokerConfig) -> str:
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def hear_link(is_up: bool, reason: str) -> None:
        assert not is_up
        if not told.done():
            told.set_result(reason)

    link = MqttLink(broker, client_id="stimloop-test", subscriptions=[("x", 1)])
    feeding = asyncio.ensure_future(link.feed(lambda *_: None, hear_link))
    try:
        return await told
    finally:
        feeding.cancel()
        await asyncio.wait([feeding])


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_each_side_that_speaks_tls_to_one_that_does_not_is_told_so(tmp_path: Path) -> None:
    Authority(tmp_path / "ours", "ours")
    Authority(tmp_path / "other", "other")
    ours, other = (str(tmp_path / name / "ca.pem") for name in ("ours", "other"))
    key = str(tmp_path / "ours" / "ca.key")
    secure = ["allow_anonymous true", f"certfile {ours}", f"keyfile {key}"]

    def at(port: int, ca_file: str | None = None) -> BrokerConfig:
        tls = ca_file is not None
        return BrokerConfig(
            host="localhost", port=port, tls=tls, ca_file=ca_file, connect_s_max=0.5
        )

    with Mosquitto() as plain, Mosquitto(secure) as encrypted:
        without = asyncio.run(_reason(at(encrypted.port)))
        into_plain = asyncio.run(_reason(at(plain.port, ours)))
        stranger = asyncio.run(_reason(at(encrypted.port, other)))
        nobody = asyncio.run(_reason(at(free_port(), ours)))
    assert "where the broker expects TLS, write tls = true" in without
    assert "expected a broker that speaks TLS, found one that ends the handshake" in into_plain
    assert "Without TLS write tls = false" in into_plain
    assert "expected a TLS certificate" in stranger
    assert "certificate verify failed" in stranger
    assert "refused" in nobody
    assert "TLS" not in nobody
    gc.collect()


@pytest.mark.parametrize(
    ("said", "tls", "expected"),
    [
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1)", True, "that speaks TLS"),
        ("[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred", True, "that speaks TLS"),
        ("Operation timed out", True, "over TLS, found none (Operation timed out)"),
        ("certificate verify failed: Hostname mismatch", True, "write host as its certificate"),
        ("certificate verify failed: self-signed", True, "that ca_file vouches for"),
        ("[Errno 104] Connection reset by peer", False, "write tls = true"),
    ],
)
def test_what_is_said_of_each_failure_names_tls(said: str, expected: str, *, tls: bool) -> None:
    told = why_not_connected(said, tls=tls)
    assert expected in told
    assert said in told


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(
    "said", ["[Errno 111] Connection refused", "[code:135] Not authorized", "Name not known"]
)
def test_what_is_no_matter_of_tls_stays_as_it_is(said: str, *, tls: bool) -> None:
    assert why_not_connected(said, tls=tls) == said
