"""A hardened mosquitto: known users only, and each may publish and read only its topics."""

import asyncio
import gc
import shutil
import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stimulators.broker.access import (
    DEVICE_RIGHTS,
    DISPLAY_RIGHTS,
    OPERATOR_RIGHTS,
    SERVICE_RIGHTS,
    Rights,
    Users,
)
from stimulators.broker.certificates import Authority, CertificateError
from stimulators.broker.mosquitto import Hardened, write_hardened
from stimulators.broker.passwords import hashed
from stimulators.wire import topics
from stimulators.wire.mqtt import BrokerConfig, Will
from stimulators.wire.topics import Topic
from tests.stimulators.broker.hardened import HardenedMosquitto
from tests.stimulators.wire.keys.signing import DEVICE, OPERATOR, RIG
from tests.stimulators.wire.listening import Peer, peer, running
from tests.support.mosquitto import mosquitto_program

pytestmark = pytest.mark.broker

_USERS = ("service", f"device-{DEVICE}", "device-other", f"operator-{OPERATOR}", "display")
_RIGHTS = {
    "service": SERVICE_RIGHTS,
    f"device-{DEVICE}": DEVICE_RIGHTS,
    "device-other": DEVICE_RIGHTS,
    f"operator-{OPERATOR}": OPERATOR_RIGHTS,
    "display": DISPLAY_RIGHTS,
}
_TOPICS = [each for each in vars(topics).values() if isinstance(each, Topic)]
_END = "end of test"


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HardenedMosquitto]:
    _require_programs()
    with HardenedMosquitto(tmp_path_factory.mktemp("hardened")) as started:
        yield started


def _require_programs() -> None:
    if mosquitto_program() is None or shutil.which("openssl") is None:
        pytest.skip("mosquitto or openssl is not installed")


def _addresses() -> list[str]:
    """Every topic of the rig, of both devices."""
    return sorted(
        {
            topic.at(rig=RIG, device=device, detector="beta")
            for topic in _TOPICS
            for device in (DEVICE, "other")
        }
    )


def _allowed(user: str, rights: tuple[Topic, ...]) -> set[str]:
    name = user.partition("-")[2] if user.startswith("device-") else ""
    devices = [name] if name else [DEVICE, "other"]
    return {
        topic.at(rig=RIG, device=device, detector="beta") for topic in rights for device in devices
    }


async def _is_refused(broker: BrokerConfig, **keys: Any) -> str:
    """Return why there is no link; fail where there is one."""
    stranger = Peer(broker, **keys)
    async with running(stranger.feed()):
        await stranger.changes.until(lambda changes: changes)
        is_up, reason = stranger.changes.heard[0]
        assert not is_up, "there is a link"
        return reason


def test_every_topic_has_somebody_who_says_it_and_somebody_who_hears_it() -> None:
    said = {topic for rights in _RIGHTS.values() for topic in rights.says}
    heard = {topic for rights in _RIGHTS.values() for topic in rights.hears}
    assert said | {topics.TRIGGER} == set(_TOPICS)
    assert heard | {topics.TRIGGER} == set(_TOPICS)


@pytest.mark.parametrize("user", _USERS)
def test_everybody_is_let_in_with_a_password(hardened: HardenedMosquitto, user: str) -> None:
    async def run() -> None:
        async with peer(hardened.client(user), [], client_id="stimloop-test"):
            pass

    asyncio.run(run())


@pytest.mark.parametrize("user", _USERS)
def test_nobody_is_let_in_without_a_password_or_with_anothers(
    hardened: HardenedMosquitto, user: str
) -> None:
    known = hardened.client(user)
    another = next(each for each in _USERS if each != user)
    cases: dict[str, dict[str, Any]] = {
        "nobody": {"username": None, "password_file": None},
        "no password": {"password_file": None},
        "another's": {"password_file": hardened.client(another).password_file},
        "a stranger": {"username": "stranger"},
    }

    async def run() -> None:
        for name, changes in cases.items():
            broker = msgspec.structs.replace(known, **changes)
            reason = await _is_refused(broker, client_id="stimloop-test")
            assert "authori" in reason, (name, reason)

    asyncio.run(run())


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nobody_is_let_in_without_tls_or_with_another_authority(
    hardened: HardenedMosquitto, tmp_path: Path
) -> None:
    known = hardened.client("service", connect_s_max=1.0)
    stranger = Authority(tmp_path, "somebody else")

    async def run() -> None:
        plain = msgspec.structs.replace(known, tls=False, ca_file=None)
        await _is_refused(plain)
        reason = await _is_refused(
            msgspec.structs.replace(known, ca_file=str(stranger.certificate))
        )
        assert "certificate verify failed" in reason

    asyncio.run(run())
    gc.collect()


