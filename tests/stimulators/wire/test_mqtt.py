"""A message that the link to a broker cannot take at once is never sent."""

import asyncio
import gc
import socket
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from stimulators.wire.mqtt import BrokerConfig, Will
from tests.stimulators.conftest import quick
from tests.stimulators.wire.listening import Peer, peer, running
from tests.support.mosquitto import Mosquitto, free_port

pytestmark = pytest.mark.broker


def _sockets_to(port: int) -> list[str]:
    found = psutil.Process().net_connections(kind="tcp")
    return [each.status for each in found if each.raddr and each.raddr.port == port]


@pytest.mark.parametrize("qos", [0, 1])
def test_a_message_arrives_as_it_was_sent(either_broker: BrokerConfig, qos: int) -> None:
    async def run() -> None:
        async with peer(either_broker) as one, peer(either_broker, client_id="two") as two:
            topic = f"as-sent/{qos}"
            assert two.link.publish(topic, b"\x00\xff", qos=qos)
            assert await one.hears(topic) == (topic, b"\x00\xff", False)
            assert await two.hears(topic) == (topic, b"\x00\xff", False)

    asyncio.run(run())


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("n_bytes", [0, 110, 127, 128, 16_368, 16_384, 2_097_152])
def test_a_message_of_any_length_arrives_whole(
    broker: BrokerConfig, n_bytes: int, qos: int
) -> None:
    payload = bytes(index % 251 for index in range(n_bytes))

    async def run() -> None:
        async with peer(broker, [("long/#", 1)]) as one:
            for topic in ("long/é", f"long/{'x' * 130}"):
                assert one.link.publish(topic, payload, qos=qos)
                assert await one.hears(topic) == (topic, payload, False)

    asyncio.run(run())


@pytest.mark.parametrize("topic", ["", "a/+", "a/#", "x" * 65_536])
@pytest.mark.parametrize("qos", [0, 1])
def test_what_is_no_topic_is_an_error_and_no_lost_link(
    broker: BrokerConfig, topic: str, qos: int
) -> None:
    async def run() -> None:
        async with peer(broker) as one:
            with pytest.raises(ValueError, match="topic"):
                one.link.publish(topic, b"", qos=qos)
            assert one.link.publish("well", b"", qos=qos)
            await one.hears("well")

    asyncio.run(run())


