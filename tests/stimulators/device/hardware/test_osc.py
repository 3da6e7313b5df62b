"""What a program gets over OSC: whole messages, when they are due, at its first address."""

import socket
from collections.abc import Iterator

import pytest

from stimulators.device.hardware.osc import OscReceiver, osc_message


@pytest.fixture
def program() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(1.0)
        yield listening


def test_a_level_that_stays_is_sent_every_50_ms(program: socket.socket) -> None:
    now_s = [100.0]
    receiver = OscReceiver("127.0.0.1", program.getsockname()[1], "tone", lambda: now_s[0])
    for later_s, level in ((0.0, 0.25), (0.049, 0.25), (0.0, 0.5), (0.05, 0.5)):
        now_s[0] += later_s
        receiver.give(level, "")
    heard = [program.recv(100) for _ in range(3)]
    assert heard == [osc_message("/stimloop/tone/level", each) for each in (0.25, 0.5, 0.5)]
    receiver.close()


def test_what_a_trigger_began_ends_beside_the_level_and_at_the_end(program: socket.socket) -> None:
    receiver = OscReceiver("127.0.0.1", program.getsockname()[1], "tone", lambda: 0.0)
    receiver.cut(0.5, "")
    receiver.give(0.25, "")
    receiver.cut(0.25, "")
    receiver.close()
    heard = [program.recv(100) for _ in range(5)]
    ends = [osc_message("/stimloop/tone/cut", each) for each in (0.5, 0.25, 0.0)]
    assert heard == [
        ends[0],
        osc_message("/stimloop/tone/level", 0.25),
        ends[1],
        ends[2],
        osc_message("/stimloop/tone/level", 0.0),
    ]


@pytest.mark.parametrize("name", ["a" * n for n in range(1, 9)])
def test_text_is_closed_by_a_zero_and_filled_up_to_four_bytes(name: str) -> None:
    message = osc_message(f"/{name}", 1.0)
    address, rest = message[: len(name) + 1], message[len(name) + 1 :]
    assert address.decode() == f"/{name}"
    zeros, _, value = rest.partition(b",f\0\0")
    assert set(zeros) == {0}
    assert 1 <= len(zeros) <= 4
    assert (len(address) + len(zeros)) % 4 == 0
    assert value == b"\x3f\x80\0\0"


def test_a_name_is_taken_at_the_address_that_comes_first(
    program: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system orders the addresses of a name by how well they are reached."""
    host, port = program.getsockname()
    found = [
        (socket.AF_INET, socket.SOCK_DGRAM, 17, "", (each, port)) for each in (host, "127.0.0.2")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    receiver = OscReceiver("lab", port, "tone", lambda: 0.0)
    receiver.give(0.25, "")
    assert program.recv(100) == osc_message("/stimloop/tone/level", 0.25)
    receiver.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6")
def test_a_program_may_listen_at_an_address_of_ipv6() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as listening:
        try:
            listening.bind(("::1", 0))
        except OSError:
            pytest.skip("there is no loopback of IPv6")
        listening.settimeout(5.0)
        receiver = OscReceiver("::1", listening.getsockname()[1], "tone", lambda: 0.0)
        receiver.give(0.25, "")
        assert listening.recv(100) == osc_message("/stimloop/tone/level", 0.25)
        receiver.close()


def test_a_full_way_out_is_never_waited_for(program: socket.socket) -> None:
    receiver = OscReceiver("127.0.0.1", program.getsockname()[1], "tone", lambda: 0.0)
    assert not receiver._socket.getblocking()
    receiver.close()