@pytest.mark.parametrize("user", _USERS)
def test_what_is_said_without_the_right_arrives_nowhere_and_what_is_with_it_does(
    hardened: HardenedMosquitto, user: str
) -> None:
    rights: Rights = _RIGHTS[user]
    listeners = {each: _RIGHTS[each] for each in _USERS if each != user}
    mark = user.encode()

    async def run() -> None:
        peers = {
            name: Peer(hardened.client(name), [("#", 1)], client_id=f"stimloop-{name}")
            for name in listeners
        }
        speaker = Peer(hardened.client(user), [("#", 1)], client_id="stimloop-speaker")
        async with running(speaker.feed(), *(each.feed() for each in peers.values())):
            for each in (speaker, *peers.values()):
                await each.is_up()
            # mosquitto acknowledges what it does not pass on, so each is taken here.
            for address in _addresses():
                assert speaker.link.publish(address, mark, qos=1)
            connection = speaker.link._connection
            assert connection is not None
            said = _allowed(user, rights.says)
            for name, each in peers.items():
                expected = said & _allowed(name, listeners[name].hears)
                await each.messages.until(
                    lambda heard, expected=expected: (
                        expected  # type: ignore[misc]
                        <= {topic for topic, payload, _ in heard if payload == mark}
                    )
                )
            # Messages arrive in order: after this one, no earlier message can still arrive.
            await _settle(hardened, peers, user)
            for name, each in peers.items():
                expected = said & _allowed(name, listeners[name].hears)
                heard = {topic for topic, payload, _ in each.messages.heard if payload == mark}
                assert heard == expected, name

    asyncio.run(run())


async def _settle(hardened: HardenedMosquitto, peers: dict[str, Peer], user: str) -> None:
    """Wait until every listener has the last message of a user who may send to it."""
    stop, status = topics.STOP.at(rig=RIG), topics.STATUS.at(rig=RIG)
    last = Peer(hardened.client("service"), [], client_id="stimloop-last")
    if "service" in peers:
        last = peers["service"]
    end = f"{_END} {user}".encode()

    async def say() -> None:
        await last.is_up()
        for address in (stop, status):
            assert last.link.publish(address, end, qos=1)
        for each in peers.values():
            await each.messages.until(lambda heard: any(payload == end for _, payload, _ in heard))

    if last in peers.values():
        await say()
    else:
        async with running(last.feed()):
            await say()


@pytest.mark.parametrize("user", _USERS)
def test_what_is_listened_to_without_the_right_is_not_heard_even_if_it_was_kept(
    hardened: HardenedMosquitto, user: str
) -> None:
    info = topics.INFO.at(rig=RIG, device="other")

    async def run() -> None:
        async with peer(hardened.client("device-other"), [], client_id="stimloop-x") as device:
            assert device.link.publish(info, b"kept", qos=1, retain=True)
            async with peer(
                hardened.client("display"), [("#", 1)], client_id="stimloop-display"
            ) as display:
                await display.hears(info)
        async with peer(hardened.client(user), [("#", 1)], client_id="stimloop-late") as late:
            if info in _allowed(user, _RIGHTS[user].hears):
                assert await late.hears(info) == (info, b"kept", True)
            else:
                async with peer(hardened.client("service"), [], client_id="stimloop-s") as service:
                    if user != "service":
                        service.link.publish(topics.STOP.at(rig=RIG), b"end", qos=1)
                        await late.hears(topics.STOP.at(rig=RIG))
                assert late.payloads(info) == []

    asyncio.run(run())


@pytest.mark.parametrize("taken", ["service", f"device-{DEVICE}"])
def test_nobody_can_take_the_place_of_the_service_or_a_device(
    hardened: HardenedMosquitto, taken: str
) -> None:
    operator = hardened.client(f"operator-{OPERATOR}")
    gone = Will(topics.STATUS.at(rig=RIG), b"gone", 1, retain=False)

    async def run() -> None:
        mine = Peer(hardened.client(taken), [], client_id="stimloop-mine", will=gone)
        async with running(mine.feed()):
            await mine.is_up()
            # By the user's name at the broker, and by the client id that the client chose.
            await _is_refused(operator, client_id=taken)
            for client_id in ("stimloop-mine", f"stimloop-{taken}"):
                async with peer(operator, [], client_id=client_id):
                    pass
                other = hardened.client("device-other")
                async with peer(other, [], client_id=client_id):
                    pass
            assert [is_up for is_up, _ in mine.changes.heard] == [True]

    asyncio.run(run())