def test_messages_arrive_in_the_order_they_were_sent(either_broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(either_broker) as one:
            for number in range(50):
                assert one.link.publish("order/0", b"%d" % number, qos=0)
                assert one.link.publish("order/1", b"%d" % number, qos=1)
            await one.messages.until(lambda heard: len(heard) == 100)
            for topic in ("order/0", "order/1"):
                assert one.payloads(topic) == [b"%d" % number for number in range(50)]

    asyncio.run(run())


def test_only_late_subscribers_hear_that_a_message_was_kept(either_broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(either_broker) as one:
            assert one.link.publish("kept", b"a", qos=1, retain=True)
            assert await one.hears("kept") == ("kept", b"a", False)
            async with peer(either_broker, client_id="late") as late:
                assert await late.hears("kept") == ("kept", b"a", True)

    asyncio.run(run())


def test_what_was_kept_comes_to_those_alone_who_subscribe_to_it(
    either_broker: BrokerConfig,
) -> None:
    async def run() -> None:
        async with peer(either_broker, [("this/#", 1)]) as one:
            for topic in ("this/kept", "that/kept"):
                assert one.link.publish(topic, b"a", qos=1, retain=True)
            async with peer(either_broker, [("that/#", 1)], client_id="other") as other:
                assert await other.hears("that/kept") == ("that/kept", b"a", True)
                assert other.payloads("this/kept") == []
            assert one.payloads("that/kept") == []

    asyncio.run(run())


def test_messages_may_be_answered_while_they_are_heard(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(broker, [("ask", 1)], client_id="echo") as echo:
            asked: list[bytes] = []

            def answer(message: tuple[str, bytes, bool]) -> None:
                asked.append(message[1])
                assert echo.link.publish("answer", message[1], qos=len(asked) % 2)

            echo.messages.take = answer  # type: ignore[method-assign,assignment]
            async with peer(broker, [("answer", 1)]) as one:
                for number in range(20):
                    assert one.link.publish("ask", b"%d" % number, qos=1)
                await one.messages.until(lambda heard: len(heard) == 20)
                assert one.payloads("answer") == asked

    asyncio.run(run())


def test_a_goodbye_keeps_the_last_will_from_being_published(either_broker: BrokerConfig) -> None:
    async def run() -> None:
        will = Will(topic="will/goodbye", payload=b"gone", qos=1, retain=True)
        async with peer(either_broker) as one:
            async with peer(either_broker, client_id="polite", will=will) as polite:
                assert polite.link.publish("will/before", b"", qos=1)
                await one.hears("will/before")
            assert one.link.publish("will/after", b"", qos=1)
            await one.hears("will/after")
            assert one.payloads("will/goodbye") == []

    asyncio.run(run())


def test_a_lost_connection_publishes_the_last_will(either_broker: BrokerConfig) -> None:
    async def run() -> None:
        will = Will(topic="will/lost", payload=b"gone", qos=1, retain=True)
        async with peer(either_broker) as one:
            async with peer(either_broker, client_id="lost", will=will) as lost:
                connection = lost.link._connection
                assert connection is not None
                connection.abandon()
                assert await one.hears("will/lost") == ("will/lost", b"gone", False)
            async with peer(either_broker, client_id="late") as late:
                assert await late.hears("will/lost") == ("will/lost", b"gone", True)

    asyncio.run(run())


def test_a_broker_that_is_away_at_the_start_is_found_later(mosquitto: Mosquitto) -> None:
    async def run() -> None:
        mosquitto.kill()
        one = Peer(quick(mosquitto.port))
        async with running(one.feed()):
            reason = await one.is_down()
            assert f"127.0.0.1:{mosquitto.port}" in reason
            assert "refused" in reason
            assert not one.link.publish("nobody", b"", qos=1)
            mosquitto.start()
            await one.is_up()
            assert one.link.publish("somebody", b"", qos=1)
            await one.hears("somebody")
        # Every attempt in between failed for the same reason, which was reported once.
        assert [is_up for is_up, _ in one.changes.heard] == [False, True]
        assert one.payloads("nobody") == []

    asyncio.run(run())


def test_after_a_broker_was_killed_a_new_connection_hears_again(mosquitto: Mosquitto) -> None:
    async def run() -> None:
        async with peer(quick(mosquitto.port)) as one:
            mosquitto.kill()
            await one.is_down()
            for qos in (0, 1):
                assert not one.link.publish("while/away", b"", qos=qos)
            mosquitto.start()
            await one.is_up()
            assert one.link.publish("back", b"", qos=1)
            await one.hears("back")
            assert [is_up for is_up, _ in one.changes.heard] == [True, False, True]
            assert one.payloads("while/away") == []

    asyncio.run(run())


@pytest.mark.parametrize("is_noticed", [False, True])
def test_nothing_old_is_sent_after_a_broker_died_between_publish_and_puback(
    mosquitto: Mosquitto, *, is_noticed: bool
) -> None:
    async def run() -> None:
        async with peer(quick(mosquitto.port)) as one:
            mosquitto.freeze()
            assert one.link.publish("old", b"1", qos=1)
            assert one.link.publish("old", b"2", qos=0)
            if is_noticed:
                assert "PUBACK" in await one.is_down()
            mosquitto.kill()
            await one.is_down()
            mosquitto.start()
            await one.is_up()
            async with peer(quick(mosquitto.port), client_id="witness") as witness:
                assert one.link.publish("new", b"", qos=1)
                await witness.hears("new")
                await one.hears("new")
                assert witness.payloads("old") == []
            assert one.payloads("old") == []

    asyncio.run(run())


def test_a_frozen_broker_is_a_lost_link_and_found_again_once_it_thaws(
    mosquitto: Mosquitto,
) -> None:
    async def run() -> None:
        async with peer(quick(mosquitto.port)) as one:
            mosquitto.freeze()
            assert one.link.publish("unheard", b"", qos=1)
            assert "expected a PUBACK within 0.3 s" in await one.is_down()
            assert not one.link.publish("away", b"", qos=1)
            mosquitto.thaw()
            await one.is_up()
            assert one.payloads("away") == []

    asyncio.run(run())


def test_messages_without_a_puback_are_few_and_the_rest_is_not_sent(mosquitto: Mosquitto) -> None:
    async def run() -> None:
        async with peer(quick(mosquitto.port), client_id="sender") as one:
            mosquitto.freeze()
            sent = [one.link.publish("flood", b"%d" % number, qos=1) for number in range(100)]
            assert sent == [True] * 64 + [False] * 36
            assert one.link.publish("flood", b"at most once", qos=0)
            mosquitto.thaw()
            # Acknowledged, they make room again.
            await one.messages.until(lambda heard: len(heard) == 65)
            assert one.link.publish("flood", b"again", qos=1)

    asyncio.run(run())


def test_a_full_socket_takes_nothing_more_and_nothing_waits_for_it(mosquitto: Mosquitto) -> None:
    async def run() -> None:
        async with (
            peer(quick(mosquitto.port), []) as one,
            peer(quick(mosquitto.port), [("bulk", 0)], client_id="reader") as reader,
        ):
            mosquitto.freeze()
            n_sent = 0
            while one.link.publish("bulk", bytes(1_000_000), qos=0):
                n_sent += 1
                assert n_sent < 1000
            assert not one.link.publish("small", b"", qos=0)
            assert not one.link.publish("small", b"", qos=1)
            mosquitto.thaw()
            # What was taken in part is finished without being asked to, and makes room again.
            await reader.messages.until(lambda heard: len(heard) == n_sent)
            async with peer(quick(mosquitto.port), client_id="witness") as witness:
                assert one.link.publish("last", b"", qos=1)
                await witness.hears("last")
                assert witness.payloads("small") == []
            assert [is_up for is_up, _ in one.changes.heard] == [True]

    asyncio.run(run())


def test_nothing_is_kept_for_a_client_that_was_away(either_broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(either_broker, client_id="other") as other:
            async with peer(either_broker, [("q", 1)]) as one:
                assert other.link.publish("q", b"there", qos=1)
                await one.hears("q")
            assert other.link.publish("q", b"away", qos=1)
            await other.messages.until(lambda heard: len(heard) == 2)
            async with peer(either_broker, [("q", 1)]) as one:
                assert other.link.publish("q", b"back", qos=1)
                await one.hears("q")
                assert one.payloads("q") == [b"back"]

    asyncio.run(run())


def test_a_broker_that_stays_away_is_told_once_however_often_it_is_tried() -> None:
    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as rude:
            broker = BrokerConfig(
                port=rude.getsockname()[1], connect_s_max=0.1, backoff_s_min=0.02, backoff_s_max=0.1
            )
            one = Peer(broker)
            async with running(one.feed()):
                for _ in range(4):
                    caller, _ = await asyncio.to_thread(rude.accept)
                    caller.close()
            assert [is_up for is_up, _ in one.changes.heard] == [False]

    asyncio.run(run())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ignores callers so")
def test_leaving_waits_for_a_call_that_nobody_answers() -> None:
    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as busy:
            address = busy.getsockname()
            with socket.create_connection(address):
                broker = BrokerConfig(port=address[1], connect_s_max=0.5)
                feeding = asyncio.create_task(Peer(broker).feed())
                while "SYN_SENT" not in _sockets_to(address[1]):
                    await asyncio.to_thread(busy.fileno)
                feeding.cancel()
                await asyncio.wait([feeding])
                assert feeding.cancelled()
                assert _sockets_to(address[1]) == ["ESTABLISHED"]

    asyncio.run(run())


def test_a_connection_that_is_never_accepted_is_given_up_and_closed() -> None:
    async def run() -> None:
        # A server that listens and never answers.
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            port = deaf.getsockname()[1]
            broker = BrokerConfig(port=port, connect_s_max=0.2, backoff_s_max=0.1)
            one = Peer(broker)
            async with running(one.feed()):
                assert "timed out" in await one.is_down()
            assert _sockets_to(port) == []

    asyncio.run(run())


def test_leaving_while_a_connection_is_made_leaves_no_socket_behind() -> None:
    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            port = deaf.getsockname()[1]
            feeding = asyncio.create_task(Peer(BrokerConfig(port=port, connect_s_max=0.2)).feed())
            accepted, _ = await asyncio.to_thread(deaf.accept)
            with accepted:
                feeding.cancel()
                await asyncio.wait([feeding])
                assert feeding.cancelled()
                assert _sockets_to(port) == []

    asyncio.run(run())


def test_leaving_closes_the_socket(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(broker):
            assert _sockets_to(broker.port) == ["ESTABLISHED"]
        assert _sockets_to(broker.port) == []

    asyncio.run(run())


def test_small_messages_are_not_held_back_for_more(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(broker) as one:
            connection = one.link._connection
            assert connection is not None
            sock = connection._paho.socket()
            assert isinstance(sock, socket.socket)
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    asyncio.run(run())


def test_what_the_listener_raises_ends_the_feed(broker: BrokerConfig) -> None:
    class OddError(Exception):
        pass

    async def run() -> None:
        one = Peer(broker)

        def fail(_: object) -> None:
            raise OddError

        one.messages.take = fail  # type: ignore[method-assign,assignment]
        feeding = asyncio.create_task(one.feed())
        await one.is_up()
        assert one.link.publish("odd", b"", qos=1)
        with pytest.raises(OddError):
            await feeding
        assert _sockets_to(broker.port) == []

    asyncio.run(run())


def test_a_password_is_read_from_its_file_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    passwords, right, wrong = (tmp_path / name for name in ("passwords", "right", "wrong"))
    command = ["mosquitto_passwd", "-b", "-c", str(passwords), "lab", "secret"]
    subprocess.run(command, check=True, capture_output=True)
    right.write_text("secret\nnot this\n")
    wrong.write_text("guess")

    async def run(port: int) -> None:
        keys = {"port": port, "username": "lab"}
        async with peer(BrokerConfig(password_file=str(right), **keys)):  # type: ignore[arg-type]
            pass
        for broker in (
            BrokerConfig(password_file=str(wrong), **keys),  # type: ignore[arg-type]
            BrokerConfig(port=port),
        ):
            one = Peer(broker)
            async with running(one.feed()):
                assert "Not authorized" in await one.is_down()

    with Mosquitto([f"password_file {passwords}"]) as mosquitto:
        asyncio.run(run(mosquitto.port))


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_tls_trusts_only_the_configured_authority_and_the_right_host(tmp_path: Path) -> None:
    key, certificate, other = (str(tmp_path / name) for name in ("key", "certificate", "other"))
    for path, host in ((certificate, "localhost"), (other, "localhost")):
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ]
        command += ["-nodes", "-keyout", key if path == certificate else f"{key}-other"]
        command += ["-out", path, "-days", "2", "-subj", f"/CN={host}"]
        command += ["-addext", f"subjectAltName=DNS:{host}"]
        subprocess.run(command, check=True, capture_output=True)

    async def run(port: int) -> None:
        trusting = BrokerConfig(host="localhost", port=port, tls=True, ca_file=certificate)
        async with peer(trusting) as one:
            assert one.link.publish("secret", bytes(100_000), qos=1)
            await one.hears("secret")
        for host, ca_file in (("localhost", other), ("127.0.0.1", certificate)):
            one = Peer(BrokerConfig(host=host, port=port, tls=True, ca_file=ca_file))
            async with running(one.feed()):
                assert "certificate verify failed" in await one.is_down()

    lines = ["allow_anonymous true", f"certfile {certificate}", f"keyfile {key}"]
    with Mosquitto(lines) as mosquitto:
        asyncio.run(run(mosquitto.port))
    gc.collect()


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"username": "lab", "password_file": "nowhere"}, "password_file: expected a file"),
        ({"tls": True, "ca_file": "nowhere"}, "ca_file: expected certificates"),
    ],
)
def test_a_file_that_cannot_be_used_ends_the_feed(keys: dict[str, str], problem: str) -> None:
    one_try = Peer(BrokerConfig(port=free_port(), **keys)).feed  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=problem):
        asyncio.run(one_try())
