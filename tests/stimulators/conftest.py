"""Brokers for the tests of the wire."""

from collections.abc import Iterator

import pytest

from stimulators.wire.mqtt import BrokerConfig
from tests.support.embedded_broker import EmbeddedBroker
from tests.support.mosquitto import Mosquitto


@pytest.fixture
def broker(mosquitto: Mosquitto) -> BrokerConfig:
    """Return the `[broker]` table of this test's mosquitto, with short time-outs."""
    return quick(mosquitto.port)


@pytest.fixture
def embedded_broker() -> Iterator[EmbeddedBroker]:
    """Start the embedded broker for this test alone."""
    with EmbeddedBroker() as started:
        yield started


@pytest.fixture(params=["mosquitto", "embedded"])
def either_broker(request: pytest.FixtureRequest) -> BrokerConfig:
    """Return the `[broker]` table of a mosquitto, then that of the embedded broker."""
    name = {"mosquitto": "mosquitto", "embedded": "embedded_broker"}[request.param]
    return quick(request.getfixturevalue(name).port)


def quick(port: int) -> BrokerConfig:
    """Return a configuration with short time-outs, for tests."""
    return BrokerConfig(
        port=port, connect_s_max=2.0, puback_s_max=0.3, backoff_s_min=0.02, backoff_s_max=0.1
    )
