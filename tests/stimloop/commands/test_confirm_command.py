"""`stimloop confirm`: what it shows and asks, and that it says yes to nothing but that."""

import asyncio
import io
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from stimulators.wire.messages import Control, Reason, RiseOffer
from stimulators.wire.mqtt import BrokerConfig
from tests.stimloop.commands.test_operator_commands import _rig
from tests.stimulators.conftest import quick
from tests.stimulators.operator.scripted import ScriptedService
from tests.stimulators.wire.listening import running
from tests.support.mosquitto import Mosquitto
from tests.support.programs import Done, ask

pytestmark = pytest.mark.broker

_OFFER = RiseOffer(
    device="stn",
    offer=7,
    amount=2.0,
    unit="mA",
    kind="amplitude",
    program="adbs",
    lowest=0.5,
    highest=0.5,
    reason=Reason(detector="burst", value=34.0, threshold=25.0, policy="adbs"),
    until_us=12_000_000,
    confirm_s=30.0,
)


@pytest.fixture
def broker(mosquitto: Mosquitto) -> BrokerConfig:
    return quick(mosquitto.port)


def _service(
    broker: BrokerConfig, *refusals: str, offers: tuple[RiseOffer, ...]
) -> ScriptedService:
    """Return a service that offers these, and refuses the first yes by these reasons, if any."""
    left = list(refusals)

    def answer(service: ScriptedService, asked: Control) -> str:
        said = [each for each in service.said.offers if each.offer != asked.offer]
        service.set(offers=tuple(said))
        return left.pop(0) if left else ""

    service = ScriptedService(broker, state="active", drives=("stn",), at_request=answer)
    service.set(stage="confirm", offers=offers)
    return service


def _confirm(
    monkeypatch: pytest.MonkeyPatch, service: ScriptedService, rig: Path, answers: str, *more: str
) -> Done:
    """Run the command here, in the main thread as a terminal does, beside a service in another."""
    monkeypatch.setattr("sys.stdin", io.StringIO(answers))
    is_up, is_over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with running(service.run()):
            await service.is_up.wait()
            is_up.set()
            await asyncio.to_thread(is_over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert is_up.wait(30.0)
        return ask("confirm", rig, "--operator", "ada", *more)
    finally:
        is_over.set()
        thread.join()


def test_a_yes_is_to_the_amount_that_was_shown_and_a_newer_offer_is_asked_about_anew(
    tmp_path: Path, broker: BrokerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = replace(_OFFER, offer=8, amount=2.5)
    service = _service(broker, "offer (stn: expected 8, found 7)", offers=(_OFFER, newer))
    done = _confirm(monkeypatch, service, _rig(tmp_path, broker.port), "y\ny\n")
    assert (done.returncode, done.stderr) == (0, "")
    for text in (
        "adbs wants up to 2 mA in program adbs; it gives 0.5 mA",
        "burst is 34, its threshold 25",
        "a yes is good for 30 s",
        "rig-1: stn: let it rise to 2 mA? [y/N]",
        "the yes was refused: offer (stn: expected 8, found 7)",
        "rig-1: stn: let it rise to 2.5 mA? [y/N]",
        "rig-1: stn: may rise to 2.5 mA for 30 s",
    ):
        assert text in done.stdout
    said = [(each.action, each.operator, each.device) for each in service.requests]
    assert said == [("confirm", "ada", "stn")] * 2
    assert [(each.offer, each.amount) for each in service.requests] == [(7, 2.0), (8, 2.5)]


@pytest.mark.slow
def test_anything_but_a_yes_says_nothing_to_the_rig(
    tmp_path: Path, broker: BrokerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = _service(broker, offers=(_OFFER,))
    done = _confirm(monkeypatch, service, _rig(tmp_path, broker.port), "\n")
    assert (done.returncode, service.requests) == (1, [])
    assert "nothing was confirmed, so nothing rises" in done.stderr


@pytest.mark.slow
def test_where_nothing_waits_that_is_said_and_of_another_device_nothing_is_asked(
    tmp_path: Path, broker: BrokerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = _service(broker, offers=(_OFFER,))
    rig = _rig(tmp_path, broker.port)
    done = _confirm(monkeypatch, service, rig, "y\n", "--device", "other")
    assert (done.returncode, service.requests) == (1, [])
    assert "no rise waits for a yes (active, stage confirm)" in done.stderr