def test_a_service_that_listens_on_the_port_of_operators_pushes_nobody_off(
    hardened: HardenedMosquitto,
) -> None:
    service = hardened.client("service")

    async def run() -> None:
        async with peer(service, [], client_id="stimloop-service-1") as first:
            async with peer(
                service.for_operators, [("#", 1)], client_id="stimloop-operator-1"
            ) as second:
                status = topics.STATUS.at(rig=RIG)
                assert first.link.publish(status, b"here", qos=1)
                await second.hears(status)
            assert [is_up for is_up, _ in first.changes.heard] == [True]

    asyncio.run(run())


def test_a_payload_too_long_for_the_contract_is_not_passed_on(hardened: HardenedMosquitto) -> None:
    status = topics.STATUS.at(rig=RIG)

    async def run() -> None:
        display = Peer(hardened.client("display"), [("#", 1)], client_id="stimloop-d")
        service = Peer(hardened.client("service"), [], client_id="stimloop-s")
        async with running(display.feed(), service.feed()):
            await display.is_up()
            await service.is_up()
            service.link.publish(status, b"x" * 100_000, qos=0)
            await service.changes.until(lambda changes: len(changes) >= 3)
            assert service.link.publish(status, b"short", qos=1)
            await display.messages.until(lambda heard: any(each[1] == b"short" for each in heard))
            assert all(len(payload) < 70_000 for _, payload, _ in display.messages.heard)

    asyncio.run(run())


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_client_without_a_certificate_is_refused_where_one_is_wanted(tmp_path: Path) -> None:
    _require_programs()
    with HardenedMosquitto(tmp_path / "rig", client_certificates=True) as broker:
        known = broker.client("service", connect_s_max=1.0)
        stranger = Authority(tmp_path / "stranger", "somebody else")
        certificate, key = tmp_path / "c.pem", tmp_path / "c.key"
        stranger.sign_client(certificate, key, name="service")

        async def run() -> None:
            async with peer(known, [], client_id="stimloop-1"):
                pass
            without = msgspec.structs.replace(known, cert_file=None, key_file=None)
            await _is_refused(without)
            await _is_refused(
                msgspec.structs.replace(known, cert_file=str(certificate), key_file=str(key))
            )
            # A certificate alone is not enough.
            reason = await _is_refused(msgspec.structs.replace(known, password_file=None))
            assert "authori" in reason

        asyncio.run(run())
        gc.collect()


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_client_certificate_that_cannot_be_used_is_told_with_its_key(
    hardened: HardenedMosquitto, tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "c.pem"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    broker = hardened.client("service", cert_file=str(file), key_file=str(file))
    with pytest.raises(ValueError, match=r"^cert_file: expected a certificate"):
        asyncio.run(Peer(broker).feed())


def test_the_certificates_hold_for_a_strict_client(hardened: HardenedMosquitto) -> None:
    context = ssl.create_default_context(cafile=hardened.client("service").ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for name in ("localhost", "127.0.0.1"):
        with (
            socket.create_connection(("127.0.0.1", hardened.port)) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            assert secured.version() in {"TLSv1.2", "TLSv1.3"}


def test_written_again_passwords_and_certificates_stay_and_a_device_is_added(
    tmp_path: Path,
) -> None:
    _require_programs()
    wanted = Hardened(
        users=Users(rig=RIG, devices=[DEVICE], operators=[OPERATOR]), hosts=["localhost"]
    )
    write_hardened(tmp_path, wanted)
    kept = [
        tmp_path / "clients" / "service" / "password",
        tmp_path / "broker" / "server.pem",
        tmp_path / "authority" / "ca.key",
    ]
    before = [file.read_bytes() for file in kept]
    users = Users(rig=RIG, devices=[DEVICE, "new"], operators=[OPERATOR])
    write_hardened(tmp_path, msgspec.structs.replace(wanted, users=users))
    assert [file.read_bytes() for file in kept] == before
    assert "user device-new" in (tmp_path / "broker" / "access").read_text(encoding="utf-8")
    secret = [each for each in tmp_path.rglob("*") if each.suffix == ".key"]
    secret += [*tmp_path.rglob("password*"), tmp_path / "broker" / "mosquitto.conf"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in secret} == {0o600}


def test_a_hash_is_one_that_mosquittos_own_program_takes(tmp_path: Path) -> None:
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("mosquitto_passwd is not installed")
    file = tmp_path / "passwords"
    file.write_text(f"ours:{hashed('secret')}\n", encoding="utf-8")
    file.chmod(0o600)
    subprocess.run([program, "-b", str(file), "theirs", "secret"], check=True)
    ours, theirs = file.read_text(encoding="utf-8").splitlines()
    assert ours.startswith("ours:$7$101$")
    assert [len(part) for part in ours.split("$")[2:]] == [
        len(part) for part in theirs.split("$")[2:]
    ]
    assert hashed("secret") != hashed("secret")


def test_without_openssl_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CertificateError, match=r"^openssl: there is no such program"):
        Authority(tmp_path / "authority", "x")
