"""Brokers for the tests of the wire."""

from collections.abc import Iterator

import pytest

from stimulators.wire.mqtt import BrokerConfig
from tests.support.embedded_broker import EmbeddedBroker
from tests.support.mosquitto import Mosquitto


@pytest.fixture
def broker(mosquitto: Mosquitto) -> BrokerConfig:
    """Say where this test's mosquitto is, with little patience."""
    return quick(mosquitto.port)


@pytest.fixture
def embedded_broker() -> Iterator[EmbeddedBroker]:
    """Start our own broker for this test alone."""
    with EmbeddedBroker() as started:
        yield started


@pytest.fixture(params=["mosquitto", "embedded"])
def either_broker(request: pytest.FixtureRequest) -> BrokerConfig:
    """Say where a mosquitto is, and then where our own broker is."""
    name = {"mosquitto": "mosquitto", "embedded": "embedded_broker"}[request.param]
    return quick(request.getfixturevalue(name).port)


def quick(port: int) -> BrokerConfig:
    """Return a configuration for tests, which have no time to wait long for what never comes."""
    return BrokerConfig(
        port=port, connect_s_max=2.0, puback_s_max=0.3, backoff_s_min=0.02, backoff_s_max=0.1
    )
