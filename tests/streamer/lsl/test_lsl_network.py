"""Which LSL streams a process can see: set once in liblsl, and true of real processes."""

import json
import subprocess
import sys

import msgspec
import pytest

from streamer.lsl.network import LslConfig, liblsl_settings

_LOOK = """
import json, sys, threading
import msgspec
from streamer.clock import now_s
from streamer.lsl.network import LslConfig, configure
from streamer.lsl.search import Search
from streamer.streams import Match
import pylsl
configure(msgspec.json.decode(sys.argv[1], type=LslConfig))
if sys.argv[2] == "show":
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo("shown", "X", 1, 0.0, "string", "shown-id"))
    print("there", flush=True)
    sys.stdin.readline()
else:
    found = Search(Match(name="shown"), now_s=now_s, is_over=threading.Event()).find_all()
    print(json.dumps([each.name() for each in found]))
"""


def _encoded(network: LslConfig) -> str:
    return msgspec.json.encode(network).decode()


def _seen_by(network: LslConfig) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, _encoded(network), "look"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30.0,
    )
    assert done.stderr == ""
    return list(json.loads(done.stdout))


@pytest.mark.lsl
def test_only_processes_of_the_same_session_and_ports_see_each_other() -> None:
    own = LslConfig(scope="machine", session_id="test-own", base_port=33_100)
    with subprocess.Popen(
        [sys.executable, "-c", _LOOK, _encoded(own), "show"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as shower:
        assert shower.stdout is not None
        assert shower.stdout.readline() == "there\n"
        assert _seen_by(own) == ["shown"]
        assert _seen_by(msgspec.structs.replace(own, session_id="test-other")) == []
        assert _seen_by(msgspec.structs.replace(own, base_port=33_200)) == []
        shower.communicate("\n")


def test_a_process_is_told_its_network_once() -> None:
    script = """
from streamer.errors import StreamError
from streamer.lsl.network import LslConfig, configure
configure(LslConfig(scope="machine"))
configure(LslConfig(scope="machine", resolve_s=1.0))
try:
    configure(LslConfig(scope="network"))
except StreamError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30.0
    )
    assert done.stdout == (
        "[lsl]: expected the settings this process began with, found others: "
        "liblsl takes them once per process\n"
    )


def test_a_network_without_keys_leaves_liblsl_to_its_own_file() -> None:
    assert liblsl_settings(LslConfig()) == ""


def test_a_network_with_keys_says_only_those() -> None:
    text = liblsl_settings(LslConfig(session_id="lab-1", peers=("10.0.0.5", "amp")))
    assert text == ("[lab]\nKnownPeers = {10.0.0.5, amp}\nSessionID = lab-1\n[log]\nlevel = -3\n")


def test_the_machine_scope_stays_on_loopback() -> None:
    text = liblsl_settings(LslConfig(scope="machine", session_id="s", base_port=21_000))
    for line in (
        "MulticastPort = 20999",
        "BasePort = 21000",
        "IPv6 = disable",
        "ResolveScope = machine",
        "AddressesOverride = {127.0.0.1}",
        "ListenAddress = 127.0.0.1",
        "KnownPeers = {127.0.0.1}",
        "SessionID = s",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize("session_id", ["", "two words", "a\nb", "'"])
def test_a_session_that_liblsl_could_not_carry_is_refused(session_id: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.session_id"):
        msgspec.convert({"session_id": session_id}, LslConfig)
